// SPDX-License-Identifier: Apache-2.0
//
// Naive versions of the stages, as short as their definitions: what backends are compared with.
// Sums run in double, so they differ from a backend's by rounding alone.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::reference {

// Row-major area averages of a grey image reduced by a whole factor.
std::vector<double> block_means(const GreyImage& image, int factor);

// Codes before rounding, count x kLocalCodeSize.
std::vector<double> embed(const std::vector<float>& descriptors, const Whitening& whitening);

std::vector<double> aggregate(const std::vector<std::int8_t>& codes,
                              const Aggregation& aggregation);

SignedMatches match(const CodesView& query, const CodesView& candidate, int even_size, float ratio);

}  // namespace pressmark::kernels::reference
