// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/score_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

#include "engine/evaluate/ranking.hpp"

namespace pressmark::evaluation {
namespace {

ScoreCounts counts_of(std::initializer_list<float> mates, std::initializer_list<float> others) {
  ScoreCounts counts;
  for (const float score : mates) counts.add(score, true);
  for (const float score : others) counts.add(score, false);
  return counts;
}

TEST(ScoreCounts, AucIsTheShareOfPairsInOrder) {
  // 3 beats 2 of 2; 1 beats 1 of 2; equal to the other one counts one half.
  EXPECT_DOUBLE_EQ(*counts_of({3, 1}, {2, .5f}).auc(), 3.0 / 4);
  EXPECT_DOUBLE_EQ(*counts_of({3, 1}, {1, .5f}).auc(), 3.5 / 4);
  EXPECT_DOUBLE_EQ(*counts_of({1, 1}, {1}).auc(), .5);
  EXPECT_DOUBLE_EQ(*counts_of({-1}, {-2}).auc(), 1);
  EXPECT_DOUBLE_EQ(*counts_of({-1}, {1}).auc(), 0);
  EXPECT_DOUBLE_EQ(*counts_of({0.0f}, {-0.0f}).auc(), .5);
}

TEST(ScoreCounts, NothingIsSaidWithoutBothKinds) {
  EXPECT_FALSE(counts_of({1}, {}).auc());
  EXPECT_FALSE(counts_of({}, {1}).tpr_at_fpr(.5));
  EXPECT_TRUE(counts_of({}, {}).roc().empty());
}

TEST(ScoreCounts, ThresholdsLetThroughAtMostTheRate) {
  const ScoreCounts counts = counts_of({9, 7, 5, 1}, {8, 6, 4, 2});
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(0), 1.0 / 4);    // above 8
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(.24), 1.0 / 4);  // one of four is too many
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(.25), 2.0 / 4);  // above 6
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(.5), 3.0 / 4);
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(1), 1);
}

TEST(ScoreCounts, EqualsCannotBeSplitByAThreshold) {
  EXPECT_DOUBLE_EQ(*counts_of({5, 5, 9}, {5, 1}).tpr_at_fpr(0), 1.0 / 3);
}

TEST(ScoreCounts, WhatWasNotComparedPassesNoThreshold) {
  ScoreCounts counts = counts_of({kNotCompared, -3}, {kNotCompared, -5});
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(1), .5);
  EXPECT_DOUBLE_EQ(*counts.auc(), (1 + 1 + .5) / 4);
  counts.add(std::numeric_limits<float>::quiet_NaN(), true);
  EXPECT_DOUBLE_EQ(*counts.tpr_at_fpr(1), 1.0 / 3);
}

TEST(ScoreCounts, TellsScoresApartThatDifferByHalfAPercent) {
  for (const float score : {1e-6f, .01f, 1.0f, 77.0f, 1e5f}) {
    EXPECT_DOUBLE_EQ(*counts_of({score * 1.005f}, {score}).auc(), 1) << score;
    EXPECT_DOUBLE_EQ(*counts_of({-score}, {-score * 1.005f}).auc(), 1) << score;
  }
}

TEST(ScoreCounts, RocEndsAtOneAndBeginsWhereOneNonMateIs) {
  ScoreCounts counts;
  for (int i = 0; i < 1000; ++i) counts.add(static_cast<float>(i), false);
  for (int i = 0; i < 10; ++i) counts.add(static_cast<float>(50 + 100 * i), true);
  const std::vector<RocPoint> roc = counts.roc();
  ASSERT_EQ(roc.size(), 25u);  // three decades of eight, both ends
  EXPECT_NEAR(roc.front().false_positive_rate, .001, 1e-15);
  EXPECT_EQ(roc.back().false_positive_rate, 1);
  EXPECT_EQ(*roc.back().true_positive_rate, 1);
  for (std::size_t i = 1; i < roc.size(); ++i) {
    EXPECT_GT(roc[i].false_positive_rate, roc[i - 1].false_positive_rate);
    EXPECT_GE(*roc[i].true_positive_rate, *roc[i - 1].true_positive_rate);
  }
  // At a rate of .1 the threshold is about 900; one mate, 950, lies above.
  EXPECT_DOUBLE_EQ(*roc[16].true_positive_rate, .1);
}

TEST(ScoreCounts, HistogramHoldsEveryPairOnce) {
  const ScoreCounts counts = counts_of({0, 3, 99, kNotCompared}, {0, 0, -4, kNotCompared});
  const ScoreHistogram histogram = counts.histogram(20);
  ASSERT_EQ(histogram.edges.size(), 21u);
  EXPECT_LE(histogram.edges.front(), -4);
  EXPECT_GT(histogram.edges.back(), 99);
  EXPECT_EQ(histogram.mates_not_compared, 1);
  EXPECT_EQ(histogram.non_mates_not_compared, 1);
  std::int64_t mates = 0, others = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    mates += histogram.mates[i];
    others += histogram.non_mates[i];
    const bool holds_three = histogram.edges[i] <= 3 && 3 < histogram.edges[i + 1];
    const bool holds_zero = histogram.edges[i] <= 0 && 0 < histogram.edges[i + 1];
    EXPECT_EQ(histogram.non_mates[i] == 2, holds_zero) << i;
    if (holds_three) {
      EXPECT_EQ(histogram.mates[i], 1);
    }
  }
  EXPECT_EQ(mates, 3);
  EXPECT_EQ(others, 3);
  EXPECT_TRUE(counts_of({kNotCompared}, {}).histogram(20).edges.empty());
}

}  // namespace
}  // namespace pressmark::evaluation
