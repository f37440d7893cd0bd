// SPDX-License-Identifier: Apache-2.0
#include "exact.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <algorithm>

#include "engine/index/best_rows.hpp"
#include "engine/index/float_products.hpp"

namespace pressmark::bench {

// Blocks of rows that stay in a core's cache while all queries are compared with them.
Found exact_neighbours(std::span<const float> vectors, std::span<const float> queries,
                       std::size_t dimension, std::size_t count) {
  constexpr std::size_t kRowsAtOnce = 256, kBlocksPerTask = 64;
  const std::size_t rows = vectors.size() / dimension, total = queries.size() / dimension;
  const std::size_t blocks = (rows + kRowsAtOnce - 1) / kRowsAtOnce;
  const auto merged = tbb::parallel_reduce(
      tbb::blocked_range<std::size_t>(0, blocks, kBlocksPerTask),
      std::vector<index::BestRows>(total, index::BestRows(count)),
      [&](const tbb::blocked_range<std::size_t>& some, std::vector<index::BestRows> best) {
        std::vector<float> products(kRowsAtOnce);
        for (std::size_t block = some.begin(); block < some.end(); ++block) {
          const std::size_t first = block * kRowsAtOnce;
          const auto compared = std::span(products).first(std::min(kRowsAtOnce, rows - first));
          for (std::size_t q = 0; q < total; ++q) {
            index::row_products(queries.subspan(q * dimension, dimension), vectors.data(), first,
                                compared);
            for (std::size_t i = 0; i < compared.size(); ++i) {
              best[q].push(static_cast<std::uint32_t>(first + i), compared[i]);
            }
          }
        }
        return best;
      },
      [](std::vector<index::BestRows> a, std::vector<index::BestRows> b) {
        for (std::size_t q = 0; q < a.size(); ++q) {
          for (const index::NearRow& row : b[q].take_sorted()) {
            a[q].push(static_cast<std::uint32_t>(row.row), row.similarity);
          }
        }
        return a;
      });
  Found found(total);
  for (std::size_t q = 0; q < total; ++q) {
    index::BestRows best = merged[q];
    for (const index::NearRow& row : best.take_sorted()) found[q].push_back(row.row);
  }
  return found;
}

double recall(const Found& found, const Found& expected) {
  std::size_t met = 0, total = 0;
  for (std::size_t q = 0; q < expected.size(); ++q) {
    total += expected[q].size();
    for (const std::int64_t row : found[q]) {
      met += std::count(expected[q].begin(), expected[q].end(), row) != 0 ? 1 : 0;
    }
  }
  return static_cast<double>(met) / static_cast<double>(total);
}

}  // namespace pressmark::bench
