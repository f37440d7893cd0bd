// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/guided_match.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace pressmark::verify {
namespace {

constexpr double kRadius_px = 4;
// A quarter turn clockwise with scale 2: (x, y) becomes (600 - 2 y, 2 x).
constexpr Matrix3 kQuarterTurn{0, -2, 600, 2, 0, 0, 0, 0, 1};
constexpr float kQuarter = std::numbers::pi_v<float> / 2;

void add_code(LocalCodes& local, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int d = 0; d < kLocalCodeSize; ++d) {
    local.codes.push_back(static_cast<std::int8_t>(random() % 2 == 0 ? 16 : -16));
  }
}

class GuidedMatchTest : public testing::Test {
 protected:
  // A keypoint of the query and its counterpart in the hit under kQuarterTurn, with equal codes.
  Keypoint& add_pair(float x, float y, std::uint64_t code) {
    query_.keypoints.push_back({x, y, 5, 1});
    add_code(query_, code);
    hit_.keypoints.push_back({600 - 2 * y, 2 * x, 10, 1 + kQuarter});
    add_code(hit_, code);
    return hit_.keypoints.back();
  }

  std::size_t matches() const {
    return guided_match(query_, hit_, kQuarterTurn, kRadius_px).matches.size();
  }

  LocalCodes query_, hit_;
};

TEST_F(GuidedMatchTest, FindsPairsWhereTheMapSays) {
  for (int i = 0; i < 30; ++i) {
    add_pair(static_cast<float>(9 * i + 5), static_cast<float>(280 - 9 * i),
             static_cast<std::uint64_t>(i));
  }
  const GuidedMatches found = guided_match(query_, hit_, kQuarterTurn, kRadius_px);
  ASSERT_EQ(found.matches.size(), 30u);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(found.matches[static_cast<std::size_t>(i)], (kernels::CodeMatch{i, i, 0}));
  }
  EXPECT_EQ(found.expected, std::vector<char>(30, 1));
}

TEST_F(GuidedMatchTest, EqualCodesElsewhereDoNotDisturb) {
  // One code everywhere: a repeated pattern, which the ratio test must give up.
  for (int i = 0; i < 10; ++i) add_pair(static_cast<float>(20 * i + 20), 100, 1);
  EXPECT_EQ(matches(), 10u);
}

TEST_F(GuidedMatchTest, PlaceOrientationSizeAndCodeMustFit) {
  const Keypoint right = add_pair(100, 100, 1);
  EXPECT_EQ(matches(), 1u);
  hit_.keypoints[0].x_px = right.x_px + 3.9f;
  EXPECT_EQ(matches(), 1u);
  hit_.keypoints[0].x_px = right.x_px + 4.1f;
  EXPECT_EQ(matches(), 0u);
  hit_.keypoints[0] = right;
  hit_.keypoints[0].angle_rad = right.angle_rad + 0.7f;
  EXPECT_EQ(matches(), 0u);
  hit_.keypoints[0] = right;
  hit_.keypoints[0].size_px = 5;
  EXPECT_EQ(matches(), 0u);
  hit_.keypoints[0] = right;
  for (std::int8_t& value : hit_.codes) value = static_cast<std::int8_t>(-value);
  const GuidedMatches unlike = guided_match(query_, hit_, kQuarterTurn, kRadius_px);
  EXPECT_TRUE(unlike.matches.empty());
  EXPECT_EQ(unlike.expected, std::vector<char>{1});
}

TEST_F(GuidedMatchTest, AnglesAreComparedAcrossTheFullTurn) {
  Keypoint& hit = add_pair(100, 100, 1);
  query_.keypoints[0].angle_rad = 6.2f - kQuarter;
  hit.angle_rad = 0.1f;
  EXPECT_EQ(matches(), 1u);
}

TEST_F(GuidedMatchTest, EachKeypointMatchesOnce) {
  add_pair(100, 100, 1);
  query_.keypoints.push_back({101, 100, 5, 1});
  add_code(query_, 1);
  const GuidedMatches found = guided_match(query_, hit_, kQuarterTurn, kRadius_px);
  ASSERT_EQ(found.matches.size(), 1u);
  EXPECT_EQ(found.matches[0].query, 0);
  EXPECT_EQ(found.expected, (std::vector<char>{1, 1}));
}

TEST_F(GuidedMatchTest, PlacesOutsideTheHitHaveNoCounterpart) {
  add_pair(100, 100, 1);
  const Matrix3 away{1, 0, 1e7, 0, 1, -1e7, 0, 0, 1}, behind{1, 0, 0, 0, 1, 0, 0, 0, -1};
  EXPECT_TRUE(guided_match(query_, hit_, away, kRadius_px).matches.empty());
  EXPECT_TRUE(guided_match(query_, hit_, behind, kRadius_px).matches.empty());
}

TEST_F(GuidedMatchTest, NoKeypointsGiveNoMatches) {
  const GuidedMatches none = guided_match(query_, hit_, kQuarterTurn, kRadius_px);
  EXPECT_TRUE(none.matches.empty());
  EXPECT_TRUE(none.expected.empty());
}

}  // namespace
}  // namespace pressmark::verify
