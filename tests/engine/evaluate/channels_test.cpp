// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pressmark::evaluation {
namespace {

TEST(Channels, HaveNamesOfTheirOwnAndEndWithWhatTheEngineGoesBy) {
  std::set<std::string_view> names;
  for (const ScoreChannel& channel : channels()) EXPECT_TRUE(names.insert(channel.name).second);
  EXPECT_EQ(channels().front().name, "local_raw");
  EXPECT_EQ(channels().back().name, "fused");
}

TEST(Channels, TakeScoreAndVerdictFromTheVerification) {
  Verification verification;
  verification.score = 12.5;
  verification.verified = true;
  const PairScores scores = scores_of(verification);
  EXPECT_TRUE(scores.verified);
  EXPECT_EQ(scores.*channels().front().mould, 12.5f);
  EXPECT_EQ(scores.*channels().back().design, 12.5f);
  EXPECT_FALSE(scores_of({}).verified);
}

}  // namespace
}  // namespace pressmark::evaluation
