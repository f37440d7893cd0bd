// SPDX-License-Identifier: Apache-2.0
//
// What backends share of making a dense code: its grid, the background of its gradients, the
// fading towards its border.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "pressmark/types.hpp"

namespace pressmark::kernels::dense_code {

// Of the gradients, in px.
inline constexpr std::array<float, 2> kSigmas{1.5f, 3.0f};
inline constexpr double kFadeSigma = 0.35;  // sides of the frame
// What is wider belongs to the package and to the light (docs/decisions/0004-dense-code.md).
inline constexpr float kLargeScaleSigma = 6.0f;  // cells
// Gradients of less energy have no direction.
inline constexpr float kTiny = 1e-12f;
// A field whose largest part is smaller holds nothing.
inline constexpr float kEmpty = 1e-6f;
inline constexpr int kLeastSizePx = 3;

// Pixels of the frame before an image of `size` px along one axis: it lies in the middle.
constexpr int pixels_before(int size, int frame) {
  return (frame - size) / 2;
}
// Cell of a pixel of the frame along one axis, and the first pixel of a cell.
constexpr int cell_of(int pixel, int frame) {
  return static_cast<int>(static_cast<std::int64_t>(pixel) * kDenseSide / frame);
}
constexpr int first_pixel(int cell, int frame) {
  return static_cast<int>((static_cast<std::int64_t>(cell) * frame + kDenseSide - 1) / kDenseSide);
}

// Sums over the gradients of a photo; u: doubled angle of unit length.
struct GradientSums {
  double n = 0, r = 0, i = 0, rr = 0, ri = 0;  // 1, u, u_r^2, u_r u_i
  double e = 0, er = 0, ei = 0;                // energy, energy u
};

// Mean energy of gradients as a function of u: max(least, constant + along . u).
struct BackgroundEnergy {
  float least = kTiny, constant = 0, along_r = 0, along_i = 0;
};

// By least squares. Relief under one light has this form.
constexpr BackgroundEnergy fit_background(const GradientSums& sums) {
  if (!(sums.n > 0)) return {};
  // Centred, two unknowns remain.
  const double mr = sums.r / sums.n, mi = sums.i / sums.n, me = sums.e / sums.n;
  const double crr = sums.rr / sums.n - mr * mr, cri = sums.ri / sums.n - mr * mi;
  const double cii = (sums.n - sums.rr) / sums.n - mi * mi;
  const double ber = sums.er / sums.n - me * mr, bei = sums.ei / sums.n - me * mi;
  const double determinant = crr * cii - cri * cri;
  const double along_r = determinant > 1e-6 ? (ber * cii - bei * cri) / determinant : 0;
  const double along_i = determinant > 1e-6 ? (bei * crr - ber * cri) / determinant : 0;
  return {static_cast<float>(0.1 * me) + kTiny,
          static_cast<float>(me - along_r * mr - along_i * mi), static_cast<float>(along_r),
          static_cast<float>(along_i)};
}

inline float fade_at(int x, int y) {
  const double dx = (x + 0.5) / kDenseSide - 0.5, dy = (y + 0.5) / kDenseSide - 0.5;
  return static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy) / (kFadeSigma * kFadeSigma)));
}

}  // namespace pressmark::kernels::dense_code
