// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::kernels {
namespace {

TEST(KeypointGrid, EveryStepSurvivesTheWayThroughPixelsAndAngles) {
  for (int i = 0; i <= 0xffff; ++i) {
    const auto steps = static_cast<std::uint16_t>(i);
    ASSERT_EQ(grid_from_px(px_from_grid(steps)), steps);
    ASSERT_EQ(grid_from_angle(angle_from_grid(steps)), steps);
  }
}

TEST(KeypointGrid, RoundsToTheNearestStep) {
  EXPECT_EQ(grid_from_px(1.0f), 64);
  EXPECT_EQ(grid_from_px(1.0f + 0.4f / 64), 64);
  EXPECT_EQ(grid_from_px(1.0f + 0.6f / 64), 65);
}

TEST(KeypointGrid, ClampsWhatLiesOutside) {
  EXPECT_EQ(grid_from_px(-0.01f), 0);
  EXPECT_EQ(grid_from_px(-1e9f), 0);
  EXPECT_EQ(grid_from_px(1023.99f), 65535);
  EXPECT_EQ(grid_from_px(1024.0f), 65535);
  EXPECT_EQ(grid_from_px(std::numeric_limits<float>::infinity()), 65535);
  EXPECT_EQ(grid_from_px(std::numeric_limits<float>::quiet_NaN()), 0);
}

TEST(KeypointGrid, AnglesWrap) {
  constexpr float kPi = std::numbers::pi_v<float>;
  EXPECT_EQ(grid_from_angle(0.0f), 0);
  EXPECT_EQ(grid_from_angle(kPi), 32768);
  EXPECT_EQ(grid_from_angle(-kPi / 2), 49152);
  EXPECT_EQ(grid_from_angle(2 * kPi), 0);
  EXPECT_EQ(grid_from_angle(std::nextafter(2 * kPi, 0.0f)), 0);
  EXPECT_EQ(grid_from_angle(5 * kPi), 32768);
  EXPECT_LT(angle_from_grid(65535), 2 * kPi);
}

}  // namespace
}  // namespace pressmark::kernels
