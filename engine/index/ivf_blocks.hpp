// SPDX-License-Identifier: Apache-2.0
//
// What searches of inverted lists and of their centroids have in common, for one query and for
// many.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/index/best_rows.hpp"
#include "engine/index/int8_scan.hpp"
#include "engine/index/ivf_lists.hpp"
#include "engine/index/rerank.hpp"
#include "engine/index/tile_scan.hpp"

namespace pressmark::index {

// That are scanned at a time: they stay in a core's cache while several queries read them.
constexpr std::size_t kBlocksAtOnce = 32;

// Blocks from `first` on, `most` of them where there are as many.
inline CodeBlocks part_of(const CodeBlocks& blocks, std::size_t first, std::size_t block_bytes,
                          std::size_t most = kBlocksAtOnce) {
  return {blocks.codes + first * block_bytes, blocks.scales + first * kRowsPerBlock,
          std::min(most, blocks.blocks - first)};
}

// Some of the blocks up to `end`, after which those from `next` on are scanned.
inline CodeBlocks blocks_of(const IvfListsView& lists, std::size_t first, std::size_t end,
                            std::size_t next) {
  const std::size_t last = std::min(first + kBlocksAtOnce, end);
  return {lists.codes.data() + first * lists.bytes_per_block(),
          lists.scales.data() + first * kRowsPerBlock, last - first,
          lists.codes.data() + (last < end ? last : next) * lists.bytes_per_block()};
}

// What the scan of a group of queries finds in up to kBlocksAtOnce blocks.
class GroupHits {
 public:
  explicit GroupHits(std::size_t queries = QueryGroup::kMost) : hits_(queries * kRoom) {}

  // best(i).threshold(): what the group's i-th query must reach.
  template <typename BestOf>
  void scan(const QueryGroup& group, const CodeBlocks& blocks, const BestOf& best,
            std::span<const std::uint8_t> ahead = {}) {
    std::array<float, QueryGroup::kMost> thresholds{};
    std::array<ScanHit*, QueryGroup::kMost> places{};
    for (std::size_t q = 0; q < group.size(); ++q) {
      thresholds[q] = best(q).threshold();
      places[q] = hits_.data() + q * kRoom;
    }
    group.scan(blocks, thresholds, places, found_, ahead);
  }
  std::span<const ScanHit> of(std::size_t q) const { return {hits_.data() + q * kRoom, found_[q]}; }

 private:
  static constexpr std::size_t kRoom = kBlocksAtOnce * kRowsPerBlock;
  std::vector<ScanHit> hits_;
  std::array<std::size_t, QueryGroup::kMost> found_{};
};

// Wanted rows (null: all) among what was found in blocks from `first_block` on.
inline void take_wanted(const IvfListsView& lists, std::span<const ScanHit> hits,
                        std::size_t first_block, const RowFilter* is_wanted, BestRows& best) {
  for (const ScanHit& hit : hits) {
    const std::uint32_t row = lists.rows[first_block * kRowsPerBlock + hit.position];
    if (row >= lists.facts.rows) continue;  // fills up a block, or is damaged
    if (is_wanted != nullptr && hit.score >= best.threshold() && !(*is_wanted)(row)) continue;
    best.push(row, hit.score);
  }
}

// The `count` best of a shortlist by their vectors.
inline std::vector<NearRow> rank_shortlist(std::span<const float> query, const float* vectors,
                                           std::span<const NearRow> shortlist, std::size_t count) {
  std::vector<std::uint32_t> rows;
  rows.reserve(shortlist.size());
  for (const NearRow& row : shortlist) rows.push_back(static_cast<std::uint32_t>(row.row));
  return rank_exactly(query, vectors, rows, count);
}

}  // namespace pressmark::index
