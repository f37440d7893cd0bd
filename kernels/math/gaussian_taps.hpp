// SPDX-License-Identifier: Apache-2.0
//
// Taps of a sampled Gaussian: the same on every backend.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace pressmark::kernels {

// Where a Gaussian is cut off.
inline constexpr float kCutSigmas = 4.0f;

// taps[|i|] for i from -r to r, with sum 1; r = taps.size() - 1.
inline std::vector<float> gaussian_taps(float sigma) {
  const int radius = std::max(1, static_cast<int>(std::ceil(kCutSigmas * sigma)) - 1);
  std::vector<float> taps(static_cast<std::size_t>(radius) + 1);
  double sum = 0;
  for (int i = 0; i <= radius; ++i) {
    const double value = std::exp(-0.5 * i * i / (static_cast<double>(sigma) * sigma));
    taps[static_cast<std::size_t>(i)] = static_cast<float>(value);
    sum += i == 0 ? value : 2 * value;
  }
  for (float& tap : taps) tap = static_cast<float>(tap / sum);
  return taps;
}

}  // namespace pressmark::kernels
