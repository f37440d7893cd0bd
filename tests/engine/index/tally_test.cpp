// SPDX-License-Identifier: Apache-2.0
#include "engine/index/tally.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pressmark::index {
namespace {

Ballot ballot(std::int32_t weight, std::uint16_t keypoint, std::uint32_t place,
              std::uint16_t list = 0, std::uint8_t kind = 0, std::uint8_t rank = 0) {
  return {weight, place, list, keypoint, kind, rank};
}

std::vector<std::int32_t> weights_of(std::span<const Ballot> ballots) {
  std::vector<std::int32_t> weights;
  for (const Ballot& one : ballots) weights.push_back(one.weight);
  return weights;
}

TEST(TallyTest, WeighsRowsByTheSquaresOfTheirBallots) {
  Tally tally;
  tally.begin({10, 13}, 2);
  tally.add(0, 10, ballot(3, 0, 0));
  tally.add(0, 10, ballot(4, 1, 1));
  tally.add(1, 12, ballot(1 << 14, 0, 0));
  EXPECT_EQ(std::vector<std::int64_t>(tally.weights(0).begin(), tally.weights(0).end()),
            (std::vector<std::int64_t>{25, 0, 0}));
  EXPECT_EQ(tally.weights(1)[2], std::int64_t{1} << 28);
}

TEST(TallyTest, KeepsTheBallotsOfRowsThatWeighEnoughOfEachQuery) {
  Tally tally;
  for (int again = 0; again < 2; ++again) {
    tally.begin({10, 13}, 2);
    tally.add(0, 12, ballot(5, 0, 0));
    tally.add(1, 10, ballot(6, 0, 0));
    tally.add(0, 10, ballot(2, 0, 0));
    tally.add(0, 12, ballot(1, 1, 1));
    tally.add(1, 12, ballot(7, 0, 0));
    tally.keep(std::vector<std::int64_t>{25, 49});
    EXPECT_TRUE(tally.ballots(0, 10).empty());
    EXPECT_TRUE(tally.ballots(0, 11).empty());
    EXPECT_EQ(weights_of(tally.ballots(0, 12)), (std::vector<std::int32_t>{5, 1}));
    EXPECT_TRUE(tally.ballots(1, 10).empty());
    EXPECT_EQ(weights_of(tally.ballots(1, 12)), (std::vector<std::int32_t>{7}));
  }
}

std::vector<std::int32_t> distinct(std::vector<Ballot> ballots) {
  keep_distinct(ballots);
  return weights_of(ballots);
}

TEST(KeepDistinctTest, ACodeOfTheQueryHasOneBallotItsBest) {
  EXPECT_EQ(distinct({ballot(5, 1, 10), ballot(9, 1, 11), ballot(7, 1, 12)}),
            (std::vector<std::int32_t>{9}));
  // Of equally heavy ones that of the nearer word, then of the earlier place.
  std::vector<Ballot> equal{ballot(5, 1, 3, 8, 0, 2), ballot(5, 1, 9, 7, 0, 1),
                            ballot(5, 1, 4, 7, 0, 1)};
  keep_distinct(equal);
  ASSERT_EQ(equal.size(), 1u);
  EXPECT_EQ(equal[0].place, 4u);
}

TEST(KeepDistinctTest, AKeypointOfTheImageKeepsTheHeaviest) {
  EXPECT_EQ(distinct({ballot(5, 1, 10), ballot(9, 2, 10), ballot(7, 3, 11)}),
            (std::vector<std::int32_t>{9, 7}));
  std::vector<Ballot> equal{ballot(5, 4, 10), ballot(5, 2, 10)};
  keep_distinct(equal);
  ASSERT_EQ(equal.size(), 1u);
  EXPECT_EQ(equal[0].keypoint, 2);
}

TEST(KeepDistinctTest, HypothesesAndListsAreApart) {
  EXPECT_EQ(distinct({ballot(3, 1, 10, 2, 1), ballot(4, 1, 10, 2, 0), ballot(2, 2, 10, 1, 1)}),
            (std::vector<std::int32_t>{4, 2, 3}));
}

}  // namespace
}  // namespace pressmark::index
