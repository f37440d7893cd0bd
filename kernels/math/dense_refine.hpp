// SPDX-License-Identifier: Apache-2.0
//
// The affine ascent on dense codes, as far as it is of single numbers: the same on every backend.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "pressmark/types.hpp"

namespace pressmark::kernels::dense_refine {

inline constexpr int kParameters = 6;
// First steps of the ascent: halved kRounds - 1 times.
inline constexpr float kFirstTurn = 0.08f, kFirstStretch = 0.04f;  // dimensionless
inline constexpr float kFirstShift = 1.5f;                         // cells
inline constexpr int kRounds = 4;
inline constexpr int kPasses = 2;           // over all parameters, of a round
inline constexpr double kLeastShare = 0.5;  // of a field's energy that counts at least
inline constexpr float kCentre = 0.5f * (kDenseSide - 1);

// Query from candidate, in cells from the centre of the frame. The linear part is
// [c - s; s c] (1 + [p q; q -p]) with (c, s) in 0, 1, the stretch (p, q) in 2, 3 and the shift in
// 4, 5.
using Parameters = std::array<float, kParameters>;

constexpr float first_step(int parameter) {
  return parameter < 2 ? kFirstTurn : parameter < 4 ? kFirstStretch : kFirstShift;
}

struct Map {
  float xx, xy, yx, yy, x, y;
  float turn_real, turn_imaginary;  // of doubled angles from query to candidate
};

constexpr Map map_of(const Parameters& p) {
  const float squared = std::max(1e-12f, p[0] * p[0] + p[1] * p[1]);
  return {p[0] * (1 + p[2]) - p[1] * p[3],
          p[0] * p[3] - p[1] * (1 - p[2]),
          p[1] * (1 + p[2]) + p[0] * p[3],
          p[1] * p[3] + p[0] * (1 - p[2]),
          p[4],
          p[5],
          (p[0] * p[0] - p[1] * p[1]) / squared,
          -2 * p[0] * p[1] / squared};
}

// Candidate from query, in sides of the frame from its centre.
struct Position {
  std::array<double, 4> linear{1, 0, 0, 1};
  double shift_x = 0, shift_y = 0;
};

inline Parameters parameters_of(const Position& position) {
  const auto& a = position.linear;
  const double determinant = a[0] * a[3] - a[1] * a[2];
  const double inverse = std::fabs(determinant) > 1e-9 ? 1 / determinant : 1.0;
  const std::array<double, 4> b{a[3] * inverse, -a[1] * inverse, -a[2] * inverse, a[0] * inverse};
  // b = R (1 + S), R from the part without stretch.
  const double c = 0.5 * (b[0] + b[3]), s = 0.5 * (b[2] - b[1]);
  const double squared = std::max(1e-12, c * c + s * s);
  const double m = 0.5 * (b[0] - b[3]), n = 0.5 * (b[1] + b[2]);
  const double p = (c * m + s * n) / squared, q = (c * n - s * m) / squared;
  const double x = -(b[0] * position.shift_x + b[1] * position.shift_y) * kDenseSide;
  const double y = -(b[2] * position.shift_x + b[3] * position.shift_y) * kDenseSide;
  return {static_cast<float>(c), static_cast<float>(s), static_cast<float>(p),
          static_cast<float>(q), static_cast<float>(x), static_cast<float>(y)};
}

inline Position position_of(const Parameters& parameters) {
  const Map map = map_of(parameters);
  const double xx = static_cast<double>(map.xx), xy = static_cast<double>(map.xy);
  const double yx = static_cast<double>(map.yx), yy = static_cast<double>(map.yy);
  const double map_x = static_cast<double>(map.x), map_y = static_cast<double>(map.y);
  const double determinant = xx * yy - xy * yx;
  const double inverse = std::fabs(determinant) > 1e-9 ? 1 / determinant : 1.0;
  Position position;
  position.linear = {yy * inverse, -xy * inverse, -yx * inverse, xx * inverse};
  position.shift_x = -(position.linear[0] * map_x + position.linear[1] * map_y) / kDenseSide;
  position.shift_y = -(position.linear[2] * map_x + position.linear[3] * map_y) / kDenseSide;
  return position;
}

// Whether the query covers the place (x, y) of its grid, at least in part.
constexpr bool covers(float x, float y) {
  return x > -1 && y > -1 && x < kDenseSide && y < kDenseSide;
}

// A correlation is the product of the fields over the square root of this. query, candidate: their
// energies where they overlap; query_energy, candidate_energy: everywhere.
constexpr double squared_norms(const Map& map, double query, double candidate, double query_energy,
                               double candidate_energy) {
  // Area of the candidate per area of the query.
  const auto determinant = static_cast<double>(map.xx * map.yy - map.xy * map.yx);
  const double area = 1 / std::max(1e-6, determinant < 0 ? -determinant : determinant);
  const double query_part = std::max(query, kLeastShare * query_energy * area);
  const double candidate_part = std::max(candidate, kLeastShare * candidate_energy);
  return query_part * candidate_part;
}

}  // namespace pressmark::kernels::dense_refine
