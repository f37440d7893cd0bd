// SPDX-License-Identifier: Apache-2.0
#include "engine/index/geometric_votes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <utility>
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

float votes_of(const std::vector<Vote>& votes) {
  return find_agreement(votes).votes;
}

TEST(GeometricVotesTest, AllVotesOfOneSimilarityAgree) {
  for (const float rotation : {0.0f, 1.0f, 3.1f, -2.5f}) {
    for (const float scale : {0.5f, 1.0f, 1.7f}) {
      EXPECT_FLOAT_EQ(votes_of(planted(20, rotation, scale)), 20) << rotation << " " << scale;
    }
  }
}

TEST(GeometricVotesTest, ChanceVotesHardlyAgree) {
  EXPECT_LE(votes_of(random_votes(60)), 6);
  std::vector<Vote> votes = random_votes(60);
  for (const Vote& vote : planted(12, 0.7f, 1.2f)) votes.push_back(vote);
  EXPECT_GE(votes_of(votes), 12);
  EXPECT_LE(votes_of(votes), 16);
}

TEST(GeometricVotesTest, OtherPlaceScaleOrRotationDoesNotAgree) {
  const std::vector<Vote> five = planted(5, 0.3f, 1);
  const auto with = [&](auto change) {
    std::vector<Vote> votes = five;
    votes.push_back(moved(60, 60, 0.3f, 1));
    change(votes.back().candidate);
    return votes_of(votes);
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
  EXPECT_FLOAT_EQ(votes_of(votes), 3);
  add(vote_kind(0, true), 5);
  EXPECT_FLOAT_EQ(votes_of(votes), 5);
  add(vote_kind(1, true), 4);
  EXPECT_FLOAT_EQ(votes_of(votes), 9);
}

TEST(GeometricVotesTest, WeightsCount) {
  EXPECT_FLOAT_EQ(votes_of({}), 0);
  const std::vector<Vote> votes{moved(0, 0, 0, 1, 0, 2.5f), moved(50, 9, 0, 1, 0, 4)};
  EXPECT_FLOAT_EQ(votes_of(votes), 6.5f);
}

TEST(GeometricVotesTest, AgreementIsFoundAmongThousands) {
  std::vector<Vote> votes = random_votes(3000);
  for (Vote vote : planted(60, 2, 0.8f)) {
    vote.weight = 1.5f;
    votes.push_back(vote);
  }
  EXPECT_GE(votes_of(votes), 90);
}

// Where a position puts a point of the query.
std::pair<float, float> put(const VotedPosition& position, float x, float y) {
  const float scale = std::exp2(position.octaves);
  const float c = scale * std::cos(position.rotation_rad);
  const float s = scale * std::sin(position.rotation_rad);
  const float dx = x - position.query_x, dy = y - position.query_y;
  return {position.candidate_x + c * dx - s * dy, position.candidate_y + s * dx + c * dy};
}

TEST(GeometricVotesTest, TheFirstPositionIsFittedToTheVotesThatAgree) {
  std::vector<Vote> votes = random_votes(20);
  std::mt19937 random(7);
  for (Vote vote : planted(12, 2.9f, 0.8f)) {
    vote.candidate.x_px += static_cast<float>(random() % 9) - 4;
    vote.candidate.angle_rad += 0.02f * (static_cast<float>(random() % 9) - 4);
    votes.push_back(vote);
  }
  const Agreement agreement = find_agreement(votes);
  ASSERT_FALSE(agreement.positions.empty());
  const Vote exact = moved(150, 40, 2.9f, 0.8f);
  const auto [x, y] = put(agreement.positions[0], 150, 40);
  EXPECT_NEAR(x, exact.candidate.x_px, 5);
  EXPECT_NEAR(y, exact.candidate.y_px, 5);
  EXPECT_NEAR(std::remainder(agreement.positions[0].rotation_rad - 2.9f, 2 * std::numbers::pi), 0,
              0.04);
  EXPECT_NEAR(agreement.positions[0].octaves, std::log2(0.8f), 0.05);
}

TEST(GeometricVotesTest, FurtherPositionsAreOfVotesThatAgreeWithNoneBefore) {
  std::vector<Vote> votes = planted(9, 0.5f, 1);
  for (const Vote& vote : planted(5, -2, 1)) votes.push_back(vote);
  votes.push_back(moved(80, 80, 1.6f, 2));
  const Agreement agreement = find_agreement(votes);
  ASSERT_EQ(agreement.positions.size(), 3u);
  EXPECT_NEAR(agreement.positions[0].rotation_rad, 0.5f, 1e-3);
  EXPECT_NEAR(agreement.positions[1].rotation_rad, -2, 1e-3);
  EXPECT_NEAR(agreement.positions[2].rotation_rad, 1.6f, 1e-3);
  EXPECT_NEAR(agreement.positions[2].octaves, 1, 1e-3);
}

TEST(GeometricVotesTest, PositionsAreLimitedInNumber) {
  EXPECT_EQ(find_agreement(random_votes(500)).positions.size(), kVotedPositions);
  EXPECT_TRUE(find_agreement({}).positions.empty());
}

TEST(GeometricVotesTest, PositionsOfAnInvertedVoteComeFromItsTurnedKeypoint) {
  // The caller has turned the query's keypoint by pi: the position is that of the photo.
  Vote vote = moved(40, 30, 0.7f, 1, vote_kind(1, true));
  const Agreement agreement = find_agreement({&vote, 1});
  ASSERT_EQ(agreement.positions.size(), 1u);
  EXPECT_NEAR(agreement.positions[0].rotation_rad, 0.7f, 1e-4);
}

}  // namespace
}  // namespace pressmark::index
