// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// Iteratively reweighted least squares (Gauss-Newton, Cauchy weights of scale_px) of the transfer
// error of all pairs within reach_px of the start. Returns the start where nothing can be gained:
// too few pairs, a singular system.
std::array<double, 9> refine(TransformKind kind, const std::array<double, 9>& hit_from_query,
                             const std::vector<PointPair>& pairs, double scale_px, double reach_px);

}  // namespace pressmark::kernels::cpu
