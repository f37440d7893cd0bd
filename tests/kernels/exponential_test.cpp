// SPDX-License-Identifier: Apache-2.0
#include "kernels/math/exponential.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pressmark::kernels {
namespace {

TEST(ExponentialTest, IsAccurateInDoublePrecision) {
  for (double x = -30; x <= 30; x += 0.0137) {
    const double expected = std::exp(x);
    EXPECT_NEAR(exponential(x) / expected, 1, 2e-15 + 3e-16 * std::abs(x)) << x;
  }
  EXPECT_EQ(exponential(0.0), 1);
}

// The libraries' own functions err by half a unit of the last place at least.
TEST(ExponentialTest, IsRoundedToTheNearestFloat) {
  for (float x = -10; x <= 2; x += 0.00137f) {
    EXPECT_EQ(exponential(x), static_cast<float>(std::exp(static_cast<double>(x)))) << x;
    EXPECT_EQ(power_of_two(x), static_cast<float>(std::exp2(static_cast<double>(x)))) << x;
  }
  EXPECT_EQ(power_of_two(3.0f), 8);
}

}  // namespace
}  // namespace pressmark::kernels
