// SPDX-License-Identifier: Apache-2.0
#include "engine/index/rerank.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/index/global_index.hpp"
#include "half_search.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 64, kRows = 3000, kQueries = 12;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

bool is_any(std::int64_t) {
  return true;
}

std::span<const float> row_of(const std::vector<float>& rows, std::size_t row) {
  return std::span(rows).subspan(row * kDimension, kDimension);
}

class RerankTest : public testing::Test {
 protected:
  RerankTest() {
    std::iota(ids_.begin(), ids_.end(), 0);
    flat_.add(ids_, vectors_);
    half_.hold(vectors_);
  }

  // By the flat index; its ids are rows.
  static std::vector<NearRow> exact(const GlobalIndex& flat, std::span<const float> query,
                                    std::size_t count) {
    std::vector<NearRow> nearest;
    for (const Neighbour& neighbour : flat.search(query, static_cast<int>(count))) {
      nearest.push_back({neighbour.id, neighbour.similarity});
    }
    return nearest;
  }

  std::vector<float> vectors_ = random_unit_rows(kRows, kDimension, 1);
  std::vector<float> queries_ = random_unit_rows(kQueries, kDimension, 2);
  std::vector<ImageId> ids_ = std::vector<ImageId>(kRows);
  GlobalIndex flat_{static_cast<int>(kDimension)};
  HalfSearch half_{kDimension, kRows};
};

TEST_F(RerankTest, OfAllRowsGivesTheFlatIndex) {
  ApproximateRows all;
  all.rows.assign(ids_.rbegin(), ids_.rend());
  all.most_elsewhere = -kInfinity;
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{99}, std::size_t{100}, kRows}) {
      EXPECT_EQ(rerank(row_of(queries_, q), vectors_, all, is_any, count),
                exact(flat_, row_of(queries_, q), count));
    }
  }
}

TEST_F(RerankTest, OfAShortlistByHalfPrecisionGivesTheFlatIndex) {
  bool is_reordered = false;
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (const std::size_t count : {1, 10, 100}) {
      const ApproximateRows shortlist = half_.find(row_of(queries_, q), 4 * count + 64);
      const auto nearest = rerank(row_of(queries_, q), vectors_, shortlist, is_any, count);
      ASSERT_TRUE(nearest);
      EXPECT_EQ(*nearest, exact(flat_, row_of(queries_, q), count));
      for (std::size_t i = 0; i < count; ++i) {
        is_reordered |= (*nearest)[i].row != shortlist.rows[shortlist.rows.size() - 1 - i];
      }
    }
  }
  EXPECT_TRUE(is_reordered);  // else fp16 would have degraded nothing
}

TEST_F(RerankTest, HiddenRowsAreInNoAnswer) {
  // Removed: every third row. Filtered out: those whose number is a multiple of five.
  std::vector<ImageId> hidden;
  const auto is_wanted = [](std::int64_t row) { return row % 3 != 0 && row % 5 != 0; };
  std::copy_if(ids_.begin(), ids_.end(), std::back_inserter(hidden),
               [&](ImageId id) { return !is_wanted(id); });
  flat_.remove(hidden);
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto nearest =
        rerank(row_of(queries_, q), vectors_, half_.find(row_of(queries_, q), 464), is_wanted, 100);
    ASSERT_TRUE(nearest);
    EXPECT_EQ(*nearest, exact(flat_, row_of(queries_, q), 100));
  }
}

TEST_F(RerankTest, TooFewWantedRowsSettleNothing) {
  const auto shortlist = half_.find(row_of(queries_, 0), 50);
  const auto is_even = [](std::int64_t row) { return row % 2 == 0; };
  EXPECT_TRUE(rerank(row_of(queries_, 0), vectors_, shortlist, is_even, 5));
  EXPECT_FALSE(rerank(row_of(queries_, 0), vectors_, shortlist, is_even, 50));
  EXPECT_FALSE(rerank(row_of(queries_, 0), vectors_, shortlist, is_any, 51));
  EXPECT_FALSE(rerank(
      row_of(queries_, 0), vectors_, shortlist, [](std::int64_t) { return false; }, 1));
}

TEST_F(RerankTest, OfAllRowsTooFewWantedOnesAreTheAnswer) {
  const auto all = half_.find(row_of(queries_, 0), kRows);
  const auto nearest = rerank(
      row_of(queries_, 0), vectors_, all, [](std::int64_t row) { return row < 7; }, 100);
  ASSERT_TRUE(nearest);
  EXPECT_EQ(nearest->size(), 7u);
}

TEST_F(RerankTest, TheLastMustExceedAllOthers) {
  const auto best = exact(flat_, row_of(queries_, 0), 3);
  ApproximateRows shortlist{{best[2].row, best[0].row, best[1].row}, best[1].similarity};
  const auto nearest_of = [&](std::size_t count) {
    return rerank(row_of(queries_, 0), vectors_, shortlist, is_any, count);
  };
  EXPECT_TRUE(nearest_of(1));
  EXPECT_FALSE(nearest_of(2));  // an equal one may be elsewhere, with a lower row
  shortlist.most_elsewhere = std::nextafter(best[1].similarity, -1.0f);
  EXPECT_EQ(nearest_of(2), (std::vector<NearRow>{best[0], best[1]}));
  shortlist.most_elsewhere = kInfinity;
  EXPECT_FALSE(nearest_of(1));
  shortlist.most_elsewhere = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(nearest_of(1));
  EXPECT_EQ(nearest_of(0), std::vector<NearRow>{});
}

TEST_F(RerankTest, EqualVectorsRankByRow) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto row = row_of(vectors_, i % 4 == 0 ? i : 1);  // 300 equal ones
    rows.insert(rows.end(), row.begin(), row.end());
  }
  GlobalIndex flat(static_cast<int>(kDimension));
  flat.add(std::span(ids_).first(400), rows);
  HalfSearch half(kDimension, 400);
  half.hold(rows);
  const auto query = row_of(vectors_, 1);
  // The cut is among equal ones, and the shortlist holds all of them.
  EXPECT_EQ(rerank(query, rows, half.find(query, 350), is_any, 50), exact(flat, query, 50));
  // It holds the last hundred of them.
  EXPECT_FALSE(rerank(query, rows, half.find(query, 100), is_any, 50));
}

TEST_F(RerankTest, ARepeatedCandidateCountsOnce) {
  const auto best = exact(flat_, row_of(queries_, 0), 2);
  const ApproximateRows shortlist{{best[0].row, best[1].row, best[0].row}, -kInfinity};
  EXPECT_EQ(rerank(row_of(queries_, 0), vectors_, shortlist, is_any, 3), best);
}

TEST_F(RerankTest, WhatIsNotANumberIsInNoAnswer) {
  std::vector<float> query(kDimension, 0.0f);
  query[3] = std::numeric_limits<float>::quiet_NaN();
  const ApproximateRows some{{1, 2}, 0};
  EXPECT_FALSE(rerank(query, vectors_, some, is_any, 1));
  const ApproximateRows all{{1, 2}, -kInfinity};
  EXPECT_EQ(rerank(query, vectors_, all, is_any, 1), std::vector<NearRow>{});
}

TEST(HalfPrecisionErrorTest, BoundsWhatRoundingChanges) {
  for (const std::size_t dimension : {1, 16, 256, 1024}) {
    double worst = 0;
    const auto compare = [&](std::span<const float> a, std::span<const float> b) {
      const std::vector<float> half_a = rounded_to_half(a), half_b = rounded_to_half(b);
      double exact = 0;
      float rounded = 0;
      for (std::size_t d = 0; d < dimension; ++d) {
        exact += double{a[d]} * double{b[d]};
        rounded += half_a[d] * half_b[d];
      }
      worst = std::max(worst, std::abs(exact - double{rounded}));
    };
    const std::vector<float> rows = random_unit_rows(200, dimension, 3);
    for (std::size_t i = 0; i < 100; ++i) {
      const auto row = [&](std::size_t r) {
        return std::span(rows).subspan(r * dimension, dimension);
      };
      compare(row(i), row(100 + i));
      compare(row(i), row(i));
    }
    // All values of both just below the middle between two of fp16: the worst case.
    const float value = std::exp2(std::floor(std::log2(1 / std::sqrt(float(dimension))))) *
                        (dimension == 1 ? 0.5f : 1.0f) * std::nextafter(1 + 0x1p-11f, 0.0f);
    compare(std::vector<float>(dimension, value), std::vector<float>(dimension, value));
    EXPECT_LE(worst, double{half_precision_error(static_cast<int>(dimension))});
    if (dimension == 256) {
      EXPECT_GT(worst, 0.8 * 0x1p-10);  // and is not much too large
    }
  }
}

}  // namespace
}  // namespace pressmark::index
