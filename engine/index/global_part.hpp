// SPDX-License-Identifier: Apache-2.0
//
// Some of a catalogue's global vectors, which no longer change: the ids of their images, the
// vectors and, where there are many, inverted lists. All are borrowed: from memory or from a mapped
// file, which `owner` keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/index/ivf_lists.hpp"
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
};

struct GlobalSearch {
  // Expected share of the true neighbours that are found where a part has lists, (0, 1]; at 1 all
  // lists are probed, and rows are missed only by rounding.
  double recall = 0.97;
  // Null: all images. Otherwise only these, and the best of them are found as surely as without.
  const ImageSelection* selection = nullptr;
  // Compares every row, lists or not.
  bool is_exact = false;
};

// Rows that were removed, one bit each; unset beyond its end.
class RemovedRows {
 public:
  bool contains(std::size_t row) const {
    return row / 64 < bits_.size() && (bits_[row / 64] >> (row % 64) & 1) != 0;
  }
  std::size_t count() const { return count_; }
  void insert(std::size_t row) {
    if (row / 64 >= bits_.size()) bits_.resize(row / 64 + 1, 0);
    if (contains(row)) return;
    bits_[row / 64] |= std::uint64_t{1} << (row % 64);
    ++count_;
  }

 private:
  std::vector<std::uint64_t> bits_;
  std::size_t count_ = 0;
};

// The `count` best rows that are selected and not removed (null: none), best first. From many
// threads; on the calling thread.
std::vector<NearRow> search_part(const GlobalPart& part, const RemovedRows* removed,
                                 std::span<const float> query, std::size_t count,
                                 const GlobalSearch& search);

}  // namespace pressmark::index
