// SPDX-License-Identifier: Apache-2.0
#include "engine/index/geometric_votes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/index/stated_votes.hpp"

namespace pressmark::index {
namespace {

// Votes whose transforms are tried, the heaviest: bounds the time that one crowded image takes.
constexpr std::size_t kMostTried = 128;

// A keypoint says where it is and how it is turned and large: like a second point this many of its
// sizes away.
constexpr float kArm = 4.0f;

// How much of a transform's votes each hypothesis holds.
struct Support {
  std::array<float, kVoteKinds> sums{};
  float votes() const { return std::max(sums[0], sums[1]) + std::max(sums[2], sums[3]); }
  // Whether votes of this kind count: of each channel those of the better hypothesis.
  bool counts(int kind) const {
    return sums[static_cast<std::size_t>(kind)] >= sums[static_cast<std::size_t>(kind ^ 1)];
  }
};

// The similarity through the weighted means of both sides that has the least squared errors, of
// places and arms.
VotedPosition fitted(std::span<const Vote> votes, const StatedVotes& stated,
                     std::span<const std::uint16_t> agreeing) {
  float weights = 0, query_x = 0, query_y = 0, candidate_x = 0, candidate_y = 0;
  for (const std::size_t i : agreeing) {
    const auto& [kind, weight, query, candidate] = votes[i];
    weights += weight;
    query_x += weight * query.x_px;
    query_y += weight * query.y_px;
    candidate_x += weight * candidate.x_px;
    candidate_y += weight * candidate.y_px;
  }
  query_x /= weights;
  query_y /= weights;
  candidate_x /= weights;
  candidate_y /= weights;
  // Sum of conj(from) * to, real and imaginary part.
  float along = 0, across = 0, squares = 0;
  for (const std::size_t i : agreeing) {
    const auto& [kind, weight, query, candidate] = votes[i];
    const float from_x = query.x_px - query_x, from_y = query.y_px - query_y;
    const float to_x = candidate.x_px - candidate_x, to_y = candidate.y_px - candidate_y;
    const float arm = kArm * query.size_px, squared_arm = arm * arm;
    const float arms = squared_arm * stated.value(StatedVotes::kScale, i);
    along +=
        weight * (from_x * to_x + from_y * to_y + arms * stated.value(StatedVotes::kCosine, i));
    across += weight * (from_x * to_y - from_y * to_x + arms * stated.value(StatedVotes::kSine, i));
    squares += weight * (from_x * from_x + from_y * from_y + squared_arm);
  }
  const float scale = std::sqrt(along * along + across * across) / squares;
  return {query_x, query_y, candidate_x, candidate_y, std::atan2(across, along), std::log2(scale)};
}

// Writes which votes are tried, the heaviest where there are more than kMostTried; returns how
// many.
std::size_t choose_tried(std::span<const Vote> votes,
                         std::array<std::uint16_t, kMostTried>& tried) {
  if (votes.size() <= kMostTried) {
    std::iota(tried.begin(), tried.begin() + votes.size(), std::uint16_t{0});
    return votes.size();
  }
  std::vector<std::uint16_t> all(votes.size());
  std::iota(all.begin(), all.end(), std::uint16_t{0});
  std::partial_sort_copy(
      all.begin(), all.end(), tried.begin(), tried.end(), [&](std::size_t a, std::size_t b) {
        return votes[a].weight > votes[b].weight || (votes[a].weight == votes[b].weight && a < b);
      });
  return kMostTried;
}

}  // namespace

Agreement find_agreement(std::span<const Vote> votes, float least_votes) {
  assert(votes.size() <= std::numeric_limits<std::uint16_t>::max());
  Agreement result;
  if (votes.empty()) return result;
  const StatedVotes stated(votes);
  std::array<std::uint16_t, kMostTried> tried;
  const std::size_t count = choose_tried(votes, tried);
  std::array<Support, kMostTried> supports;
  std::array<float, kMostTried> sums;
  std::vector<std::uint16_t> agreeing(votes.size());
  for (std::size_t t = 0; t < count; ++t) {
    Support support;
    const std::size_t found = stated.find_agreeing(tried[t], agreeing.data());
    for (std::size_t i = 0; i < found; ++i) {
      const Vote& vote = votes[agreeing[i]];
      support.sums[static_cast<std::size_t>(vote.kind)] += vote.weight;
    }
    supports[t] = support;
    sums[t] = support.votes();
    result.votes = std::max(result.votes, sums[t]);
  }
  if (result.votes < least_votes) return result;
  // Most votes first; a vote that agrees with an earlier position states no further one.
  std::array<std::uint16_t, kMostTried> order;
  std::iota(order.begin(), order.begin() + count, std::uint16_t{0});
  std::sort(order.begin(), order.begin() + count, [&](std::size_t a, std::size_t b) {
    return sums[a] > sums[b] || (sums[a] == sums[b] && a < b);
  });
  std::vector<char> is_explained(votes.size(), 0);
  std::vector<std::uint16_t> counting;
  result.positions.reserve(std::min(count, kVotedPositions));
  for (std::size_t i = 0; i < count && result.positions.size() < kVotedPositions; ++i) {
    const std::size_t best = order[i];
    if (is_explained[tried[best]] != 0) continue;
    const std::size_t found = stated.find_agreeing(tried[best], agreeing.data());
    counting.clear();
    for (std::size_t k = 0; k < found; ++k) {
      is_explained[agreeing[k]] = 1;
      if (supports[best].counts(votes[agreeing[k]].kind)) counting.push_back(agreeing[k]);
    }
    result.positions.push_back(fitted(votes, stated, counting));
  }
  return result;
}

}  // namespace pressmark::index
