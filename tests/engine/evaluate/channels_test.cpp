// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <gtest/gtest.h>

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
  verification.evidence = -2.5;
  verification.score = 12.5;
  verification.verified = true;
  const PairScores scores = scores_of(verification);
  EXPECT_TRUE(scores.verified);
  const float expected[] = {7, 11, -2.5f};
  ASSERT_EQ(channels().size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(scores.*channels()[i].mould, expected[i]) << channels()[i].name;
    EXPECT_EQ(scores.*channels()[i].design, expected[i]) << channels()[i].name;
  }
  EXPECT_FALSE(scores_of({}).verified);
}

}  // namespace
}  // namespace pressmark::evaluation
