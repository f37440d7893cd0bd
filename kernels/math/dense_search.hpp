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
inline constexpr int kHalf = kPeriod / 2 + 1;
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

// The middle of a field lies half a cell before the origin.
constexpr int around_origin(int i) {
  return (i - kSide / 2 + kPeriod) % kPeriod;
}

// Correlations are sums over an unscaled inverse transform.
constexpr float score_of(float product, float query_norm, float candidate_norm) {
  const float norms = query_norm * candidate_norm * (static_cast<float>(kPeriod) * kPeriod);
  return norms > 0 ? product / norms : 0.0f;
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
