// SPDX-License-Identifier: Apache-2.0
#include "kernels/math/elementary.hpp"

#include <cmath>

#include "conformance.hpp"

namespace pressmark::kernels {
namespace {

constexpr double kRelativeError = 1e-15;
constexpr int kSamples = 100'000;
constexpr double kPi = std::numbers::pi;

TEST(ElementaryTest, ExponentialsAreAccurateInDoublePrecision) {
  for (double x = -30; x <= 30; x += 0.0137) {
    const double expected = std::exp(x);
    EXPECT_NEAR(exponential(x) / expected, 1, 2e-15 + 3e-16 * std::abs(x)) << x;
  }
  EXPECT_EQ(exponential(0.0), 1);
}

// The libraries' own functions err by half a unit of the last place at least.
TEST(ElementaryTest, ExponentialsAreRoundedToTheNearestFloat) {
  for (float x = -10; x <= 2; x += 0.00137f) {
    EXPECT_EQ(exponential(x), static_cast<float>(std::exp(static_cast<double>(x)))) << x;
    EXPECT_EQ(power_of_two(x), static_cast<float>(std::exp2(static_cast<double>(x)))) << x;
  }
  EXPECT_EQ(power_of_two(3.0f), 8);
}

TEST(ElementaryTest, LogarithmsAreExactToTheLastBits) {
  static_assert(natural_log(1) == 0);
  std::mt19937_64 random(1);
  for (int i = 0; i < kSamples; ++i) {
    const double x = std::exp(uniform(random, i % 2 == 0 ? -0.01 : -300, i % 2 == 0 ? 0.01 : 300));
    ASSERT_NEAR(natural_log(x), std::log(x), kRelativeError * std::fabs(std::log(x))) << x;
  }
}

TEST(ElementaryTest, AnglesAreExactToTheLastBits) {
  std::mt19937_64 random(2);
  for (int i = 0; i < kSamples; ++i) {
    const double x = uniform(random, -1, 1), y = uniform(random, -1, 1) * (i % 2 == 0 ? 1 : 1e-9);
    ASSERT_NEAR(angle_of(y, x), std::atan2(y, x), kRelativeError * std::fabs(std::atan2(y, x)));
    ASSERT_NEAR(angle_of(x, y), std::atan2(x, y), kRelativeError * std::fabs(std::atan2(x, y)));
  }
}

TEST(ElementaryTest, AnglesOfTheAxesAndDiagonalsAreExact) {
  static_assert(angle_of(0, 0) == 0 && angle_of(0, 2) == 0 && angle_of(3, 0) == kPi / 2);
  static_assert(angle_of(0, -1) == kPi && angle_of(0, -2) == kPi);
  static_assert(angle_of(-1, 0) == -kPi / 2 && angle_of(-3, 0) == -kPi / 2);
  static_assert(angle_of(2, 2) == kPi / 4 && angle_of(-2, 2) == -kPi / 4);
  static_assert(angle_of(5, -5) == 3 * kPi / 4 && angle_of(-5, -5) == -3 * kPi / 4);
}

TEST(ElementaryTest, SinesAndCosinesAreExactToTheLastBits) {
  static_assert(sine_cosine(0).sine == 0 && sine_cosine(0).cosine == 1);
  static_assert(sine_cosine(kPi).cosine == -1);
  std::mt19937_64 random(3);
  for (int i = 0; i < kSamples; ++i) {
    double angle = uniform(random, 0, 7);
    // Near multiples of a quarter turn, too, where one of the two is small.
    if (i % 2 == 0) angle = static_cast<float>(i % 5 * kPi / 2) + uniform(random, 0, 1e-6);
    const SineCosine found = sine_cosine(angle);
    ASSERT_NEAR(found.sine, std::sin(angle), kRelativeError * std::fabs(std::sin(angle))) << angle;
    ASSERT_NEAR(found.cosine, std::cos(angle), kRelativeError * std::fabs(std::cos(angle)))
        << angle;
  }
}

}  // namespace
}  // namespace pressmark::kernels
