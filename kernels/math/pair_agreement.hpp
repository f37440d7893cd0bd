// SPDX-License-Identifier: Apache-2.0
//
// The formulas of find_consensus for one pair of keypoints: the similarity that it proposes, which
// other pairs agree with that, and the affinity through the moments of those that do.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "kernels/math/elementary.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels {

// A single pair knows its scale to some 10 % and its angle to some degrees: places far from it are
// predicted less well.
inline constexpr float kHypothesisError_px = 10.0f, kErrorPerDistance = 0.1f;
inline constexpr float kMaxTurn_rad = 0.6f;
inline constexpr float kMaxScale = 4.0f;
inline constexpr float kMaxLogScale = static_cast<float>(natural_log(kMaxScale));
inline constexpr float kMaxLogRatio = static_cast<float>(natural_log(1.7f));  // of sizes
inline constexpr int kRefinedHypotheses = 8;
inline constexpr int kMinAgreeingPairs = 3;
// Two keypoints nearer than this, in either photo, are one place.
inline constexpr float kSamePlace_px = 3.0f;
// Thresholds of the refinements, in units of the final one.
inline constexpr std::array<float, 3> kTightening{4.0f, 2.0f, 1.0f};

// Row by row: hit = map * (query, 1).
using Affinity = std::array<double, 6>;

// Where a pair's keypoints lie.
struct alignas(16) PairPlace {
  float query_x, query_y, hit_x, hit_y;
};

// How large the hit's keypoint is to the query's, and how it is turned: [0, 2 pi].
struct alignas(8) PairShape {
  float log_scale, turn_rad;
};

// u = a x - b y + u0, v = b x + a y + v0.
struct alignas(16) Similarity {
  float a, b, u0, v0;
};

constexpr PairPlace place_of(const Keypoint& query, const Keypoint& hit) {
  return {query.x_px, query.y_px, hit.x_px, hit.y_px};
}

constexpr float wrapped_angle(float angle_rad) {
  constexpr float kFullTurn = 2 * std::numbers::pi_v<float>;
  const float rest = std::fmod(angle_rad, kFullTurn);
  return rest < 0 ? rest + kFullTurn : rest;
}

constexpr PairShape shape_of(const Keypoint& query, const Keypoint& hit) {
  return {static_cast<float>(natural_log(hit.size_px / query.size_px)),
          wrapped_angle(hit.angle_rad - query.angle_rad)};
}

constexpr Similarity similarity_of(const Keypoint& query, const Keypoint& hit) {
  const float scale = hit.size_px / query.size_px;
  const SineCosine turn = sine_cosine(wrapped_angle(hit.angle_rad - query.angle_rad));
  const float a = scale * static_cast<float>(turn.cosine),
              b = scale * static_cast<float>(turn.sine);
  return {a, b, hit.x_px - a * query.x_px + b * query.y_px,
          hit.y_px - b * query.x_px - a * query.y_px};
}

constexpr Affinity affinity_of(const Similarity& s) {
  return {s.a, -s.b, s.u0, s.b, s.a, s.v0};
}

constexpr PairShape shape_of(const Affinity& map) {
  return {static_cast<float>(0.5 * natural_log(map[0] * map[4] - map[1] * map[3])),
          wrapped_angle(static_cast<float>(angle_of(map[3] - map[1], map[0] + map[4])))};
}

constexpr bool is_alike(const PairShape& one, const PairShape& other) {
  constexpr float kFullTurn = 2 * std::numbers::pi_v<float>;
  const float turn = std::fabs(one.turn_rad - other.turn_rad), rest = kFullTurn - turn;
  return std::fabs(one.log_scale - other.log_scale) <= kMaxLogRatio &&
         (turn < rest ? turn : rest) <= kMaxTurn_rad;
}

// Reach of a hypothesis that rests on `origin` alone, squared, at another pair.
constexpr float squared_reach(const PairPlace& origin, const PairPlace& pair) {
  const float dx = pair.hit_x - origin.hit_x, dy = pair.hit_y - origin.hit_y;
  const float reach = kHypothesisError_px + kErrorPerDistance * std::sqrt(dx * dx + dy * dy);
  return reach * reach;
}

// Error of the place that `map` gives the query's keypoint in the hit.
constexpr float squared_error(const Similarity& map, const PairPlace& pair) {
  const float dx = map.a * pair.query_x - map.b * pair.query_y + map.u0 - pair.hit_x;
  const float dy = map.b * pair.query_x + map.a * pair.query_y + map.v0 - pair.hit_y;
  return dx * dx + dy * dy;
}
constexpr double squared_error(const Affinity& map, const PairPlace& pair) {
  const double dx = map[0] * pair.query_x + map[1] * pair.query_y + map[2] - pair.hit_x;
  const double dy = map[3] * pair.query_x + map[4] * pair.query_y + map[5] - pair.hit_y;
  return dx * dx + dy * dy;
}

constexpr bool is_same_place(const PairPlace& one, const PairPlace& other) {
  constexpr float kSquared = kSamePlace_px * kSamePlace_px;
  const float qx = one.query_x - other.query_x, qy = one.query_y - other.query_y;
  const float hx = one.hit_x - other.hit_x, hy = one.hit_y - other.hit_y;
  return qx * qx + qy * qy < kSquared || hx * hx + hy * hy < kSquared;
}

// Sums over chosen pairs, in their order. x, y: query, u, v: hit.
struct PairSums {
  double x = 0, y = 0, u = 0, v = 0;
};
// Of what is left once the means are taken off.
struct PairMoments {
  double xx = 0, xy = 0, yy = 0, xu = 0, yu = 0, xv = 0, yv = 0;
};

struct FittedAffinity {
  bool found = false;
  Affinity map{};
};

// Least squares; a ridge draws the affinity towards the similarity, so that few or collinear pairs
// do not shear it. Not found where the result is mirrored or scales by more than kMaxScale.
constexpr FittedAffinity fit_affinity(int pairs, const PairSums& means, PairMoments m,
                                      bool affine) {
  const double spread = m.xx + m.yy;
  if (spread < 1) return {};
  const double a = (m.xu + m.yv) / spread, b = (m.xv - m.yu) / spread;
  Affinity map{a, -b, 0, b, a, 0};
  if (affine && pairs > 3) {
    constexpr double kRidge = 1e-3;
    const double ridge = kRidge * spread + pairs;
    m.xx += ridge, m.yy += ridge;
    m.xu += ridge * a, m.yu -= ridge * b, m.xv += ridge * b, m.yv += ridge * a;
    const double determinant = m.xx * m.yy - m.xy * m.xy;
    map = {(m.xu * m.yy - m.yu * m.xy) / determinant, (m.yu * m.xx - m.xu * m.xy) / determinant, 0,
           (m.xv * m.yy - m.yv * m.xy) / determinant, (m.yv * m.xx - m.xv * m.xy) / determinant, 0};
  }
  map[2] = means.u - map[0] * means.x - map[1] * means.y;
  map[5] = means.v - map[3] * means.x - map[4] * means.y;
  const double area = map[0] * map[4] - map[1] * map[3];
  constexpr double kMaxArea = static_cast<double>(kMaxScale) * kMaxScale;
  if (!(area > 1 / kMaxArea) || area > kMaxArea) return {};
  return {true, map};
}

}  // namespace pressmark::kernels
