// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <set>

namespace pressmark::evaluation {
namespace {

TEST(Channels, HaveNamesOfTheirOwnAndEndWithWhatTheEngineGoesBy) {
  std::set<std::string_view> names;
  for (const ScoreChannel& channel : channels()) EXPECT_TRUE(names.insert(channel.name).second);
  EXPECT_EQ(channels().front().name, "local_raw");
  EXPECT_EQ(channels()[1].name, "local_relit");
  EXPECT_EQ(channels().back().name, "fused");
}

TEST(Channels, TakeFiguresAndVerdictFromTheVerification) {
  Verification verification;
  verification.raw.agreeing = 7;
  verification.relit.agreeing = 11;
  verification.dense.normalised = 6.5f;
  verification.evidence = -2.5;
  verification.score = 12.5;
  verification.verified = true;
  verification.mould.doubt = MouldDoubt::kNotTaught;
  const PairScores scores = scores_of(verification);
  EXPECT_TRUE(scores.verified);
  const float expected[] = {7, 11, 6.5f, -2.5f};
  ASSERT_EQ(channels().size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(scores.*channels()[i].mould, expected[i]) << channels()[i].name;
    EXPECT_EQ(scores.*channels()[i].design, expected[i]) << channels()[i].name;
  }
  EXPECT_FALSE(scores_of({}).verified);
}

TEST(Channels, TheMouldsScoreIsTheLogOddsThatDesignAndMouldAreBothTheSame) {
  const auto score = [](double design, double mould) {
    Verification verification;
    verification.evidence = design;
    verification.mould.evidence = mould;
    verification.mould.verdict = MouldVerdict::kDifferent;
    const PairScores scores = scores_of(verification);
    EXPECT_EQ(scores.mould, MouldVerdict::kDifferent);
    EXPECT_EQ(scores.fused_design, static_cast<float>(design));
    return static_cast<double>(scores.fused_mould);
  };
  const auto probability = [](double log_odds) { return 1 / (1 + std::exp(-log_odds)); };
  for (const double design : {-3.0, 0.5, 4.0}) {
    for (const double mould : {-2.0, 0.0, 3.0}) {
      EXPECT_NEAR(probability(score(design, mould)), probability(design) * probability(mould),
                  1e-6);
    }
  }
  // Within a design, which is sure, the mould decides; unrelated pairs stay below.
  EXPECT_NEAR(score(60, -2), -2, 1e-5);
  EXPECT_LT(score(-5, 3), score(10, -2));
  EXPECT_NEAR(score(-800, -900), -1700, 1e-2);
  EXPECT_NEAR(score(800, 900), 800, 1e-2);
}

}  // namespace
}  // namespace pressmark::evaluation
