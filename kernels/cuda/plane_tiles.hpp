// SPDX-License-Identifier: Apache-2.0
//
// Grids over the planes of a batch.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/cuda/planes.hpp"
#include "kernels/cuda/runtime/launch.hpp"

namespace pressmark::kernels::cuda {

// x, y: tiles of the widest and of the tallest plane; z: planes. Blocks beyond a smaller plane have
// nothing to do.
inline dim3 plane_tiles(const std::vector<PlaneShape>& shapes, int tile_width, int tile_height) {
  int width = 0, height = 0;
  for (const PlaneShape& shape : shapes) {
    width = std::max(width, shape.width);
    height = std::max(height, shape.height);
  }
  return {blocks_for(width, tile_width), blocks_for(height, tile_height),
          static_cast<unsigned>(shapes.size())};
}

// The values of a mask of plane `item`; null where nothing is masked: its plane is empty.
__device__ __forceinline__ const std::uint8_t* mask_of(const PlanesView<const std::uint8_t>& masks,
                                                       unsigned item) {
  const PlaneShape& shape = masks.shapes[item];
  return shape.width > 0 ? masks.values + shape.offset : nullptr;
}

__device__ __forceinline__ bool is_masked(const std::uint8_t* d_mask, std::int64_t i) {
  return d_mask != nullptr && d_mask[i] != 0;
}

}  // namespace pressmark::kernels::cuda
