// SPDX-License-Identifier: Apache-2.0
//
// Rows of a mask for code that works on whole vectors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

class MaskedRows {
 public:
  // masked: of this width, or empty. The first and last `border_px` columns count as masked.
  MaskedRows(const GreyImage& masked, int width, int border_px = 0)
      : masked_(masked),
        border_(static_cast<std::size_t>(std::min(border_px, width))),
        width_(static_cast<std::size_t>(width)),
        line_(width_ + kReadable, kMasked) {
    if (masked.pixels.empty()) clear_inside();
  }

  // 0 where the pixel takes part; masked from the image's end for kReadable pixels. Valid until the
  // next call.
  const std::uint8_t* row(int y) {
    if (!masked_.pixels.empty()) {
      const std::uint8_t* from = masked_.pixels.data() + static_cast<std::size_t>(y) * width_;
      if (width_ > 2 * border_) {
        std::copy(from + border_, from + width_ - border_, line_.data() + border_);
      }
    }
    return line_.data();
  }

  static constexpr std::size_t kReadable = 32;

 private:
  static constexpr std::uint8_t kMasked = 255;

  void clear_inside() {
    for (std::size_t x = border_; x + border_ < width_; ++x) line_[x] = 0;
  }

  const GreyImage& masked_;
  std::size_t border_, width_;
  std::vector<std::uint8_t> line_;
};

}  // namespace pressmark::kernels::cpu
