// SPDX-License-Identifier: Apache-2.0
#include "engine/index/geometric_votes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
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

// A keypoint says where it is and how it is turned and large: like a second point this many of its
// sizes away.
constexpr float kArm = 4.0f;

// A vote with the similarity that it states: candidate = query turned by `rotation`, times
// 2^octaves.
struct Stated {
  int kind;
  float weight, query_x, query_y, candidate_x, candidate_y, rotation, octaves;
};

float wrapped(float angle) {
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  return angle - kTurn * std::nearbyint(angle / kTurn);
}

Stated stated_by(const Vote& vote) {
  return {vote.kind,
          vote.weight,
          vote.query.x_px,
          vote.query.y_px,
          vote.candidate.x_px,
          vote.candidate.y_px,
          wrapped(vote.candidate.angle_rad - vote.query.angle_rad),
          std::log2(vote.candidate.size_px / vote.query.size_px)};
}

// Of rotations in [-pi, pi].
float angle_between(float a, float b) {
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  const float difference = std::abs(a - b);
  return std::min(difference, kTurn - difference);
}

// Calls agreeing(i) for each vote that agrees with `tried`.
template <typename Agreeing>
void each_agreeing(const Stated& tried, const std::vector<Stated>& votes,
                   const Agreeing& agreeing) {
  const float scale = std::exp2(tried.octaves);
  const float along = scale * std::cos(tried.rotation), across = scale * std::sin(tried.rotation);
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const Stated& vote = votes[i];
    // What costs least and rejects most comes first.
    if (angle_between(vote.rotation, tried.rotation) > kRotationRad) continue;
    if (std::abs(vote.octaves - tried.octaves) > kScaleOctaves) continue;
    const float dx = vote.query_x - tried.query_x, dy = vote.query_y - tried.query_y;
    const float error_x = tried.candidate_x + along * dx - across * dy - vote.candidate_x;
    const float error_y = tried.candidate_y + across * dx + along * dy - vote.candidate_y;
    const float near = kNearPx + kNearShare * scale * std::sqrt(dx * dx + dy * dy);
    if (error_x * error_x + error_y * error_y <= near * near) agreeing(i);
  }
}

// Whether the inverted hypothesis holds more votes, of each channel, and all votes that count.
struct Support {
  std::array<float, kVoteKinds> sums{};
  float votes() const { return std::max(sums[0], sums[1]) + std::max(sums[2], sums[3]); }
  bool counts(int kind) const {
    return sums[static_cast<std::size_t>(kind)] >= sums[static_cast<std::size_t>(kind ^ 1)];
  }
};

Support support(const Stated& tried, const std::vector<Stated>& votes) {
  Support result;
  each_agreeing(tried, votes, [&](std::size_t i) {
    result.sums[static_cast<std::size_t>(votes[i].kind)] += votes[i].weight;
  });
  return result;
}

// A vote as least squares see it.
struct Observation {
  std::complex<float> query, candidate, query_arm, candidate_arm;
};

Observation observation_of(const Vote& vote) {
  const auto arm = [](const Keypoint& point) {
    return std::polar(kArm * point.size_px, point.angle_rad);
  };
  return {{vote.query.x_px, vote.query.y_px},
          {vote.candidate.x_px, vote.candidate.y_px},
          arm(vote.query),
          arm(vote.candidate)};
}

// The similarity through the weighted means of both sides that has the least squared errors, of
// places and arms.
VotedPosition fitted(std::span<const Vote> votes, std::span<const Observation> observations,
                     std::span<const std::size_t> agreeing) {
  float weights = 0;
  std::complex<float> query, candidate;
  for (const std::size_t i : agreeing) {
    weights += votes[i].weight;
    query += votes[i].weight * observations[i].query;
    candidate += votes[i].weight * observations[i].candidate;
  }
  query /= weights;
  candidate /= weights;
  // Sum of conj(from) * to, real and imaginary part: written out, since a product of std::complex
  // looks after infinities.
  float along = 0, across = 0, squares = 0;
  for (const std::size_t i : agreeing) {
    const Observation& seen = observations[i];
    const auto take = [&](std::complex<float> from, std::complex<float> to) {
      along += votes[i].weight * (from.real() * to.real() + from.imag() * to.imag());
      across += votes[i].weight * (from.real() * to.imag() - from.imag() * to.real());
      squares += votes[i].weight * std::norm(from);
    };
    take(seen.query - query, seen.candidate - candidate);
    take(seen.query_arm, seen.candidate_arm);
  }
  const float scale = std::sqrt(along * along + across * across) / squares;
  return {
      query.real(),    query.imag(), candidate.real(), candidate.imag(), std::atan2(across, along),
      std::log2(scale)};
}

}  // namespace

Agreement find_agreement(std::span<const Vote> votes) {
  std::vector<Stated> all;
  all.reserve(votes.size());
  for (const Vote& vote : votes) all.push_back(stated_by(vote));
  std::vector<Observation> observations;
  observations.reserve(votes.size());
  for (const Vote& vote : votes) observations.push_back(observation_of(vote));
  std::vector<std::size_t> tried(all.size());
  std::iota(tried.begin(), tried.end(), 0);
  if (tried.size() > kMostTried) {
    std::partial_sort(
        tried.begin(), tried.begin() + kMostTried, tried.end(), [&](std::size_t a, std::size_t b) {
          return all[a].weight > all[b].weight || (all[a].weight == all[b].weight && a < b);
        });
    tried.resize(kMostTried);
  }
  std::vector<Support> supports;
  supports.reserve(tried.size());
  for (const std::size_t i : tried) supports.push_back(support(all[i], all));
  Agreement result;
  std::vector<char> is_explained(all.size(), 0);
  std::vector<std::size_t> agreeing;
  while (result.positions.size() < kVotedPositions) {
    std::size_t best = tried.size();
    for (std::size_t t = 0; t < tried.size(); ++t) {
      if (is_explained[tried[t]] != 0) continue;
      if (best == tried.size() || supports[t].votes() > supports[best].votes()) best = t;
    }
    if (best == tried.size()) break;
    if (result.positions.empty()) result.votes = supports[best].votes();
    agreeing.clear();
    each_agreeing(all[tried[best]], all, [&](std::size_t i) {
      is_explained[i] = 1;
      if (supports[best].counts(all[i].kind)) agreeing.push_back(i);
    });
    result.positions.push_back(fitted(votes, observations, agreeing));
  }
  return result;
}

}  // namespace pressmark::index
