// SPDX-License-Identifier: Apache-2.0
//
// The search of ivf_search.hpp for many queries at once: each list is read once for all queries
// that probe it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/index/ivf_search.hpp"

namespace pressmark::index {

// The answers of search_ivf(), to the bit, but without regard to effort.least_wanted. `queries` are
// row-major. Spread over the threads of the caller's TBB arena, each of which holds a shortlist of
// every query (less than 20 bytes an entry): not too many at once (GlobalIndex::search_batch).
// `is_wanted` is called from all of them.
std::vector<std::vector<NearRow>> search_ivf_batch(const IvfListsView& lists, const float* vectors,
                                                   std::span<const float> queries,
                                                   std::size_t count, const IvfEffort& effort,
                                                   const RowFilter* is_wanted = nullptr);

}  // namespace pressmark::index
