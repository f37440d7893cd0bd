// SPDX-License-Identifier: Apache-2.0
//
// What searches are measured by: the true neighbours, and the share of them that was found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pressmark::bench {

using Found = std::vector<std::vector<std::int64_t>>;  // rows of each query

Found exact_neighbours(std::span<const float> vectors, std::span<const float> queries,
                       std::size_t dimension, std::size_t count);

double recall(const Found& found, const Found& expected);

}  // namespace pressmark::bench
