// SPDX-License-Identifier: Apache-2.0
//
// Synthetic views of a grey image with known geometry, for training.
#pragma once

#include <array>
#include <cstdint>

#include "engine/image/image.hpp"

namespace pressmark::image {

struct SyntheticView {
  PixelBuffer pixels;                        // 1 channel, same size as the original
  std::array<double, 9> view_from_original;  // homography, row-major, pixel centres at integers
};

// A view through a random perspective (rotation up to 180 degrees, scale .6-1.3, tilt), then blur,
// exposure, noise and JPEG. Depends on the image and the seed alone.
SyntheticView synthesise_view(const PixelBuffer& grey, std::uint64_t seed);

}  // namespace pressmark::image
