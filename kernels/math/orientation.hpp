// SPDX-License-Identifier: Apache-2.0
//
// Histograms of gradient angles around a keypoint (Lowe, IJCV 60(2), 2004, section 5).
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kernels/math/elementary.hpp"

namespace pressmark::kernels {

inline constexpr int kOrientationBins = 36;
// A histogram is the sum of so many, to which the columns of the window contribute in turn.
inline constexpr int kOrientationColumns = 8;
inline constexpr float kBinsPerRad = kOrientationBins / (2.0f * std::numbers::pi_v<float>);
// A second orientation counts if its peak reaches this share of the first.
inline constexpr float kPeakRatio = 0.8f;

// Standard deviation of the Gaussian window, in samples like sigma.
constexpr float orientation_window(float sigma) {
  return 1.5f * sigma;
}
constexpr int orientation_radius(float window) {
  return static_cast<int>(std::lround(3.0f * window));
}
// At i samples from the centre.
constexpr float orientation_weight(int i, float window) {
  return exponential(-0.5f * static_cast<float>(i * i) / (window * window));
}

// Of bin b by its neighbours: raw[0] to raw[4] are bins b - 2 to b + 2.
constexpr float smoothed_bin(float b0, float b1, float b2, float b3, float b4) {
  return (b0 + b4) * (1.0f / 16) + (b1 + b3) * (4.0f / 16) + b2 * (6.0f / 16);
}

constexpr bool is_orientation_peak(float before, float here, float after, float highest) {
  return !(here <= before || here <= after || here < kPeakRatio * highest);
}
// Of a parabola through three neighbouring bins.
constexpr float peak_angle(int bin, float before, float here, float after) {
  return (static_cast<float>(bin) + 0.5f * (before - after) / (before - 2 * here + after)) /
         kBinsPerRad;
}

}  // namespace pressmark::kernels
