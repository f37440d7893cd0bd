// SPDX-License-Identifier: Apache-2.0
#include "engine/image/samples.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace pressmark::image {
namespace {

// round(value * 255 / (full_scale - 1)), tabulated: a photo has more samples than there are values.
std::vector<std::uint8_t> scale_table(std::uint32_t full_scale) {
  std::vector<std::uint8_t> table(full_scale);
  for (std::uint32_t value = 0; value < full_scale; ++value) {
    table[value] = static_cast<std::uint8_t>((value * 510 + full_scale - 1) / (2 * full_scale - 2));
  }
  return table;
}

}  // namespace

std::vector<std::uint8_t> to_8_bits(std::span<const std::uint16_t> samples, int channels,
                                    bool has_alpha) {
  const auto step = static_cast<std::size_t>(channels);
  const std::size_t colours = step - (has_alpha ? 1 : 0);
  std::uint16_t largest = 0;
  for (std::size_t i = 0; i + step <= samples.size(); i += step) {
    for (std::size_t c = 0; c < colours; ++c) largest = std::max(largest, samples[i + c]);
  }
  std::uint32_t full_scale = 1u << 8;
  while (full_scale <= largest) full_scale <<= 2;
  const std::vector<std::uint8_t> colour_table = scale_table(full_scale);
  const std::vector<std::uint8_t> alpha_table = scale_table(has_alpha ? 1u << 16 : 1u << 8);

  std::vector<std::uint8_t> result(samples.size());
  for (std::size_t i = 0; i + step <= samples.size(); i += step) {
    for (std::size_t c = 0; c < colours; ++c) result[i + c] = colour_table[samples[i + c]];
    if (has_alpha) result[i + colours] = alpha_table[samples[i + colours]];
  }
  return result;
}

PixelBuffer over_white(const PixelBuffer& pixels) {
  assert(pixels.channels == 2 || pixels.channels == 4);
  PixelBuffer result{pixels.width, pixels.height, pixels.channels - 1, {}};
  const auto colours = static_cast<std::size_t>(result.channels);
  const std::size_t count = pixels.pixels.size() / (colours + 1);
  result.pixels.resize(count * colours);
  const std::uint8_t* from = pixels.pixels.data();
  std::uint8_t* to = result.pixels.data();
  for (std::size_t i = 0; i < count; ++i, from += colours + 1, to += colours) {
    const int alpha = from[colours];
    for (std::size_t c = 0; c < colours; ++c) {
      to[c] = static_cast<std::uint8_t>((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
  }
  return result;
}

PixelBuffer keep_one_channel(const PixelBuffer& pixels) {
  assert(pixels.channels == 3);
  PixelBuffer result{pixels.width, pixels.height, 1, {}};
  result.pixels.resize(pixels.pixels.size() / 3);
  for (std::size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] = pixels.pixels[3 * i];
  return result;
}

}  // namespace pressmark::image
