// SPDX-License-Identifier: Apache-2.0
//
// Exact answers from an approximate search. Candidates are compared once more in float, with the
// inner product of exact searches (float_products.hpp), and ranked by a total order; the answer
// counts only where the approximate search vouches that no other row could be part of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace pressmark::index {

struct NearRow {
  std::int64_t row = 0;
  float similarity = 0;  // inner product with the query
  bool operator==(const NearRow&) const = default;
};

constexpr bool ranks_before(const NearRow& a, const NearRow& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

// The rows `rows` with their exact similarities, those that rank first; none whose similarity is
// not a number. `vectors`: row-major, from row 0 on, each as long as the query.
std::vector<NearRow> rank_exactly(std::span<const float> query, const float* vectors,
                                  std::span<const std::uint32_t> rows, std::size_t count);

// What an approximate search found.
struct ApproximateRows {
  std::vector<std::int64_t> rows;  // in any order
  // No other row is more similar to the query, by the exact product. -infinity: there is no other;
  // +infinity: nothing is known.
  float most_elsewhere = std::numeric_limits<float>::infinity();
};

// Inner products of vectors of unit length at most, computed after both were rounded to fp16,
// differ from exact ones in float by no more than this. With u = 2^-11, what rounding to fp16
// changes of a value: |q.x - q'.x'| <= |q - q'| |x| + |q'| |x - x'| <= 2u + u^2; values below 2^-14
// change by up to 2^-25 instead, sqrt(d) times that in all; and sums of d products round in float,
// on the device (which may truncate) and on the host. An excess of 2^-12 over unit length is
// covered. Of 256 values: 0.00104.
//
// So fp16 loses a neighbour only where at least as many others as are asked of the device lie less
// than twice this above it. These cases are known from the answer: rerank() then has none.
constexpr float half_precision_error(int dimension) {
  return 0x1p-10f * (1 + 0x1p-10f) + static_cast<float>(dimension) * 0x1p-22f;
}

// Whether a row may be part of the answer: neither removed nor filtered out.
using RowFilter = std::function<bool(std::int64_t row)>;

// The `count` rows that rank first of those that are wanted, or all if there are fewer; nothing
// where the candidates do not settle it. vectors: all rows, row-major, each as long as the query.
// Rows without a similarity (not a number) are in no answer.
std::optional<std::vector<NearRow>> rerank(std::span<const float> query,
                                           std::span<const float> vectors,
                                           const ApproximateRows& candidates,
                                           const RowFilter& is_wanted, std::size_t count);

}  // namespace pressmark::index
