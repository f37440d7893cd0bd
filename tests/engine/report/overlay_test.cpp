// SPDX-License-Identifier: Apache-2.0
#include "engine/report/overlay.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>

namespace pressmark::report {
namespace {

// Reads the text as a browser does, and moves a point of the element's plane z = 0.
Point apply_css(const std::string& text, Point point) {
  const std::string_view prefix = "matrix3d(";
  EXPECT_EQ(text.substr(0, prefix.size()), prefix);
  std::istringstream in(text.substr(prefix.size()));
  std::array<double, 16> m{};
  for (double& value : m) {
    in >> value;
    in.get();
  }
  EXPECT_TRUE(in);
  const double w = m[3] * point.x + m[7] * point.y + m[15];
  EXPECT_GT(w, 0);
  return {(m[0] * point.x + m[4] * point.y + m[12]) / w,
          (m[1] * point.x + m[5] * point.y + m[13]) / w};
}

Point apply_photo(const Transform& transform, double x, double y) {
  return apply(transform.hit_from_query, {x, y});
}

void expect_planted(const Transform& transform, int query_width, int query_height, int hit_width,
                    int hit_height) {
  const DisplayFrame query = display_frame(query_width, query_height);
  const DisplayFrame hit = display_frame(hit_width, hit_height);
  const auto matrix = display_transform(transform, query, hit);
  ASSERT_TRUE(matrix);
  const std::string css = css_matrix3d(*matrix);
  for (double x : {-.5, .0, .3 * query_width, query_width - .5}) {
    for (double y : {-.5, .0, .7 * query_height, query_height - .5}) {
      const Point in_hit = apply_photo(transform, x, y);
      const Point expected = hit.place(in_hit.x, in_hit.y);
      const Point shown = apply_css(css, query.place(x, y));
      EXPECT_NEAR(shown.x, expected.x, 1e-4);
      EXPECT_NEAR(shown.y, expected.y, 1e-4);
    }
  }
  const auto corners = warped_corners(*matrix, query);
  ASSERT_TRUE(corners);
  const Point last = apply_photo(transform, query_width - .5, query_height - .5);
  EXPECT_NEAR((*corners)[2].x, hit.place(last.x, last.y).x, 1e-6);
  EXPECT_NEAR((*corners)[2].y, hit.place(last.x, last.y).y, 1e-6);
}

TEST(Overlay, FramesHaveTheLayoutsLongSideAndCoverThePhotoExactly) {
  const DisplayFrame frame = display_frame(4000, 3001);
  EXPECT_EQ(frame.width, kDisplayLongSidePx);
  EXPECT_EQ(frame.height, 480);
  EXPECT_DOUBLE_EQ(frame.place(-.5, -.5).x, 0);
  EXPECT_DOUBLE_EQ(frame.place(3999.5, 3000.5).x, frame.width);
  EXPECT_DOUBLE_EQ(frame.place(3999.5, 3000.5).y, frame.height);
  EXPECT_EQ(display_frame(1, 30'000).width, 1);
  EXPECT_EQ(display_frame(0, 0).height, 480);
}

TEST(Overlay, SimilarityMovesQueryPointsToTheirPlacesInTheHit) {
  Transform t;
  t.hit_from_query = {.6 * std::cos(.4),
                      -.6 * std::sin(.4),
                      250,
                      .6 * std::sin(.4),
                      .6 * std::cos(.4),
                      -31,
                      0,
                      0,
                      1};
  expect_planted(t, 4000, 3000, 1024, 2048);
}

TEST(Overlay, AffineMapMovesQueryPointsToTheirPlacesInTheHit) {
  Transform t;
  t.hit_from_query = {1.3, .2, -14, -.4, .8, 77, 0, 0, 1};
  expect_planted(t, 801, 641, 333, 777);
}

TEST(Overlay, HomographyMovesQueryPointsToTheirPlacesInTheHit) {
  Transform t;
  t.hit_from_query = {.9, .12, 33, -.2, 1.1, 12, 2e-4, -1.5e-4, 1};
  expect_planted(t, 800, 640, 1600, 1200);
}

TEST(Overlay, NegativeHomogeneousScaleIsTheSameTransform) {
  Transform t;
  t.hit_from_query = {-.9, -.12, -33, .2, -1.1, -12, -2e-4, 1.5e-4, -1};
  expect_planted(t, 800, 640, 1600, 1200);
}

TEST(Overlay, UnusableTransformsGiveNothing) {
  const DisplayFrame frame = display_frame(640, 480);
  Transform t;
  t.hit_from_query[2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(display_transform(t, frame, frame));
  t.hit_from_query = {};
  EXPECT_FALSE(display_transform(t, frame, frame));
  t.hit_from_query = {1, 2, 0, 2, 4, 0, 0, 0, 1};  // singular
  EXPECT_FALSE(display_transform(t, frame, frame));
}

TEST(Overlay, NoOutlineWhereACornerLiesBehindInfinity) {
  const DisplayFrame frame = display_frame(640, 480);
  Transform t;
  t.hit_from_query = {1, 0, 0, 0, 1, 0, -.002, 0, 1};  // weight 0 at x = 500
  const auto matrix = display_transform(t, frame, frame);
  ASSERT_TRUE(matrix);
  EXPECT_FALSE(warped_corners(*matrix, frame));
}

}  // namespace
}  // namespace pressmark::report
