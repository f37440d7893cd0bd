// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cstddef>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

// The stored pixel of the upright pixel (x, y): start + x * step_x + y * step_y, in pixels.
struct Walk {
  std::ptrdiff_t start, step_x, step_y;
};

// EXIF 2.3, tag 274: where the stored row 0 and column 0 belong in the upright picture.
Walk upright_walk(int orientation, std::ptrdiff_t width, std::ptrdiff_t height) {
  const std::ptrdiff_t last_column = width - 1, last_row = (height - 1) * width;
  switch (orientation) {
    case 2:  // mirrored left to right
      return {last_column, -1, width};
    case 3:  // half a turn
      return {last_row + last_column, -1, -width};
    case 4:  // mirrored top to bottom
      return {last_row, 1, -width};
    case 5:  // transposed
      return {0, width, 1};
    case 6:  // to be turned clockwise by 90 degrees
      return {last_row, -width, 1};
    case 7:  // transposed across the other diagonal
      return {last_row + last_column, -width, -1};
    case 8:  // to be turned anticlockwise by 90 degrees
      return {last_column, width, -1};
    default:
      return {0, 1, width};
  }
}

template <int kChannels>
void copy_pixels(const std::uint8_t* from, const Walk& walk, const RegionOfInterest& crop,
                 std::uint8_t* to) {
  // In square blocks, so that a quarter turn does not miss the cache with every pixel.
  constexpr int kBlock = 64;
  for (int y0 = 0; y0 < crop.height; y0 += kBlock) {
    const int y1 = std::min(crop.height, y0 + kBlock);
    for (int x0 = 0; x0 < crop.width; x0 += kBlock) {
      const int x1 = std::min(crop.width, x0 + kBlock);
      for (int y = y0; y < y1; ++y) {
        const std::uint8_t* source = from + kChannels * (walk.start + (crop.x + x0) * walk.step_x +
                                                         (crop.y + y) * walk.step_y);
        std::uint8_t* target = to + kChannels * (static_cast<std::ptrdiff_t>(y) * crop.width + x0);
        for (int x = x0; x < x1; ++x) {
          for (int c = 0; c < kChannels; ++c) target[c] = source[c];
          target += kChannels;
          if (x + 1 < x1) source += kChannels * walk.step_x;
        }
      }
    }
  }
}

}  // namespace

PixelBuffer turn_upright(PixelBuffer stored, int orientation, const RegionOfInterest& crop) {
  assert(stored.channels == 1 || stored.channels == 3);
  if (orientation == 1 &&
      crop == RegionOfInterest{.x = 0, .y = 0, .width = stored.width, .height = stored.height}) {
    return stored;
  }
  PixelBuffer upright{crop.width, crop.height, stored.channels, {}};
  upright.pixels.resize(static_cast<std::size_t>(crop.width) *
                        static_cast<std::size_t>(crop.height) *
                        static_cast<std::size_t>(stored.channels));
  const Walk walk = upright_walk(orientation, stored.width, stored.height);
  if (stored.channels == 1) {
    copy_pixels<1>(stored.pixels.data(), walk, crop, upright.pixels.data());
  } else {
    copy_pixels<3>(stored.pixels.data(), walk, crop, upright.pixels.data());
  }
  return upright;
}

}  // namespace pressmark::image
