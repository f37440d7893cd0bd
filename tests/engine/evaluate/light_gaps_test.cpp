// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/light_gaps.hpp"

#include <gtest/gtest.h>

namespace pressmark::evaluation {
namespace {

TEST(LightGaps, AreFoldedToHalfATurn) {
  EXPECT_DOUBLE_EQ(light_gap_deg(10, 50), 40);
  EXPECT_DOUBLE_EQ(light_gap_deg(350, 10), 20);
  EXPECT_DOUBLE_EQ(light_gap_deg(0, 180), 180);
  EXPECT_DOUBLE_EQ(light_gap_deg(0, 270), 90);
  EXPECT_DOUBLE_EQ(light_gap_deg(-90, 720), 90);
}

TEST(LightGaps, BinsHoldTheirLowerEdge) {
  LightGaps gaps;
  for (const double gap : {0.0, 29.9, 30.0, 60.0, 119.0, 120.0, 150.0, 180.0}) {
    gaps.add(gap, nullptr);
  }
  std::vector<std::int64_t> pairs;
  for (const LightGapFigures& bin : gaps.figures()) pairs.push_back(bin.pairs);
  EXPECT_EQ(pairs, (std::vector<std::int64_t>{2, 1, 2, 1, 2}));
}

TEST(LightGaps, PairsThatWereNotComparedCountAsZero) {
  LightGaps gaps;
  PairScores scores;
  scores.local_raw = 12;
  scores.verified = true;
  gaps.add(40, &scores);
  gaps.add(40, nullptr);
  const LightGapFigures bin = gaps.figures()[1];
  EXPECT_EQ(bin.from_deg, 30);
  EXPECT_EQ(bin.to_deg, 60);
  EXPECT_DOUBLE_EQ(*bin.verified, .5);
  EXPECT_DOUBLE_EQ(*bin.mean_scores[0], 6);
  EXPECT_FALSE(gaps.figures()[0].verified);
  EXPECT_FALSE(gaps.figures()[0].mean_scores[0]);
}

}  // namespace
}  // namespace pressmark::evaluation
