// SPDX-License-Identifier: Apache-2.0
//
// Matching again where a transform says where to look: pairs that the ratio test had to give up
// (repeated patterns, crowded neighbourhoods) are found by place instead.
#pragma once

#include <vector>

#include "engine/verify/geometry.hpp"
#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// Unrelated whitened codes are nearly orthogonal: distance 1.41. Well below it, a pair in the right
// place is a match.
inline constexpr double kGuidedDistance = 1.1;

struct GuidedMatches {
  // Mutually best pairs within radius_px of each other under the map whose orientations and sizes
  // agree with it and whose codes are closer than kGuidedDistance. By query index.
  std::vector<kernels::CodeMatch> matches;
  // Per query keypoint: whether the hit has a keypoint of fitting place, orientation and size. If
  // the map is true, most of these should be matches; if not, few.
  std::vector<char> expected;
};

GuidedMatches guided_match(const LocalCodes& query, const LocalCodes& hit,
                           const Matrix3& hit_from_query, double radius_px);

}  // namespace pressmark::verify
