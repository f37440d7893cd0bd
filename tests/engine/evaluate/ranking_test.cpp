// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/ranking.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pressmark::evaluation {
namespace {

using Items = std::vector<RankedItem>;

RankedItem mate(std::size_t image, float score) {
  return {image, score, 0, true};
}
RankedItem other(std::size_t image, float score) {
  return {image, score, 0, false};
}

TEST(Ranking, AveragesThePrecisionAtEachMate) {
  // Ranks of mates: 1, 3, 4.
  const QueryRanking ranking =
      rank(Items{other(0, 4), mate(1, 9), mate(2, 3), mate(3, 2), other(4, 1)});
  EXPECT_TRUE(ranking.counted);
  EXPECT_DOUBLE_EQ(ranking.average_precision, (1.0 + 2.0 / 3 + 3.0 / 4) / 3);
  EXPECT_EQ(ranking.first_mate_rank, 1);
  EXPECT_EQ(ranking.last_mate_rank, 4);
  EXPECT_EQ(ranking.last_mate, 3u);
  EXPECT_EQ(ranking.first_non_mate_rank, 2);
  EXPECT_EQ(ranking.first_non_mate, 0u);
}

TEST(Ranking, EqualsShareTheWorstRank) {
  // One group of three behind one: every member has rank 4.
  const QueryRanking ranking = rank(Items{mate(0, 5), other(1, 5), mate(2, 5), other(3, 7)});
  EXPECT_EQ(ranking.first_mate_rank, 4);
  EXPECT_DOUBLE_EQ(ranking.average_precision, 2.0 / 4);
  EXPECT_EQ(ranking.last_mate, 2u);
  EXPECT_EQ(ranking.first_non_mate, 3u);
}

TEST(Ranking, AllEqualIsNoMerit) {
  const QueryRanking ranking = rank(Items{mate(0, 0), other(1, 0), other(2, 0), other(3, 0)});
  EXPECT_EQ(ranking.first_mate_rank, 4);
  EXPECT_DOUBLE_EQ(ranking.average_precision, 1.0 / 4);
  EXPECT_EQ(ranking.first_non_mate_rank, 4);
  EXPECT_EQ(ranking.first_non_mate, 1u);
}

TEST(Ranking, WhatWasNotComparedRanksBelowInItsOwnOrder) {
  const QueryRanking ranking = rank(
      Items{other(0, 0), {1, kNotCompared, 3, true}, {2, kNotCompared, 2, false}, other(3, -50)});
  EXPECT_EQ(ranking.first_mate_rank, 4);
  const QueryRanking earlier = rank(
      Items{other(0, 0), {1, kNotCompared, 2, true}, {2, kNotCompared, 3, false}, other(3, -50)});
  EXPECT_EQ(earlier.first_mate_rank, 3);
  EXPECT_DOUBLE_EQ(earlier.average_precision, 1.0 / 3);
}

TEST(Ranking, CountsOnlyWithMatesAndNonMates) {
  EXPECT_FALSE(rank(Items{}).counted);
  EXPECT_FALSE(rank(Items{mate(0, 1)}).counted);
  EXPECT_FALSE(rank(Items{other(0, 1), other(1, 2)}).counted);
}

}  // namespace
}  // namespace pressmark::evaluation
