// SPDX-License-Identifier: Apache-2.0
#include "engine/index/geometric_votes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

namespace pressmark::index {
namespace {

// The vote of a keypoint at (x, y) that a similarity moves: turned, scaled, shifted by (100, 50).
Vote moved(float x, float y, float rotation, float scale, int kind = 0, float weight = 1) {
  const float c = scale * std::cos(rotation), s = scale * std::sin(rotation);
  const float angle = 0.01f * x;
  return {kind,
          weight,
          {x, y, 8, angle},
          {c * x - s * y + 100, s * x + c * y + 50, 8 * scale, angle + rotation}};
}

std::vector<Vote> planted(int count, float rotation, float scale) {
  std::vector<Vote> votes;
  for (int i = 0; i < count; ++i) {
    votes.push_back(
        moved(static_cast<float>(37 * i % 211), static_cast<float>(53 * i % 197), rotation, scale));
  }
  return votes;
}

std::vector<Vote> random_votes(int count) {
  std::mt19937 random(5);
  const auto in = [&](float low, float high) {
    return low + (high - low) * static_cast<float>(random() % 10'000) / 10'000;
  };
  std::vector<Vote> votes;
  for (int i = 0; i < count; ++i) {
    votes.push_back({static_cast<int>(random() % kVoteKinds),
                     1,
                     {in(0, 512), in(0, 512), in(4, 32), in(0, 6.28f)},
                     {in(0, 512), in(0, 512), in(4, 32), in(0, 6.28f)}});
  }
  return votes;
}

TEST(GeometricVotesTest, AllVotesOfOneSimilarityAgree) {
  for (const float rotation : {0.0f, 1.0f, 3.1f, -2.5f}) {
    for (const float scale : {0.5f, 1.0f, 1.7f}) {
      EXPECT_FLOAT_EQ(agreeing_votes(planted(20, rotation, scale)), 20) << rotation << " " << scale;
    }
  }
}

TEST(GeometricVotesTest, ChanceVotesHardlyAgree) {
  EXPECT_LE(agreeing_votes(random_votes(60)), 6);
  std::vector<Vote> votes = random_votes(60);
  for (const Vote& vote : planted(12, 0.7f, 1.2f)) votes.push_back(vote);
  EXPECT_GE(agreeing_votes(votes), 12);
  EXPECT_LE(agreeing_votes(votes), 16);
}

TEST(GeometricVotesTest, OtherPlaceScaleOrRotationDoesNotAgree) {
  const std::vector<Vote> five = planted(5, 0.3f, 1);
  const auto with = [&](auto change) {
    std::vector<Vote> votes = five;
    votes.push_back(moved(60, 60, 0.3f, 1));
    change(votes.back().candidate);
    return agreeing_votes(votes);
  };
  EXPECT_FLOAT_EQ(with([](Keypoint&) {}), 6);
  EXPECT_FLOAT_EQ(with([](Keypoint& k) { k.x_px += 150; }), 5);
  EXPECT_FLOAT_EQ(with([](Keypoint& k) { k.size_px *= 2; }), 5);
  EXPECT_FLOAT_EQ(with([](Keypoint& k) { k.angle_rad += 1; }), 5);
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  EXPECT_FLOAT_EQ(with([](Keypoint& k) { k.angle_rad += kTurn; }), 6);
}

TEST(GeometricVotesTest, ChannelsAddUpButTheHypothesesOfOneDoNot) {
  std::vector<Vote> votes;
  const auto add = [&](int kind, int count) {
    for (int i = 0; i < count; ++i) {
      votes.push_back(
          moved(static_cast<float>(20 * i), static_cast<float>(9 * i * i), 0.5f, 1, kind));
    }
  };
  add(vote_kind(0, false), 3);
  EXPECT_FLOAT_EQ(agreeing_votes(votes), 3);
  add(vote_kind(0, true), 5);
  EXPECT_FLOAT_EQ(agreeing_votes(votes), 5);
  add(vote_kind(1, true), 4);
  EXPECT_FLOAT_EQ(agreeing_votes(votes), 9);
}

TEST(GeometricVotesTest, WeightsCount) {
  EXPECT_FLOAT_EQ(agreeing_votes({}), 0);
  const std::vector<Vote> votes{moved(0, 0, 0, 1, 0, 2.5f), moved(50, 9, 0, 1, 0, 4)};
  EXPECT_FLOAT_EQ(agreeing_votes(votes), 6.5f);
}

TEST(GeometricVotesTest, AgreementIsFoundAmongThousands) {
  std::vector<Vote> votes = random_votes(3000);
  for (Vote vote : planted(60, 2, 0.8f)) {
    vote.weight = 1.5f;
    votes.push_back(vote);
  }
  EXPECT_GE(agreeing_votes(votes), 90);
}

}  // namespace
}  // namespace pressmark::index
