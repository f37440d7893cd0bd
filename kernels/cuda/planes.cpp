// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/planes.hpp"

#include <cassert>

namespace pressmark::kernels::cuda {

Planes<std::uint8_t> upload_images(Lane& lane, std::span<const GreyImage> images) {
  std::vector<std::pair<int, int>> sizes;
  sizes.reserve(images.size());
  for (const GreyImage& image : images) sizes.emplace_back(image.width, image.height);
  Planes<std::uint8_t> planes = allocate_planes<std::uint8_t>(lane, sizes);
  for (std::size_t i = 0; i < images.size(); ++i) {
    lane.copy_to(planes.values.data() + planes.shapes[i].offset,
                 std::span<const std::uint8_t>(images[i].pixels));
  }
  return planes;
}

GreyImage image_of(const PlaneShape& shape, std::span<const std::uint8_t> values) {
  const auto first = values.begin() + shape.offset;
  return {shape.width, shape.height, {first, first + std::int64_t{shape.width} * shape.height}};
}

void download_images(Lane& lane, const Planes<std::uint8_t>& planes, std::span<GreyImage> images) {
  assert(planes.size() == images.size());
  const std::span<const std::uint8_t> values = lane.download(planes.values);
  lane.synchronise();
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = image_of(planes.shapes[i], values);
}

}  // namespace pressmark::kernels::cuda
