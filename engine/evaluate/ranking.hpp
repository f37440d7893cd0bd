// SPDX-License-Identifier: Apache-2.0
//
// The answer to one query as a ranked list in which some items are true. Items of equal score share
// the worst of their ranks: an arbitrary order is no merit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace pressmark::evaluation {

// Below every score; of items that were not compared.
inline constexpr float kNotCompared = -std::numeric_limits<float>::infinity();

struct RankedItem {
  std::size_t image = 0;
  float score = kNotCompared;
  // Orders items that were not compared, which all rank below those that were: 1, 2, ... 0 for
  // items that were compared.
  std::int64_t place = 0;
  bool mate = false;
};

struct QueryRanking {
  bool counted = false;  // there are mates and non-mates; else nothing below is meaningful
  // Mean over mates of (mates at or above it) / (items at or above it).
  double average_precision = 0;
  std::int64_t first_mate_rank = 0;
  std::int64_t last_mate_rank = 0;
  std::int64_t first_non_mate_rank = 0;
  std::size_t last_mate = 0;       // index into the items; of equals the last one
  std::size_t first_non_mate = 0;  // of equals the first one
};

QueryRanking rank(std::span<const RankedItem> items);

}  // namespace pressmark::evaluation
