// SPDX-License-Identifier: Apache-2.0
#include "engine/index/rerank.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "engine/index/float_products.hpp"

namespace pressmark::index {

std::optional<std::vector<NearRow>> rerank(std::span<const float> query,
                                           std::span<const float> vectors,
                                           const ApproximateRows& candidates,
                                           const RowFilter& is_wanted, std::size_t count) {
  std::vector<std::int64_t> rows;
  rows.reserve(candidates.rows.size());
  std::copy_if(candidates.rows.begin(), candidates.rows.end(), std::back_inserter(rows), is_wanted);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());

  std::vector<NearRow> nearest;
  nearest.reserve(rows.size());
  for (const std::int64_t row : rows) {
    const std::size_t start = static_cast<std::size_t>(row) * query.size();
    assert(start + query.size() <= vectors.size());
    const float similarity = inner_product(query, vectors.data() + start);
    // Not a number is none.
    if (similarity > std::numeric_limits<float>::lowest()) nearest.push_back({row, similarity});
  }
  const std::size_t ranked = std::min(count, nearest.size());
  std::partial_sort(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(ranked),
                    nearest.end(), ranks_before);
  nearest.resize(ranked);

  constexpr float kNoOther = -std::numeric_limits<float>::infinity();
  const bool is_settled =
      count == 0 || candidates.most_elsewhere == kNoOther ||
      (ranked == count && nearest.back().similarity > candidates.most_elsewhere);
  if (!is_settled) return std::nullopt;
  return nearest;
}

}  // namespace pressmark::index
