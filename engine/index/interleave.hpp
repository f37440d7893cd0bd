// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::index {

// One ranking of several, `count` images at most: the first of each, in the order of the rankings,
// then the second of each, and so on; what is listed already is passed over. Ranks, not scores:
// those of different ways of searching cannot be compared.
std::vector<ImageId> interleave(std::span<const std::vector<ImageId>> rankings, std::size_t count);

}  // namespace pressmark::index
