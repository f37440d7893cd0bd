// SPDX-License-Identifier: Apache-2.0
//
// A dense code laid out for bilinear samples, many at a time: with a border of zeros, and each cell
// together with the one to its right in one word, so that a sample reads two words.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "pressmark/types.hpp"

namespace pressmark::kernels::cpu {

// Samples that are worked on together at most; sums that are taken side by side.
inline constexpr std::size_t kFieldSums = 16;

class CodedField {
 public:
  // Cells -1 .. kDenseSide of a row and of a column.
  static constexpr int kPitch = kDenseSide + 2;

  explicit CodedField(const DenseCode& code) {
    words_.fill(0);
    for (int y = 0; y < kDenseSide; ++y) {
      for (int x = -1; x < kDenseSide; ++x) {
        words_[static_cast<std::size_t>(index_of(x, y))] =
            static_cast<std::int32_t>(pair_of(code, x, y) | pair_of(code, x + 1, y) << 16);
      }
    }
  }

  // From -1 on; of the word that holds the cell (x, y) and the one to its right.
  static constexpr int index_of(int x, int y) { return (y + 1) * kPitch + x + 1; }

  // Bytes from the lowest: real and imaginary part of a cell, then of the one to its right.
  const std::int32_t* words() const { return words_.data(); }

  // The sum of all squared values.
  static double squared_norm(const DenseCode& code) {
    std::int32_t sum = 0;
    for (const std::int8_t value : code.values) sum += std::int32_t{value} * value;
    return sum;
  }

 private:
  static std::uint32_t pair_of(const DenseCode& code, int x, int y) {
    if (x < 0 || x >= kDenseSide) return 0;
    const auto at = static_cast<std::size_t>(y * kDenseSide + x);
    constexpr std::size_t kPlane = std::size_t{kDenseSide} * kDenseSide;
    return static_cast<std::uint8_t>(code.values[at]) |
           static_cast<std::uint32_t>(static_cast<std::uint8_t>(code.values[at + kPlane])) << 8;
  }

  alignas(64) std::array<std::int32_t, std::size_t{kPitch} * kPitch> words_;
};

}  // namespace pressmark::kernels::cpu
