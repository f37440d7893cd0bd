// SPDX-License-Identifier: Apache-2.0
//
// How far the votes of a query's keypoints for one image agree. Each vote pairs two keypoints and
// so states a whole similarity transform; chance votes state transforms at random. In the spirit of
// weak geometric consistency (Jegou, Douze and Schmid, ECCV 2008), with the place beside scale and
// rotation: with few votes per image, comparing all pairs costs no more than binning, and loses
// nothing at the edges of bins.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::index {

// A channel under one hypothesis about the contrast.
constexpr int vote_kind(std::size_t channel, bool inverted) {
  return static_cast<int>(2 * channel) + (inverted ? 1 : 0);
}
inline constexpr int kVoteKinds = 4;

struct Vote {
  int kind = 0;        // vote_kind()
  float weight = 0;    // > 0
  Keypoint query;      // its angle turned by pi where the kind is inverted
  Keypoint candidate;  // of the image voted for
};

// candidate = candidate_(x, y) + 2^octaves * (query - query_(x, y)) turned by rotation_rad; pixels
// of the canonical images.
struct VotedPosition {
  float query_x = 0, query_y = 0, candidate_x = 0, candidate_y = 0, rotation_rad = 0, octaves = 0;
};
inline constexpr std::size_t kVotedPositions = 10;

struct Agreement {
  // The largest sum of weights that agree with the transform of one vote; per channel of the better
  // hypothesis. 0 where there is none.
  float votes = 0;
  // Where most votes put the candidate, best first, each fitted to those that agree with it; the
  // others are stated by a vote that agrees with none before. At most kVotedPositions.
  std::vector<VotedPosition> positions;
};

// Of at most 65 535 votes; without positions where fewer than `least_votes` agree. Depends on the
// order of votes by rounding alone.
Agreement find_agreement(std::span<const Vote> votes, float least_votes = 0);

}  // namespace pressmark::index
