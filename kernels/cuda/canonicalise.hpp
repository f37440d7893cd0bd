// SPDX-License-Identifier: Apache-2.0
//
// Photos in device memory, and their grey reductions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/planes.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct PhotoShape {
  int width, height, channels;
  // Rows start at multiples of 32 bytes and are readable to their stride's end.
  std::int64_t offset, stride_bytes;
};

// Interleaved 8-bit pixels, one photo after the other.
struct Photos {
  std::vector<PhotoShape> shapes;
  DeviceBuffer<std::uint8_t> bytes;
};

Photos upload_photos(Lane& lane, std::span<const ImageView> images);

Planes<std::uint8_t> canonicalise(Lane& lane, const Photos& photos, int long_side_px);

}  // namespace pressmark::kernels::cuda
