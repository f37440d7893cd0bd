// SPDX-License-Identifier: Apache-2.0
#include "engine/index/best_rows.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace pressmark::index {
namespace {

// Few different scores, so that many are equal.
std::vector<NearRow> scored_rows(std::size_t count) {
  std::mt19937 random(5);
  std::vector<NearRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back({static_cast<std::int64_t>(i),
                    0.25f * static_cast<float>(static_cast<int>(random() % 17) - 8)});
  }
  return rows;
}

std::vector<NearRow> best_of(const std::vector<NearRow>& rows, std::size_t count) {
  BestRows best(count);
  for (const NearRow& row : rows) best.push(static_cast<std::uint32_t>(row.row), row.similarity);
  return best.take_sorted();
}

TEST(BestRowsTest, KeepsTheFirstOfTheTotalOrderInWhateverOrderTheyCome) {
  std::vector<NearRow> rows = scored_rows(3000), ranked = rows;
  std::sort(ranked.begin(), ranked.end(), ranks_before);
  std::mt19937 random(6);
  for (const std::size_t count : {0u, 1u, 10u, 500u, 3000u, 5000u}) {
    const std::vector<NearRow> expected(
        ranked.begin(),
        ranked.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, 3000)));
    for (int round = 0; round < 3; ++round) {
      std::shuffle(rows.begin(), rows.end(), random);
      EXPECT_EQ(best_of(rows, count), expected);
    }
  }
}

TEST(BestRowsTest, TheThresholdNeverExceedsTheLastThatIsKept) {
  BestRows best(20);
  for (const NearRow& row : scored_rows(1000)) {
    best.push(static_cast<std::uint32_t>(row.row), row.similarity);
    best.tighten();
  }
  const float threshold = best.threshold();
  EXPECT_EQ(best.take_sorted().back().similarity, threshold);
}

TEST(BestRowsTest, NotANumberIsNeverKept) {
  BestRows best(3);
  best.push(1, std::nanf(""));
  best.push(2, -1.0f);
  best.push(3, -0.0f);
  best.push(4, 0.0f);
  const std::vector<NearRow> expected = {{3, 0.0f}, {4, 0.0f}, {2, -1.0f}};
  EXPECT_EQ(best.take_sorted(), expected);
}

TEST(BestRowsTest, LargestRowNumbersAreKept) {
  const std::vector<NearRow> rows = {{0xfffffffe, 0.5f}, {0, 0.5f}, {0x80000000, 0.5f}};
  const std::vector<NearRow> expected = {{0, 0.5f}, {0x80000000, 0.5f}, {0xfffffffe, 0.5f}};
  EXPECT_EQ(best_of(rows, 3), expected);
}

}  // namespace
}  // namespace pressmark::index
