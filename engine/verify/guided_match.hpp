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

// Mutually best pairs within radius_px of each other under `hit_from_query` whose orientations and
// sizes agree with it and whose codes are closer than chance. By query index.
std::vector<kernels::CodeMatch> guided_match(const Description& query, const Description& hit,
                                             const Matrix3& hit_from_query, double radius_px);

}  // namespace pressmark::verify
