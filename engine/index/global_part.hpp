// SPDX-License-Identifier: Apache-2.0
//
// Some of a catalogue's global vectors, which no longer change: the ids of their images, the
// vectors and, where there are many, inverted lists. All are borrowed: from memory or from a mapped
// file, which `owner` keeps.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/index/coded_rows.hpp"
#include "engine/index/ivf_lists.hpp"
#include "engine/index/removed_rows.hpp"
#include "engine/index/rerank.hpp"
#include "engine/index/selection.hpp"
#include "pressmark/types.hpp"

namespace pressmark::index {

// From so many rows on lists are faster than an exact scan, at the default recall.
constexpr std::size_t kLeastListedRows = 50'000;

struct GlobalPart {
  std::span<const ImageId> ids;       // ascending, one for each row
  std::span<const float> vectors;     // row-major, of unit length at most
  std::optional<IvfListsView> lists;  // of these vectors; without them every search is exact
  std::shared_ptr<const void> owner;
  CodedRowsView codes = {};  // of the first vectors, or none: exact searches read less
};

struct GlobalSearch {
  // Expected share of the true neighbours that are found where a part has lists, (0, 1]; at 1 all
  // lists are probed, and rows are missed only by rounding.
  double recall = 0.97;
  // Null: all images. Otherwise only these, and the best of them are found as surely as without.
  const ImageSelection* selection = nullptr;
  // Compares every row, whatever lists and codes there are.
  bool is_exact = false;
};

// The `count` best rows that are selected and not removed (null: none), best first. From many
// threads; on the calling thread.
std::vector<NearRow> search_part(const GlobalPart& part, const RemovedRows* removed,
                                 std::span<const float> query, std::size_t count,
                                 const GlobalSearch& search);

// The same of each of many queries, row-major. Spread over the threads of the caller's TBB arena.
std::vector<std::vector<NearRow>> search_part_batch(const GlobalPart& part,
                                                    const RemovedRows* removed,
                                                    std::span<const float> queries,
                                                    std::size_t dimension, std::size_t count,
                                                    const GlobalSearch& search);

}  // namespace pressmark::index
