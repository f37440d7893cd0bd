// SPDX-License-Identifier: Apache-2.0
#include "engine/report/inlier_drawing.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/engine/report/report_fixture.hpp"

namespace pressmark::report {
namespace {

using test::count_of;

std::vector<Inlier> grid(int side) {
  std::vector<Inlier> inliers;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
      inliers.push_back({fx, fy, fx, fy});
    }
  }
  return inliers;
}

TEST(InlierDrawing, FewInliersAreAllKeptInTheirOrder) {
  const std::vector<Inlier> inliers = grid(3);
  const std::vector<Inlier> kept = thin_evenly(inliers, 9);
  ASSERT_EQ(kept.size(), 9u);
  EXPECT_EQ(kept[1].query_x, 1);
}

TEST(InlierDrawing, ThinningKeepsEveryPartOfThePicture) {
  const std::vector<Inlier> kept = thin_evenly(grid(64), 256);
  ASSERT_EQ(kept.size(), 256u);
  std::array<int, 16> quarters{};
  for (const Inlier& inlier : kept) {
    ++quarters[static_cast<std::size_t>(inlier.query_y / 16) * 4 +
               static_cast<std::size_t>(inlier.query_x / 16)];
  }
  for (int count : quarters) {
    EXPECT_GE(count, 12);
    EXPECT_LE(count, 20);
  }
}

TEST(InlierDrawing, OneLineAndTwoDotsForEachInlier) {
  const DisplayFrame frame = display_frame(100, 100);
  const std::string marks = draw_inliers(grid(4), side_by_side(frame, frame));
  EXPECT_EQ(count_of(marks, "<path class=\"l\""), 16u);
  EXPECT_EQ(count_of(marks, "<circle class=\"d\""), 32u);
}

TEST(InlierDrawing, DotsLieOnThePixelCentresOfBothPictures) {
  const DisplayFrame query = display_frame(640, 480), hit = display_frame(1280, 960);
  const Inlier inlier{10, 20, 30, 40};
  const std::string marks = draw_inliers(std::span(&inlier, 1), side_by_side(query, hit));
  EXPECT_NE(marks.find("M10.5 20.5L679.2 20.2"), std::string::npos) << marks;
}

TEST(InlierDrawing, ACellIsASquareInTheQueryAndTheTransformsParallelogramInTheHit) {
  const DisplayFrame frame = display_frame(640, 640);
  Transform transform;
  transform.hit_from_query = {0, -2, 400, 1, 0, 30, 0, 0, 1};
  const CongruentCell cell{100, 200, 50, 60, 20, 0.8f, true};
  const std::string cells = draw_cells(std::span(&cell, 1), transform, side_by_side(frame, frame));
  EXPECT_NE(cells.find("class=\"c a\" points=\"90.5,190.5 110.5,190.5 110.5,210.5 90.5,210.5\""),
            std::string::npos)
      << cells;
  // 664 px to the right; corner (-10, -10) goes to (20, -10).
  EXPECT_NE(cells.find("points=\"734.5,50.5 734.5,70.5 694.5,70.5 694.5,50.5\""), std::string::npos)
      << cells;
}

TEST(InlierDrawing, InliersThatAreNotNumbersAreLeftOut) {
  std::vector<Inlier> inliers = grid(2);
  inliers[0].hit_x = std::numeric_limits<float>::infinity();
  inliers[1].query_y = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(thin_evenly(inliers, 100).size(), 2u);
  EXPECT_TRUE(thin_evenly({}, 100).empty());
}

}  // namespace
}  // namespace pressmark::report
