// SPDX-License-Identifier: Apache-2.0
#include "engine/index/interleave.hpp"

#include <gtest/gtest.h>

namespace pressmark::index {
namespace {

using Ids = std::vector<ImageId>;

TEST(InterleaveTest, TakesTurnsAndListsNothingTwice) {
  const std::vector<Ids> rankings{{1, 2, 3, 4}, {3, 1, 5}};
  EXPECT_EQ(interleave(rankings, 100), (Ids{1, 3, 2, 5, 4}));
}

TEST(InterleaveTest, KeepsToTheBudget) {
  const std::vector<Ids> rankings{{1, 2, 3}, {4, 5, 6}};
  EXPECT_EQ(interleave(rankings, 3), (Ids{1, 4, 2}));
  EXPECT_EQ(interleave(rankings, 0), Ids{});
}

TEST(InterleaveTest, AnEmptyRankingLeavesTheOther) {
  const std::vector<Ids> rankings{{}, {4, 5}};
  EXPECT_EQ(interleave(rankings, 9), (Ids{4, 5}));
  EXPECT_EQ(interleave({}, 9), Ids{});
}

}  // namespace
}  // namespace pressmark::index
