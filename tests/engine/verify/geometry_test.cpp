// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/geometry.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pressmark::verify {
namespace {

constexpr Matrix3 kMap{0.9, 0.1, 20, -0.05, 1.1, 10, 4e-4, -3e-4, 1};

TEST(HullAreaTest, KnownShapes) {
  EXPECT_EQ(hull_area({}), 0);
  EXPECT_EQ(hull_area({{1, 1}, {2, 2}}), 0);
  EXPECT_DOUBLE_EQ(hull_area({{0, 0}, {4, 0}, {0, 3}}), 6);
  EXPECT_DOUBLE_EQ(hull_area({{0, 0}, {2, 2}, {2, 0}, {0, 2}}), 4);
}

TEST(HullAreaTest, InnerAndRepeatedPointsDoNotCount) {
  EXPECT_DOUBLE_EQ(
      hull_area({{5, 5}, {0, 0}, {10, 0}, {5, 0}, {10, 10}, {0, 0}, {0, 10}, {3, 4}, {0, 10}}),
      100);
}

TEST(HullAreaTest, DegenerateSetsHaveNoArea) {
  EXPECT_EQ(hull_area({{0, 0}, {1, 1}, {2, 2}, {5, 5}}), 0);
  EXPECT_EQ(hull_area({{3, 3}, {3, 3}, {3, 3}, {3, 3}}), 0);
}

TEST(MapPointTest, DividesAndRefusesTheHorizon) {
  Point to;
  ASSERT_TRUE(map_point(kMap, {100, 200}, to));
  EXPECT_DOUBLE_EQ(to.x, (90 + 20 + 20) / (1 + 0.04 - 0.06));
  EXPECT_DOUBLE_EQ(to.y, (-5 + 220 + 10) / (1 + 0.04 - 0.06));
  EXPECT_FALSE(map_point(kMap, {-2500, 0}, to));
  EXPECT_FALSE(map_point(kMap, {-9000, 0}, to));
}

TEST(LocalScaleRotationTest, OfASimilarityIsTheSameEverywhere) {
  const double angle = 0.5, scale = 1.7;
  const Matrix3 map{scale * std::cos(angle),
                    -scale * std::sin(angle),
                    5,
                    scale * std::sin(angle),
                    scale * std::cos(angle),
                    9,
                    0,
                    0,
                    1};
  for (Point at : {Point{0, 0}, Point{300, -20}}) {
    double found_scale, rotation_deg;
    local_scale_rotation(map, at, found_scale, rotation_deg);
    EXPECT_NEAR(found_scale, scale, 1e-12);
    EXPECT_NEAR(rotation_deg, angle * 180 / M_PI, 1e-9);
  }
}

TEST(LocalScaleRotationTest, OfAHomographyEqualsNumericalDerivatives) {
  const Point at{120, 80};
  constexpr double kStep = 1e-4;
  Point origin, right, down;
  ASSERT_TRUE(map_point(kMap, at, origin));
  ASSERT_TRUE(map_point(kMap, {at.x + kStep, at.y}, right));
  ASSERT_TRUE(map_point(kMap, {at.x, at.y + kStep}, down));
  const double a = (right.x - origin.x) / kStep, c = (right.y - origin.y) / kStep;
  const double b = (down.x - origin.x) / kStep, d = (down.y - origin.y) / kStep;
  double scale, rotation_deg;
  local_scale_rotation(kMap, at, scale, rotation_deg);
  EXPECT_NEAR(scale, std::sqrt(a * d - b * c), 1e-5);
  EXPECT_NEAR(rotation_deg, std::atan2(c - b, a + d) * 180 / M_PI, 1e-3);
}

Description placed(double scale, double x, double y) {
  Description description;
  description.photo_scale = scale;
  description.photo_origin_x = x;
  description.photo_origin_y = y;
  return description;
}

Point to_photo(const Description& description, Point canonical) {
  const double scale = description.photo_scale;
  return {description.photo_origin_x + scale * (canonical.x + 0.5) - 0.5,
          description.photo_origin_y + scale * (canonical.y + 0.5) - 0.5};
}

TEST(ToPhotoPixelsTest, MapsWhatTheCanonicalMapMaps) {
  const Description query = placed(3.7, 140, 20), hit = placed(2.25, 0, 610);
  const Matrix3 map = to_photo_pixels(kMap, query, hit);
  EXPECT_EQ(map[8], 1);
  for (Point canonical : {Point{0, 0}, Point{511, 0}, Point{100.25, 380}, Point{-0.5, -0.5}}) {
    Point expected, found;
    ASSERT_TRUE(map_point(kMap, canonical, expected));
    ASSERT_TRUE(map_point(map, to_photo(query, canonical), found));
    EXPECT_NEAR(found.x, to_photo(hit, expected).x, 1e-8);
    EXPECT_NEAR(found.y, to_photo(hit, expected).y, 1e-8);
  }
}

TEST(ToPhotoPixelsTest, UndoesItself) {
  const Description query = placed(4, 10, 30), hit = placed(0.5, 7, 8);
  const Matrix3 there = to_photo_pixels(kMap, query, hit);
  // The description whose photo is the canonical image of another.
  const auto inverse = [](const Description& d) {
    const double scale = 1 / d.photo_scale;
    return placed(scale, -d.photo_origin_x * scale, -d.photo_origin_y * scale);
  };
  const Matrix3 back = to_photo_pixels(there, inverse(query), inverse(hit));
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(back[i], kMap[i], 1e-9);
}

TEST(ToPhotoPixelsTest, FullSizePhotosKeepTheMap) {
  const Matrix3 map = to_photo_pixels(kMap, placed(1, 0, 0), placed(1, 0, 0));
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(map[i], kMap[i], 1e-12);
}

}  // namespace
}  // namespace pressmark::verify
