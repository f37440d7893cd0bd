// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/ranking.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace pressmark::evaluation {
namespace {

bool is_tied(const RankedItem& a, const RankedItem& b) {
  return a.place == b.place && (a.place > 0 || a.score == b.score);
}

bool is_before(const RankedItem& a, const RankedItem& b) {
  if (a.place != b.place) return a.place < b.place;  // compared ones have place 0
  return a.place == 0 && a.score > b.score;
}

}  // namespace

QueryRanking rank(std::span<const RankedItem> items) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return is_before(items[a], items[b]); });

  QueryRanking ranking;
  std::int64_t mates = 0, non_mates = 0;
  double precision_sum = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;  // end of the group of equals
    std::int64_t group_mates = 0;
    for (; last < order.size() && is_tied(items[order[first]], items[order[last]]); ++last) {
      const bool mate = items[order[last]].mate;
      if (mate) ranking.last_mate = order[last];
      group_mates += mate;
      if (!mate && non_mates++ == 0) ranking.first_non_mate = order[last];
    }
    const auto end_rank = static_cast<std::int64_t>(last);
    if (group_mates > 0) {
      if (mates == 0) ranking.first_mate_rank = end_rank;
      mates += group_mates;
      ranking.last_mate_rank = end_rank;
      precision_sum += static_cast<double>(group_mates) * static_cast<double>(mates) /
                       static_cast<double>(end_rank);
    }
    if (non_mates > 0 && ranking.first_non_mate_rank == 0) ranking.first_non_mate_rank = end_rank;
    first = last;
  }
  ranking.counted = mates > 0 && non_mates > 0;
  if (ranking.counted) ranking.average_precision = precision_sum / static_cast<double>(mates);
  return ranking;
}

}  // namespace pressmark::evaluation
