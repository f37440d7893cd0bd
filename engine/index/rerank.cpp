// SPDX-License-Identifier: Apache-2.0
#include "engine/index/rerank.hpp"

#include <algorithm>
#include <cassert>

#include "engine/index/best_rows.hpp"
#include "engine/index/float_products.hpp"

namespace pressmark::index {

std::vector<NearRow> rank_exactly(std::span<const float> query, const float* vectors,
                                  std::span<const std::uint32_t> rows, std::size_t count) {
  std::vector<float> products(rows.size());
  listed_products(query, vectors, rows, products);
  BestRows best(count);
  for (std::size_t i = 0; i < rows.size(); ++i) best.push(rows[i], products[i]);
  return best.take_sorted();
}

std::optional<std::vector<NearRow>> rerank(std::span<const float> query,
                                           std::span<const float> vectors,
                                           const ApproximateRows& candidates,
                                           const RowFilter& is_wanted, std::size_t count) {
  std::vector<std::uint32_t> rows;
  rows.reserve(candidates.rows.size());
  for (const std::int64_t row : candidates.rows) {
    if (is_wanted(row)) rows.push_back(static_cast<std::uint32_t>(row));
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  assert(rows.empty() || (rows.back() + std::size_t{1}) * query.size() <= vectors.size());

  std::vector<NearRow> nearest = rank_exactly(query, vectors.data(), rows, count);
  constexpr float kNoOther = -std::numeric_limits<float>::infinity();
  const bool is_settled =
      count == 0 || candidates.most_elsewhere == kNoOther ||
      (nearest.size() == count && nearest.back().similarity > candidates.most_elsewhere);
  if (!is_settled) return std::nullopt;
  return nearest;
}

}  // namespace pressmark::index
