// SPDX-License-Identifier: Apache-2.0
//
// Deterministic: all pairs are tried as hypotheses, in order; nothing is sampled.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {
namespace {

// A single pair knows its scale to some 10 % and its angle to some degrees: places far from it are
// predicted less well.
constexpr float kHypothesisError_px = 10.0f, kErrorPerDistance = 0.1f;
constexpr float kMaxSizeRatio = 1.7f;
constexpr float kMaxTurn_rad = 0.6f;
constexpr float kMaxScale = 4.0f;
constexpr int kRefinedHypotheses = 8;
constexpr int kMinPairs = 3;
// Two keypoints nearer than this, in either photo, are one place.
constexpr float kSamePlace_px = 3.0f;
// Thresholds of the refinements, in units of the final one.
constexpr std::array<float, 3> kTightening{4.0f, 2.0f, 1.0f};

using Affinity = std::array<double, 6>;

struct Similarity {
  float a, b, x, y, log_scale, turn;  // u = a q.x - b q.y + x, v = b q.x + a q.y + y
};

constexpr float kFullTurn = 2 * std::numbers::pi_v<float>;

float wrapped(float angle_rad) {
  const float rest = std::fmod(angle_rad, kFullTurn);
  return rest < 0 ? rest + kFullTurn : rest;
}

// Of angles in [0, 2 pi].
float angle_difference(float a, float b) {
  const float difference = std::fabs(a - b);
  return std::min(difference, kFullTurn - difference);
}

Similarity hypothesis_of(const KeypointPair& pair) {
  const float scale = pair.hit.size_px / pair.query.size_px,
              turn = wrapped(pair.hit.angle_rad - pair.query.angle_rad);
  Similarity s{};
  s.a = scale * std::cos(turn);
  s.b = scale * std::sin(turn);
  s.x = pair.hit.x_px - s.a * pair.query.x_px + s.b * pair.query.y_px;
  s.y = pair.hit.y_px - s.b * pair.query.x_px - s.a * pair.query.y_px;
  s.log_scale = std::log(scale);
  s.turn = turn;
  return s;
}

// Reach of a hypothesis that rests on `origin` alone, squared, at another pair.
float squared_reach(const KeypointPair& origin, const KeypointPair& pair) {
  const float dx = pair.hit.x_px - origin.hit.x_px, dy = pair.hit.y_px - origin.hit.y_px;
  const float reach = kHypothesisError_px + kErrorPerDistance * std::sqrt(dx * dx + dy * dy);
  return reach * reach;
}

int votes(const std::vector<KeypointPair>& pairs, const std::vector<Similarity>& similarities,
          std::size_t hypothesis) {
  const Similarity& s = similarities[hypothesis];
  const float max_log_ratio = std::log(kMaxSizeRatio);
  int count = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const KeypointPair& pair = pairs[i];
    const float dx = s.a * pair.query.x_px - s.b * pair.query.y_px + s.x - pair.hit.x_px;
    const float dy = s.b * pair.query.x_px + s.a * pair.query.y_px + s.y - pair.hit.y_px;
    count += dx * dx + dy * dy <= squared_reach(pairs[hypothesis], pair) &&
             std::fabs(similarities[i].log_scale - s.log_scale) <= max_log_ratio &&
             angle_difference(similarities[i].turn, s.turn) <= kMaxTurn_rad;
  }
  return count;
}

// Pairs that agree with `map` in place (squared error at most reach(pair)), size and orientation.
template <typename Reach>
std::vector<int> agreeing(const std::vector<KeypointPair>& pairs,
                          const std::vector<Similarity>& similarities, const Affinity& map,
                          const Reach& reach) {
  const auto log_scale = static_cast<float>(0.5 * std::log(map[0] * map[4] - map[1] * map[3]));
  const auto turn = wrapped(static_cast<float>(std::atan2(map[3] - map[1], map[0] + map[4])));
  const float max_log_ratio = std::log(kMaxSizeRatio);
  std::vector<int> result;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const KeypointPair& pair = pairs[i];
    const double dx = map[0] * pair.query.x_px + map[1] * pair.query.y_px + map[2] - pair.hit.x_px;
    const double dy = map[3] * pair.query.x_px + map[4] * pair.query.y_px + map[5] - pair.hit.y_px;
    if (dx * dx + dy * dy <= static_cast<double>(reach(pair)) &&
        std::fabs(similarities[i].log_scale - log_scale) <= max_log_ratio &&
        angle_difference(similarities[i].turn, turn) <= kMaxTurn_rad) {
      result.push_back(static_cast<int>(i));
    }
  }
  return result;
}

// Least squares; a ridge draws the affinity towards the similarity, so that few or collinear pairs
// do not shear it. No value where the result is mirrored or scales by more than kMaxScale.
std::optional<Affinity> fit(const std::vector<KeypointPair>& pairs, const std::vector<int>& chosen,
                            bool affine) {
  double qx = 0, qy = 0, hx = 0, hy = 0;
  for (const int i : chosen) {
    const KeypointPair& pair = pairs[static_cast<std::size_t>(i)];
    qx += pair.query.x_px;
    qy += pair.query.y_px;
    hx += pair.hit.x_px;
    hy += pair.hit.y_px;
  }
  const auto n = static_cast<double>(chosen.size());
  qx /= n, qy /= n, hx /= n, hy /= n;
  double xx = 0, xy = 0, yy = 0, xu = 0, yu = 0, xv = 0, yv = 0;
  for (const int i : chosen) {
    const KeypointPair& pair = pairs[static_cast<std::size_t>(i)];
    const double x = pair.query.x_px - qx, y = pair.query.y_px - qy;
    const double u = pair.hit.x_px - hx, v = pair.hit.y_px - hy;
    xx += x * x, xy += x * y, yy += y * y;
    xu += x * u, yu += y * u, xv += x * v, yv += y * v;
  }
  const double spread = xx + yy;
  if (spread < 1) return std::nullopt;
  const double a = (xu + yv) / spread, b = (xv - yu) / spread;
  Affinity map{a, -b, 0, b, a, 0};
  if (affine && chosen.size() > 3) {
    constexpr double kRidge = 1e-3;
    const double ridge = kRidge * spread + n;
    xx += ridge, yy += ridge;
    xu += ridge * a, yu -= ridge * b, xv += ridge * b, yv += ridge * a;
    const double determinant = xx * yy - xy * xy;
    map = {(xu * yy - yu * xy) / determinant, (yu * xx - xu * xy) / determinant, 0,
           (xv * yy - yv * xy) / determinant, (yv * xx - xv * xy) / determinant, 0};
  }
  map[2] = hx - map[0] * qx - map[1] * qy;
  map[5] = hy - map[3] * qx - map[4] * qy;
  const double area = map[0] * map[4] - map[1] * map[3];
  constexpr double kMaxArea = static_cast<double>(kMaxScale) * kMaxScale;
  if (!(area > 1 / kMaxArea) || area > kMaxArea) return std::nullopt;
  return map;
}

int count_places(const std::vector<KeypointPair>& pairs, const std::vector<int>& chosen) {
  std::vector<const KeypointPair*> kept;
  const auto near = [](const Keypoint& a, const Keypoint& b) {
    const float dx = a.x_px - b.x_px, dy = a.y_px - b.y_px;
    return dx * dx + dy * dy < kSamePlace_px * kSamePlace_px;
  };
  for (const int i : chosen) {
    const KeypointPair& pair = pairs[static_cast<std::size_t>(i)];
    if (std::ranges::none_of(kept, [&](const KeypointPair* other) {
          return near(pair.query, other->query) || near(pair.hit, other->hit);
        })) {
      kept.push_back(&pair);
    }
  }
  return static_cast<int>(kept.size());
}

Consensus refine_hypothesis(const std::vector<KeypointPair>& pairs,
                            const std::vector<Similarity>& similarities, std::size_t hypothesis,
                            float threshold_px) {
  const Similarity& s = similarities[hypothesis];
  Affinity map{s.a, -s.b, s.x, s.b, s.a, s.y};
  std::vector<int> chosen = agreeing(pairs, similarities, map, [&](const KeypointPair& pair) {
    return squared_reach(pairs[hypothesis], pair);
  });
  bool affine = false;
  for (const float factor : kTightening) {
    if (chosen.size() < kMinPairs) return {};
    const std::optional<Affinity> fitted = fit(pairs, chosen, affine);
    if (!fitted) return {};
    map = *fitted;
    affine = true;
    const float reach = factor * threshold_px;
    chosen = agreeing(pairs, similarities, map, [&](const KeypointPair&) { return reach * reach; });
  }
  const int places = count_places(pairs, chosen);
  if (places < kMinPairs) return {};
  return {places, map, std::move(chosen)};
}

}  // namespace

void find_consensus(const std::vector<KeypointPair>& pairs, float threshold_px, Consensus& output) {
  output = {};
  if (pairs.size() < kMinPairs) return;
  std::vector<Similarity> similarities;
  similarities.reserve(pairs.size());
  for (const KeypointPair& pair : pairs) similarities.push_back(hypothesis_of(pair));

  std::vector<std::pair<int, std::size_t>> ranked;  // negative votes, hypothesis
  const float max_log_scale = std::log(kMaxScale);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (std::fabs(similarities[i].log_scale) > max_log_scale) continue;
    const int count = votes(pairs, similarities, i);
    if (count >= kMinPairs) ranked.emplace_back(-count, i);
  }
  const std::size_t top = std::min<std::size_t>(ranked.size(), kRefinedHypotheses);
  std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(top),
                    ranked.end());
  for (std::size_t r = 0; r < top; ++r) {
    Consensus refined = refine_hypothesis(pairs, similarities, ranked[r].second, threshold_px);
    if (refined.places > output.places) output = std::move(refined);
  }
}

}  // namespace pressmark::kernels::cpu
