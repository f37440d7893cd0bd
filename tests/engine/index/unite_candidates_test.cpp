// SPDX-License-Identifier: Apache-2.0
#include "engine/index/unite_candidates.hpp"

#include <gtest/gtest.h>

#include <array>

namespace pressmark::index {
namespace {

using Ids = std::vector<ImageId>;

Ids unite(const Ids& three, const Ids& one, std::size_t count) {
  return unite_candidates(std::array<RankingShare, 2>{{{three, 3}, {one, 1}}}, count);
}

TEST(UniteCandidatesTest, TakesFromEachInTurnAsManyAsItsShare) {
  EXPECT_EQ(unite(Ids{1, 2, 3, 4, 5, 6, 7}, Ids{11, 12, 13}, 100),
            (Ids{1, 2, 3, 11, 4, 5, 6, 12, 7, 13}));
}

TEST(UniteCandidatesTest, ListsNothingTwiceAndWastesNoTurn) {
  EXPECT_EQ(unite(Ids{1, 2, 3, 9, 5, 6}, Ids{2, 9, 1, 7, 8}, 100), (Ids{1, 2, 3, 9, 5, 6, 7, 8}));
}

TEST(UniteCandidatesTest, KeepsToTheBudget) {
  for (std::size_t count = 0; count <= 6; ++count) {
    EXPECT_EQ(unite(Ids{1, 2, 3, 4}, Ids{11, 12}, count).size(), count);
  }
  EXPECT_EQ(unite(Ids{1, 2, 3, 4}, Ids{11, 12}, 2), (Ids{1, 2}));
}

TEST(UniteCandidatesTest, AnEmptyRankingLeavesTheOther) {
  EXPECT_EQ(unite({}, Ids{4, 5}, 9), (Ids{4, 5}));
  EXPECT_EQ(unite(Ids{4, 5, 6, 7}, {}, 9), (Ids{4, 5, 6, 7}));
  EXPECT_EQ(unite({}, {}, 9), Ids{});
}

}  // namespace
}  // namespace pressmark::index
