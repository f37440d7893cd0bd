// SPDX-License-Identifier: Apache-2.0
//
// Inside this layer: from what formats store (16 bits, alpha, grey palettes) to 8-bit grey or BGR.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/image/image.hpp"

namespace pressmark::image {

// Interleaved 16-bit samples to 8 bits, rounded. The full scale is the smallest of 2^8, 2^10, 2^12,
// 2^14, 2^16 that holds the largest colour sample. Where `has_alpha`, the last channel is alpha and
// always has the full scale 2^16.
std::vector<std::uint8_t> to_8_bits(std::span<const std::uint16_t> samples, int channels,
                                    bool has_alpha);

// Removes the last of 2 or 4 channels, which is alpha (not premultiplied), over white.
PixelBuffer over_white(const PixelBuffer& pixels);

// One channel of a BGR picture whose channels are known to be equal.
PixelBuffer keep_one_channel(const PixelBuffer& pixels);

}  // namespace pressmark::image
