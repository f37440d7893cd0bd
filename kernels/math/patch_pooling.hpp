// SPDX-License-Identifier: Apache-2.0
//
// How the samples of a patch are weighted and pooled into a descriptor.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace pressmark::kernels {

// Side of the described patch in keypoint sizes. Twice SIFT's: relief has little texture of its
// own, its shape is what identifies a place.
inline constexpr float kPatchSupport = 12.0f;
inline constexpr int kPatchSide = 32;  // samples
inline constexpr int kPatchCells = 4;  // in a row and in a column
inline constexpr int kPatchBins = 8;   // of orientation
// Largest share of one histogram bin: limits what a single strong edge can do.
inline constexpr float kDescriptorClip = 0.2f;

// Samples of a row or column from cell_start(c) to cell_start(c + 1) count for cells c and c + 1, c
// = 0, 1, 2.
constexpr int cell_start(int cell) {
  return cell == 0 ? 0 : cell == 1 ? 12 : cell == 2 ? 20 : kPatchSide;
}

struct PoolingTables {
  // weights[2 k], weights[2 k + 1]: of sample k for the first and the second of its cells.
  std::array<float, 2 * kPatchSide> weights;
  std::array<float, kPatchBins> bin_cos, bin_sin;
};

inline PoolingTables make_pooling_tables() {
  PoolingTables tables{};
  for (int c = 0; c < kPatchCells - 1; ++c) {
    for (int k = cell_start(c); k < cell_start(c + 1); ++k) {
      const double position = (k + 0.5) / 8 - 0.5;  // in cells
      const double offset = (k - 15.5) / 16;
      const double window = std::exp(-0.5 * offset * offset);  // sigma: half the patch
      const auto weight = [&](int cell) {
        return static_cast<float>(window * std::max(0.0, 1 - std::abs(position - cell)));
      };
      tables.weights[static_cast<std::size_t>(2 * k)] = weight(c);
      tables.weights[static_cast<std::size_t>(2 * k + 1)] = weight(c + 1);
    }
  }
  for (int b = 0; b < kPatchBins; ++b) {
    const double angle = 2 * std::numbers::pi * b / kPatchBins;
    tables.bin_cos[static_cast<std::size_t>(b)] = static_cast<float>(std::cos(angle));
    tables.bin_sin[static_cast<std::size_t>(b)] = static_cast<float>(std::sin(angle));
  }
  return tables;
}

}  // namespace pressmark::kernels
