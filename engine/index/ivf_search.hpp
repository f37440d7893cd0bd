// SPDX-License-Identifier: Apache-2.0
//
// Nearest rows by inverted lists (ivf_lists.hpp): the lists whose centroids are nearest are probed,
// their codes scanned, and the best of them ranked anew by their vectors. The answer is a function
// of the query, the lists and the effort alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/ivf_lists.hpp"
#include "engine/index/rerank.hpp"

namespace pressmark::index {

struct IvfEffort {
  std::size_t probes = 1;     // lists
  std::size_t shortlist = 1;  // rows that are ranked by their vectors
  // More lists are probed until they held so many wanted rows. Above 0 rows that are not wanted
  // cost little.
  std::size_t least_wanted = 0;
};

// What is expected to find `count` neighbours with this recall, [0, 1], by the curves that are kept
// with the lists; at 1 all lists are probed. `wanted_share`, (0, 1]: of all rows, as many are
// wanted. The best of a tenth of the rows are spread as ten times as many of all; and where what is
// wanted lies far away, at least as many wanted rows are seen as rows otherwise.
IvfEffort effort_for(const IvfFacts& facts, std::size_t count, double recall,
                     double wanted_share = 1);

// The `count` best that are wanted (null: all), or all that were met if there are fewer. `vectors`
// is what the lists were built from. From many threads.
std::vector<NearRow> search_ivf(const IvfListsView& lists, const float* vectors,
                                std::span<const float> query, std::size_t count,
                                const IvfEffort& effort, const RowFilter* is_wanted = nullptr);

}  // namespace pressmark::index
