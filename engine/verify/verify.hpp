// SPDX-License-Identifier: Apache-2.0
//
// Geometric verification of one pair: match, register, match again where the transform says where
// to look, and judge how surprising the agreement is.
#pragma once

#include "kernels/ops.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// Safe to call from many threads. The result depends on the arguments alone.
Verification verify_pair(const kernels::Backend& backend, const Description& query,
                         const Description& hit, const VerifyOptions& options);

}  // namespace pressmark::verify
