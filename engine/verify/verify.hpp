// SPDX-License-Identifier: Apache-2.0
//
// Geometric verification of one pair: in each channel, and for either sign of the contrast, match
// and find the largest group that agrees; register the best, match again where the transform says
// where to look, and judge how surprising the agreement is; join all figures to one score.
#pragma once

#include "engine/model/model_data.hpp"
#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// Safe to call from many threads. The result depends on the arguments alone.
Verification verify_pair(const kernels::Backend& backend, const models::ModelData& model,
                         const Description& query, const Description& hit,
                         const VerifyOptions& options);

}  // namespace pressmark::verify
