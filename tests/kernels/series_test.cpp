// SPDX-License-Identifier: Apache-2.0
#include "kernels/math/series.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "conformance.hpp"

namespace pressmark::kernels {
namespace {

TEST(SeriesTest, AgreeWithTheLibrary) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const double exponent = -std::pow(uniform(random, 0, 8), 3);
    EXPECT_NEAR(series_exp(exponent) / std::exp(exponent), 1, 1e-15) << exponent;
    const double x = uniform(random, -1, 1), y = std::pow(uniform(random, -1, 1), 3);
    EXPECT_NEAR(series_atan2(y, x), std::atan2(y, x), 1e-15) << x << ", " << y;
    const double angle = uniform(random, 0, std::numbers::pi);
    const CosineAndSine both = series_cosine_and_sine(angle);
    EXPECT_NEAR(both.cosine, std::cos(angle), 3e-16) << angle;
    EXPECT_NEAR(both.sine, std::sin(angle), 3e-16) << angle;
  }
}

TEST(SeriesTest, AreExactAtTheirEnds) {
  EXPECT_EQ(series_exp(0), 1);
  EXPECT_EQ(series_exp(-1e9), 0);
  EXPECT_EQ(series_atan2(0, 0), 0);
  EXPECT_EQ(series_atan2(0, 2), 0);
  EXPECT_EQ(series_atan2(0, -2), std::numbers::pi);
  EXPECT_EQ(series_atan2(3, 0), std::numbers::pi / 2);
  EXPECT_EQ(series_atan2(-3, 0), -std::numbers::pi / 2);
  EXPECT_EQ(series_cosine_and_sine(0).cosine, 1);
  EXPECT_EQ(series_cosine_and_sine(0).sine, 0);
  EXPECT_EQ(series_cosine_and_sine(std::numbers::pi).cosine, -1);
}

}  // namespace
}  // namespace pressmark::kernels
