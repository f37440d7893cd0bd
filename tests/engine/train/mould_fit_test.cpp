// SPDX-License-Identifier: Apache-2.0
#include "engine/train/mould_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace pressmark::train {
namespace {

// Pairs whose eighth feature is Gaussian about +-distance / 2, the others noise.
std::vector<MouldPair> gaussian_pairs(int designs, double distance, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto gaussian = [&] {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(random() >> 11) * 0x1p-53;
    return sum;
  };
  std::vector<MouldPair> pairs;
  for (int design = 0; design < designs; ++design) {
    for (int i = 0; i < 125; ++i) {
      MouldPair pair;
      pair.design = static_cast<std::size_t>(design);
      pair.same_mould = i < 25;
      pair.is_judged = true;
      pair.knows_lights = i % 2 == 0;
      for (double& feature : pair.features) feature = gaussian();
      pair.features[7] += pair.same_mould ? distance / 2 : -distance / 2;
      pairs.push_back(pair);
    }
  }
  return pairs;
}

TEST(FitMould, FindsTheLikelihoodRatio) {
  const MouldFit fit = fit_mould(gaussian_pairs(40, 3, 1));
  ASSERT_TRUE(fit.model.is_taught());
  EXPECT_EQ(fit.same, 1000u);
  EXPECT_EQ(fit.different, 4000u);
  // Of two unit Gaussians `distance` apart the log likelihood ratio is distance times x.
  EXPECT_NEAR(fit.model.weights[7], 3, 0.4);
  for (std::size_t i = 0; i < 14; ++i) {
    if (i != 7) {
      EXPECT_NEAR(fit.model.weights[i], 0, 0.25) << i;
    }
  }
  EXPECT_NEAR(fit.model.weights.back(), 0, 0.3);
}

TEST(FitMould, ThresholdsKeepTheErrorRatesOnOtherPairs) {
  const MouldFit fit = fit_mould(gaussian_pairs(40, 3, 1));
  double same = 0, different = 0, false_same = 0, false_different = 0;
  for (const MouldPair& pair : gaussian_pairs(80, 3, 2)) {
    const double evidence = verify::mould_evidence(fit.model, pair.features);
    (pair.same_mould ? same : different) += 1;
    if (!pair.same_mould && evidence >= fit.model.same_from) ++false_same;
    if (pair.same_mould && evidence <= fit.model.different_to) ++false_different;
  }
  EXPECT_NEAR(false_same / different, kMouldFalseSame, 0.005);
  EXPECT_NEAR(false_different / same, kMouldFalseDifferent, 0.012);
  EXPECT_GT(fit.told_same, 0.6);
  // Half of the pairs do not know their lights.
  EXPECT_NEAR(fit.told_different, 0.43, 0.06);
}

TEST(FitMould, WithMouldsThatCannotBeToldApartMostPairsStayUndecided) {
  const MouldFit fit = fit_mould(gaussian_pairs(40, 0, 3));
  ASSERT_TRUE(fit.model.is_taught());
  EXPECT_LT(fit.told_same, 0.05);
  EXPECT_LT(fit.told_different, 0.05);
  EXPECT_GT(fit.model.same_from, fit.model.different_to);
}

TEST(FitMould, ThresholdsOfMouldsThatAreFarApartDoNotCross) {
  const MouldFit fit = fit_mould(gaussian_pairs(40, 12, 4));
  EXPECT_GE(fit.model.same_from, fit.model.different_to);
  EXPECT_GT(fit.told_same, 0.97);
}

TEST(FitMould, TooLittleTeachesNothing) {
  EXPECT_FALSE(fit_mould({}).model.is_taught());
  EXPECT_FALSE(fit_mould(gaussian_pairs(7, 3, 5)).model.is_taught());
  std::vector<MouldPair> pairs = gaussian_pairs(10, 3, 6);
  EXPECT_TRUE(fit_mould(pairs).model.is_taught());
  for (MouldPair& pair : pairs) pair.is_judged = false;
  EXPECT_FALSE(fit_mould(pairs).model.is_taught());
}

TEST(FitMould, AFeatureThatNeverChangesDoesNoHarm) {
  std::vector<MouldPair> pairs = gaussian_pairs(10, 3, 7);
  for (MouldPair& pair : pairs) pair.features[2] = 5;
  const MouldFit fit = fit_mould(pairs);
  for (const float weight : fit.model.weights) EXPECT_TRUE(std::isfinite(weight));
  EXPECT_NEAR(fit.model.weights[7], 3, 0.6);
}

}  // namespace
}  // namespace pressmark::train
