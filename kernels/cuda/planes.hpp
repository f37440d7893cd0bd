// SPDX-License-Identifier: Apache-2.0
//
// A batch of images of different sizes in device memory, one after the other.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// height x width values from `offset` on, without row padding.
struct PlaneShape {
  int width = 0, height = 0;
  std::int64_t offset = 0;
};

// What kernels receive: plane i is at values + shapes[i].offset.
template <class Value>
struct PlanesView {
  Value* values;
  const PlaneShape* shapes;
};

template <class Value>
struct Planes {
  std::vector<PlaneShape> shapes;
  DeviceBuffer<PlaneShape> device_shapes;
  DeviceBuffer<Value> values;

  std::size_t size() const { return shapes.size(); }
  PlanesView<Value> view() { return {values.data(), device_shapes.data()}; }
  PlanesView<const Value> view() const { return {values.data(), device_shapes.data()}; }
};

// Without values. sizes: width, height of each.
template <class Value>
Planes<Value> allocate_planes(Lane& lane, std::span<const std::pair<int, int>> sizes) {
  Planes<Value> planes;
  std::int64_t offset = 0;
  for (const auto& [width, height] : sizes) {
    planes.shapes.push_back({width, height, offset});
    offset += std::int64_t{width} * height;
  }
  planes.device_shapes = lane.upload(planes.shapes);
  planes.values = lane.allocate<Value>(static_cast<std::size_t>(offset));
  return planes;
}

Planes<std::uint8_t> upload_images(Lane& lane, std::span<const GreyImage> images);

// The plane of that shape among the values of all.
GreyImage image_of(const PlaneShape& shape, std::span<const std::uint8_t> values);

// Waits for the stream.
void download_images(Lane& lane, const Planes<std::uint8_t>& planes, std::span<GreyImage> images);

}  // namespace pressmark::kernels::cuda
