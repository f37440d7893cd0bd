// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::index {

// One ranking of two, `count` images at most: three by votes, one by global vector, and so on; what
// is listed already is passed over. By ranks: scores of different ways of searching cannot be
// compared. The shares: docs/decisions/0006-candidates-by-local-votes.md.
std::vector<ImageId> unite_candidates(std::span<const ImageId> by_votes,
                                      std::span<const ImageId> by_global, std::size_t count);

}  // namespace pressmark::index
