// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::train {

// Words that one channel's codes are indexed by (engine/index/local_index.hpp), k-means centroids
// of the indexed codes of `photos`, of every other photo as if its contrast were inverted: queries
// are asked both ways. At most `most_words`, fewer where the photos have too few codes; at
// least one. Deterministic for a seed.
std::vector<std::int8_t> learn_vocabulary(std::span<const LocalCodes* const> photos, int even_size,
                                          int most_words, std::uint64_t seed);

}  // namespace pressmark::train
