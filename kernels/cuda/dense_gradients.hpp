// SPDX-License-Identifier: Apache-2.0
//
// Gradients of photos at two scales, as sums over the cells of dense codes, in device memory.
#pragma once

#include "kernels/cuda/planes.hpp"
#include "kernels/math/dense_code.hpp"

namespace pressmark::kernels::cuda {

inline constexpr int kDenseScales = static_cast<int>(dense_code::kSigmas.size());

// A plane for each scale, one after the other, of height x stride floats; what lies beyond the
// width of a row means nothing. Stride and offset are multiples of 4.
struct BlurredShape {
  int width = 0, height = 0, stride = 0;
  std::int64_t offset = 0;

  std::int64_t plane() const { return std::int64_t{height} * stride; }
};

struct BlurredView {
  float* values;
  const BlurredShape* shapes;
};

// Images at all scales.
struct BlurredImages {
  std::vector<BlurredShape> shapes;
  DeviceBuffer<BlurredShape> device_shapes;
  DeviceBuffer<float> values;

  BlurredView view() { return {values.data(), device_shapes.data()}; }
};

// Convolution of each image with Gaussians of dense_code::kSigmas, edges replicated.
BlurredImages blur_for_gradients(Lane& lane, const Planes<float>& images);

// Sums of the weighted doubled angles over the pixels and scales of each cell: images x kDenseSide
// x kDenseSide. masks: one per image, of its size or empty.
DeviceBuffer<float2> sum_gradients(Lane& lane, BlurredImages& images,
                                   const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
