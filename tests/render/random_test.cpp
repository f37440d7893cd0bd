// SPDX-License-Identifier: Apache-2.0
#include "tools/render/random.hpp"

#include <gtest/gtest.h>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

TEST(Rng, GivesTheSameNumbersEverywhere) {
  Rng rng{1, 2, 3};
  EXPECT_EQ(rng.next(), 7167044157565418409U);
  EXPECT_EQ(rng.next(), 373032605449589872U);
}

TEST(Rng, DependsOnEveryWordOfItsKey) {
  EXPECT_NE(Rng({1, 2}).next(), Rng({2, 1}).next());
  EXPECT_NE(Rng({1}).next(), Rng({1, 0}).next());
}

TEST(Rng, GaussianHasMeanZeroAndVarianceOne) {
  Rng rng{7};
  constexpr int kCount = 200000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double x = rng.gaussian();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
}

TEST(Rng, IntegersCoverBothEnds) {
  Rng rng{5};
  std::vector<int> seen(4);
  for (int i = 0; i < 1000; ++i) ++seen[rng.integer(-1, 2) + 1];
  for (const int count : seen) EXPECT_GT(count, 150);
}

TEST(Noise, FieldsAreCentredAndOfUnitVariance) {
  const cv::Size size(400, 300);
  Rng rng{11};
  for (const cv::Mat& field :
       {white_noise(size, rng), blob_noise(size, 12, rng), fractal_noise(size, 24, 2, 0.6, rng),
        streak_noise(size, 0.7, 30, 2, rng)}) {
    ASSERT_EQ(field.size(), size);
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(field, mean, deviation);
    EXPECT_NEAR(mean[0], 0, 0.15);
    EXPECT_NEAR(deviation[0], 1, 0.3);
  }
}

}  // namespace
}  // namespace pressmark::render
