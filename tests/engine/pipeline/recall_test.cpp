// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/recall.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace pressmark::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Ids = std::vector<ImageId>;

Ids counted(ImageId first, std::size_t count) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

TEST(ShareFound, DoesNotDependOnTheOrder) {
  EXPECT_EQ(share_found(Ids{5, 1, 9, 3}, Ids{9, 7, 5}), 0.5);
  EXPECT_EQ(share_found(Ids{1, 2}, Ids{2, 1, 3}), 1);
  EXPECT_EQ(share_found(Ids{1}, Ids{}), 0);
}

TEST(ShareFound, IsOneWhereNothingIsExpected) {
  EXPECT_EQ(share_found(Ids{}, Ids{1}), 1);
}

TEST(WilsonInterval, IsThatOfTheFormula) {
  const auto [low, high] = wilson_interval(0.9, 100);
  EXPECT_NEAR(low, 0.8256, 1e-4);
  EXPECT_NEAR(high, 0.9448, 1e-4);
}

TEST(WilsonInterval, OfAllOrNothingStaysWithinBounds) {
  EXPECT_NEAR(wilson_interval(1, 10).first, 0.7225, 1e-4);
  EXPECT_NEAR(wilson_interval(1, 10).second, 1, 1e-12);
  EXPECT_LE(wilson_interval(1, 10).second, 1);
  EXPECT_NEAR(wilson_interval(0, 10).second, 0.2775, 1e-4);
  EXPECT_GE(wilson_interval(0, 10).first, 0);
}

TEST(CandidateTally, CountsFirstCandidatesAtEachDepth) {
  CandidateTally tally(100'000);
  EXPECT_EQ(tally.deepest(), 1000);
  const Ids thorough = counted(1, 1000);
  tally.add(thorough, thorough);
  // Another 5 of the first 10, 50 of the first 100, and all of the first 1000 in another order.
  Ids fast = thorough;
  std::rotate(fast.begin(), fast.begin() + 5, fast.end());        // 6..1000, 1..5
  std::rotate(fast.begin() + 50, fast.begin() + 95, fast.end());  // 6..55, 101..1000, 1..5, 56..100
  tally.add(thorough, fast);
  const CandidateAudit audit = tally.result();
  EXPECT_EQ(audit.queries, 2);
  ASSERT_EQ(audit.first.size(), 3u);
  EXPECT_EQ(audit.first[0].k, 10);
  EXPECT_EQ(audit.first[0].recall, 0.75);
  EXPECT_EQ(audit.first[0].worst_query, 0.5);
  EXPECT_EQ(audit.first[1].k, 100);
  EXPECT_EQ(audit.first[1].recall, 0.75);
  EXPECT_EQ(audit.first[2].k, 1000);
  EXPECT_EQ(audit.first[2].recall, 1);
  EXPECT_EQ(audit.first[2].worst_query, 1);
  EXPECT_LT(audit.first[0].recall_low, 0.75);
  EXPECT_GT(audit.first[0].recall_high, 0.75);
}

TEST(CandidateTally, HasNoFiguresForAsManyCandidatesAsThereAreImages) {
  EXPECT_THAT(CandidateTally(10).result().first, IsEmpty());
  EXPECT_EQ(CandidateTally(10).deepest(), 0);
  EXPECT_EQ(CandidateTally(11).deepest(), 10);
  EXPECT_EQ(CandidateTally(1000).deepest(), 100);
}

TEST(CandidateTally, MissesNothingWithoutQueries) {
  const CandidateAudit audit = CandidateTally(1000).result();
  EXPECT_EQ(audit.first.front().recall, 1);
  EXPECT_EQ(audit.first.front().recall_low, 1);
  EXPECT_EQ(audit.first.front().worst_query, 1);
}

TEST(CandidateTally, VerifiesTheFirstOfEitherSearch) {
  EXPECT_THAT(CandidateTally::to_verify(Ids{7, 3}, Ids{5, 3}), ElementsAre(3, 5, 7));
  const Ids first = counted(1, 150), second = counted(51, 150);
  EXPECT_EQ(CandidateTally::to_verify(first, second), counted(1, 150));  // 1..100 and 51..150
}

TEST(CandidateTally, ALinkBeyondTheComparedCandidatesIsMissed) {
  CandidateTally tally(100'000);
  const Ids fast = counted(1, 1000);
  tally.add_links(Ids{1, 100, 101, 5000}, fast);
  tally.add_links(Ids{2}, fast);
  EXPECT_EQ(tally.result().links, 5);
  EXPECT_EQ(tally.result().links_found, 3);
}

}  // namespace
}  // namespace pressmark::pipeline
