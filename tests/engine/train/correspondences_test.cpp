// SPDX-License-Identifier: Apache-2.0
#include "engine/train/correspondences.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace pressmark::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr float kPi = std::numbers::pi_v<float>;
constexpr std::array<double, 9> kIdentity{1, 0, 0, 0, 1, 0, 0, 0, 1};
// A quarter turn clockwise with scale 2: (x, y) becomes (600 - 2 y, 2 x).
constexpr std::array<double, 9> kQuarterTurn{0, -2, 600, 2, 0, 0, 0, 0, 1};

Keypoint turned(const Keypoint& point) {
  return {600 - 2 * point.y_px, 2 * point.x_px, 2 * point.size_px, point.angle_rad + kPi / 2};
}

Keypoint with_angle(Keypoint point, float more) {
  point.angle_rad += more;
  return point;
}

const std::vector<Keypoint> kPoints{
    {100, 50, 4, 1}, {30, 80, 6, 6.2f}, {200, 120, 10, 3}, {150, 200, 5, 0.1f}};

std::vector<Keypoint> turned_points() {
  std::vector<Keypoint> points;
  for (auto point = kPoints.rbegin(); point != kPoints.rend(); ++point) {
    points.push_back(turned(*point));
  }
  return points;
}

TEST(CorrespondencesTest, FindsPlantedPairsWhateverTheirOrder) {
  const Correspondences found = find_correspondences(kPoints, turned_points(), kQuarterTurn, false);
  EXPECT_THAT(found.pairs, ElementsAre(Pair(0, 3), Pair(1, 2), Pair(2, 1), Pair(3, 0)));
  EXPECT_FALSE(found.inverted);
}

TEST(CorrespondencesTest, PlaceSizeAndAngleMustAgree) {
  const std::vector<Keypoint> from{{100, 100, 4, 1}};
  const auto found = [&](const Keypoint& to) {
    return !find_correspondences(from, {to}, kIdentity, true).pairs.empty();
  };
  EXPECT_TRUE(found({101.9f, 100, 4, 1}));
  EXPECT_FALSE(found({102.1f, 100, 4, 1}));
  EXPECT_TRUE(found({100, 100, 5.1f, 1}));
  EXPECT_FALSE(found({100, 100, 5.3f, 1}));
  EXPECT_FALSE(found({100, 100, 3, 1}));
  EXPECT_TRUE(found({100, 100, 4, 1.34f}));
  EXPECT_FALSE(found({100, 100, 4, 1.36f}));
  EXPECT_FALSE(found({100, 100, 4, 0.64f}));
  EXPECT_TRUE(found({100, 100, 4, 1 + 2 * kPi}));
}

TEST(CorrespondencesTest, LargeKeypointsMayLieFurtherApart) {
  const std::vector<Keypoint> from{{100, 100, 20, 1}};
  EXPECT_EQ(find_correspondences(from, {{105.9f, 100, 20, 1}}, kIdentity, false).pairs.size(), 1u);
  EXPECT_THAT(find_correspondences(from, {{106.1f, 100, 20, 1}}, kIdentity, false).pairs,
              IsEmpty());
}

TEST(CorrespondencesTest, TheNearestOfSeveralIsTaken) {
  const std::vector<Keypoint> from{{100, 100, 4, 1}};
  const std::vector<Keypoint> to{
      {101.5f, 100, 4, 1}, {100.5f, 100, 4, 1}, {100, 100, 4, 2}, {99, 100, 4, 1}};
  EXPECT_THAT(find_correspondences(from, to, kIdentity, false).pairs, ElementsAre(Pair(0, 1)));
}

TEST(CorrespondencesTest, InvertedContrastIsRecognisedWhereItIsAllowed) {
  std::vector<Keypoint> to = turned_points();
  for (Keypoint& point : to) point = with_angle(point, kPi);
  EXPECT_THAT(find_correspondences(kPoints, to, kQuarterTurn, false).pairs, IsEmpty());
  const Correspondences found = find_correspondences(kPoints, to, kQuarterTurn, true);
  EXPECT_TRUE(found.inverted);
  EXPECT_EQ(found.pairs.size(), 4u);
}

TEST(CorrespondencesTest, OneContrastHoldsForAllPairs) {
  std::vector<Keypoint> to = turned_points();
  to[0] = with_angle(to[0], kPi);
  const Correspondences found = find_correspondences(kPoints, to, kQuarterTurn, true);
  EXPECT_FALSE(found.inverted);
  EXPECT_THAT(found.pairs, ElementsAre(Pair(0, 3), Pair(1, 2), Pair(2, 1)));
}

TEST(CorrespondencesTest, PlacesBehindTheHorizonHaveNone) {
  const std::array<double, 9> horizon{1, 0, 0, 0, 1, 0, -0.01, 0, 1};
  EXPECT_THAT(find_correspondences({{100, 0, 4, 1}, {300, 0, 4, 1}}, kPoints, horizon, true).pairs,
              IsEmpty());
  EXPECT_THAT(find_correspondences({}, kPoints, kIdentity, true).pairs, IsEmpty());
  EXPECT_THAT(find_correspondences(kPoints, {}, kIdentity, true).pairs, IsEmpty());
}

}  // namespace
}  // namespace pressmark::train
