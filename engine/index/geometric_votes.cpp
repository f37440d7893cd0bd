// SPDX-License-Identifier: Apache-2.0
#include "engine/index/geometric_votes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace pressmark::index {
namespace {

// A vote agrees with a transform that leads to it within this distance, in pixels of the candidate
// and as a share of the way: keypoints know scale and rotation only roughly.
constexpr float kNearPx = 12.0f;
constexpr float kNearShare = 0.25f;
constexpr float kRotationRad = 0.5f;
constexpr float kScaleOctaves = 0.6f;
// Votes whose transforms are tried, the heaviest: bounds the time that one crowded image takes.
constexpr std::size_t kMostTried = 128;

// A vote with the similarity that it states: candidate = query turned by `rotation`, times
// 2^octaves.
struct Stated {
  int kind;
  float weight, query_x, query_y, candidate_x, candidate_y, rotation, octaves;
};

Stated stated_by(const Vote& vote) {
  return {vote.kind,
          vote.weight,
          vote.query.x_px,
          vote.query.y_px,
          vote.candidate.x_px,
          vote.candidate.y_px,
          vote.candidate.angle_rad - vote.query.angle_rad,
          std::log2(vote.candidate.size_px / vote.query.size_px)};
}

float angle_between(float a, float b) {
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  const float difference = a - b;
  return std::abs(difference - kTurn * std::nearbyint(difference / kTurn));
}

float support(const Stated& tried, const std::vector<Stated>& votes) {
  const float scale = std::exp2(tried.octaves);
  const float along = scale * std::cos(tried.rotation), across = scale * std::sin(tried.rotation);
  std::array<float, kVoteKinds> sums{};
  for (const Stated& vote : votes) {
    const float dx = vote.query_x - tried.query_x, dy = vote.query_y - tried.query_y;
    const float error_x = tried.candidate_x + along * dx - across * dy - vote.candidate_x;
    const float error_y = tried.candidate_y + across * dx + along * dy - vote.candidate_y;
    const float near = kNearPx + kNearShare * scale * std::sqrt(dx * dx + dy * dy);
    if (error_x * error_x + error_y * error_y > near * near ||
        std::abs(vote.octaves - tried.octaves) > kScaleOctaves ||
        angle_between(vote.rotation, tried.rotation) > kRotationRad) {
      continue;
    }
    sums[static_cast<std::size_t>(vote.kind)] += vote.weight;
  }
  return std::max(sums[0], sums[1]) + std::max(sums[2], sums[3]);
}

}  // namespace

float agreeing_votes(std::span<const Vote> votes) {
  std::vector<Stated> all;
  all.reserve(votes.size());
  for (const Vote& vote : votes) all.push_back(stated_by(vote));
  std::vector<std::size_t> tried(all.size());
  std::iota(tried.begin(), tried.end(), 0);
  if (tried.size() > kMostTried) {
    std::partial_sort(
        tried.begin(), tried.begin() + kMostTried, tried.end(), [&](std::size_t a, std::size_t b) {
          return all[a].weight > all[b].weight || (all[a].weight == all[b].weight && a < b);
        });
    tried.resize(kMostTried);
  }
  float best = 0;
  for (const std::size_t i : tried) best = std::max(best, support(all[i], all));
  return best;
}

}  // namespace pressmark::index
