// SPDX-License-Identifier: Apache-2.0
//
// int8_scan.hpp for many queries at once: where the processor multiplies tiles of bytes (AMX of
// x86-64 Linux), codes of 32 rows with those of 32 queries. A block of codes is laid out as such a
// tile is. The sums are those of the other instruction sets, to the bit; elsewhere, and for few
// queries, scan_together() finds them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/index/int8_scan.hpp"

namespace pressmark::index {

// Queries of one dimension that read the same codes together.
class QueryGroup {
 public:
  static constexpr std::size_t kMost = 32;

  // Borrows 1 to kMost queries.
  explicit QueryGroup(std::span<const Int8Query* const> queries);
  explicit QueryGroup(std::span<const Int8Query> queries);

  std::size_t size() const { return size_; }

  // As scan() of each query: hits[q] has room for 16 x blocks, found[q] becomes their number.
  // `ahead`: what will be read later on, asked for meanwhile. From many threads.
  void scan(const CodeBlocks& blocks, std::span<const float> thresholds,
            std::span<ScanHit* const> hits, std::span<std::size_t> found,
            std::span<const std::uint8_t> ahead = {}) const;

 private:
  void prepare_tiles();

  std::size_t size_;
  std::array<const Int8Query*, kMost> queries_{};
  // Where tiles are used:
  std::vector<std::int8_t> bytes_;  // query after query
  std::array<std::int32_t, kMost> biases_{};
};

}  // namespace pressmark::index
