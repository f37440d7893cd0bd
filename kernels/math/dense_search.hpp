// SPDX-License-Identifier: Apache-2.0
//
// The positions that a search for one dense code in another goes through, and what their
// correlations mean: the same on every backend. Fields are halved to 32 x 32 cells; turns are
// multiples of pi / 16, scales 2^(i / 4).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "pressmark/types.hpp"

namespace pressmark::kernels::dense_search {

inline constexpr int kSide = kDenseSide / 2;
// Period of the transforms; shifts up to kReach cells do not wrap around.
inline constexpr int kPeriod = 48;
inline constexpr int kReach = kPeriod - kSide;
inline constexpr int kTurns = 16;   // multiples of pi / kTurns
inline constexpr int kShrinks = 5;  // 2^(-i / 4)
inline constexpr float kShrinkStep = 0.25f;
inline constexpr int kScales = 2 * kShrinks - 1;

// A field turned by pi is mirrored at the origin and so one cell off.
inline constexpr int kTurnedByPiOffset = 1;

// Scores spread by .02 to .03; less comes from a cohort that is too small or a code that is empty.
inline constexpr double kLeastDeviation = 0.005;

inline float shrink_of(int index) {
  return std::exp2(-kShrinkStep * static_cast<float>(index));
}

inline float rotation_of(int turn) {
  return std::numbers::pi_v<float> * static_cast<float>(turn) / kTurns;
}

// Scale index 0 .. kScales - 1: the first kShrinks shrink the query, the others the candidate.
constexpr int query_shrink(int scale) {
  return scale < kShrinks ? scale : 0;
}
constexpr int candidate_shrink(int scale) {
  return scale < kShrinks ? 0 : scale - kShrinks + 1;
}

// Spectra are those of Hartley, H(k) = sum_x f(x) (cos + sin)(2 pi k x / kPeriod), of the real and
// of the imaginary parts of a field. With Hq and Hd those of a query and a candidate,
//   sum of both parts of Hq(k) (Hd(k) + i Hd(-k))
// is what an inverse transform makes two correlations of: its real part that in one position, its
// imaginary part that of the query turned by pi.
inline constexpr int kFrequencies = kPeriod * kPeriod;

// A query's middle lies half a cell before the origin, a candidate's half a cell before kMiddle: a
// correlation at no shift is at kMiddle, and the roundings that all products have in common add up
// at the origin, where nobody looks.
inline constexpr int kMiddle = kPeriod / 2;

// Where row or column i of a field is put.
constexpr int place_of(int i, int middle) {
  return (i - kSide / 2 + middle + kPeriod) % kPeriod;
}

// Spectra are rounded to integers of this norm. A product of two is divided by 2^15 (product() of
// shift_transform.hpp), so that correlations stay below kFullProduct = 2^15 / 2.03: as the sum of
// all products' magnitudes is below sqrt(2) kFullProduct, no step of a transform overflows.
inline constexpr double kSpectrumNorm = 23000;
inline constexpr float kFullProduct = static_cast<float>(kSpectrumNorm * kSpectrumNorm / (1 << 15));

// A field's squared norm is the sum of the squares of its parts in units of 1 / kNormUnit, rounded
// to integers: exact in any order.
inline constexpr double kNormUnit = 1 << 13;

// What a spectrum is multiplied by before it is rounded. norm: of the field, in the units above.
constexpr double spectrum_factor(double norm) {
  return norm > 0 ? kSpectrumNorm * kNormUnit / (kPeriod * norm) : 0.0;
}

constexpr float score_of_product(int product) {
  return std::min(1.0f, static_cast<float>(product) / kFullProduct);
}

// Of a sum over products that were not divided.
constexpr float score_of_correlation(float correlation) {
  return std::min(1.0f, correlation / static_cast<float>(kSpectrumNorm * kSpectrumNorm));
}

// Products compete in this order: of equal ones the first counts. Turns come in groups of eight,
// each before those turned by pi. turns: a multiple of 8; turn: up to 2 turns - 1.
constexpr int product_index(int scale, int turns, int turn) {
  return scale * 2 * turns + turn % turns / 8 * 16 + turn / turns * 8 + turn % 8;
}

// Vertex of the parabola through three neighbours, relative to the middle one.
constexpr float vertex(float before, float middle, float after) {
  const float curvature = before - 2 * middle + after;
  if (!(curvature < 0)) return 0.0f;
  const float at = 0.5f * (before - after) / curvature;
  return at < -0.5f ? -0.5f : 0.5f < at ? 0.5f : at;
}

// x of the query, turned and scaled, is at `linear` (2 x 2, row by row) x of the candidate. A cell
// of the searched grid is `unshrink` cells of the candidate.
struct Pose {
  std::array<double, 4> linear{};
  float unshrink = 1, offset = 0;

  // Of a cell of the grid and the vertex beside it: the shift in sides of the frame.
  double shift(int cell, float beside) const {
    return static_cast<double>((static_cast<float>(cell) - kReach - 1 + beside + offset) *
                               unshrink) /
           kSide;
  }
};

// turn: up to 2 kTurns - 1.
inline Pose pose_of(int scale, int turn) {
  const float unshrink = 1 / shrink_of(candidate_shrink(scale));
  const double rotation = std::numbers::pi * turn / kTurns;
  const double factor = static_cast<double>(shrink_of(query_shrink(scale)) * unshrink);
  return {{factor * std::cos(rotation), -factor * std::sin(rotation), factor * std::sin(rotation),
           factor * std::cos(rotation)},
          unshrink,
          static_cast<float>(turn >= kTurns ? kTurnedByPiOffset : 0)};
}

// Of the sums over a cohort's best scores and their squares.
inline CohortStatistics statistics_of(double sum, double squared, std::size_t count) {
  const double mean = sum / static_cast<double>(count);
  const double variance = squared / static_cast<double>(count) - mean * mean;
  const double deviation = std::max(kLeastDeviation, std::sqrt(std::max(0.0, variance)));
  return {static_cast<float>(mean), static_cast<float>(deviation)};
}

}  // namespace pressmark::kernels::dense_search
