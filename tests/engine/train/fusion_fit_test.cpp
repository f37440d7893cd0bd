// SPDX-License-Identifier: Apache-2.0
#include "engine/train/fusion_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "pressmark/error.hpp"

namespace pressmark::train {
namespace {

double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

// Exponentially distributed features: non-mates of mean 1, mates of mean 1 + shift.
std::vector<ComparedPair> random_pairs(std::size_t mates, std::size_t others, double shift,
                                       std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<ComparedPair> pairs;
  for (std::size_t i = 0; i < mates + others; ++i) {
    ComparedPair pair;
    pair.mates = i < mates;
    for (double& feature : pair.features) {
      feature = -std::log(uniform(random, 1e-12, 1)) * (pair.mates ? 1 + shift : 1);
    }
    pairs.push_back(pair);
  }
  return pairs;
}

std::vector<double> scores(const models::FusionModel& fusion,
                           const std::vector<ComparedPair>& pairs, bool mates) {
  std::vector<double> result;
  for (const ComparedPair& pair : pairs) {
    if (pair.mates != mates) continue;
    result.push_back(
        verify::score_of_evidence(fusion, verify::fused_evidence(fusion, pair.features)));
  }
  return result;
}

TEST(FusionFitTest, HasTheShapeOfAModel) {
  const models::FusionModel fusion = fit_fusion(random_pairs(50, 2000, 2));
  EXPECT_EQ(fusion.weights.size(), 4u);
  EXPECT_EQ(fusion.knots.size(), 16u);
  EXPECT_TRUE(std::is_sorted(fusion.knots.begin(), fusion.knots.end()));
  for (float knot : fusion.knots) EXPECT_TRUE(std::isfinite(knot));
}

TEST(FusionFitTest, WeightsAreThoseOfTheLogOdds) {
  // Exponential of mean m against mean 1: the log-odds are (1 - 1 / m) x - log m per feature.
  const models::FusionModel fusion = fit_fusion(random_pairs(20000, 20000, 1, 2));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(fusion.weights[i], 0.5, 0.05);
  EXPECT_NEAR(fusion.weights[3], -3 * std::log(2), 0.3);
}

TEST(FusionFitTest, MatesAndNonMatesWeighAlike) {
  const models::FusionModel even = fit_fusion(random_pairs(20000, 20000, 1, 3));
  const models::FusionModel uneven = fit_fusion(random_pairs(2000, 20000, 1, 3));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(uneven.weights[i], even.weights[i], 0.25);
}

TEST(FusionFitTest, AFeatureThatSaysNothingWeighsNothing) {
  std::vector<ComparedPair> pairs = random_pairs(5000, 20000, 1, 4);
  std::mt19937_64 random(5);
  for (ComparedPair& pair : pairs) pair.features[2] = uniform(random, 0, 3);
  EXPECT_NEAR(fit_fusion(pairs).weights[2], 0, 0.1);
}

TEST(FusionFitTest, TheScoreIsTheRarityAmongNonMates) {
  const models::FusionModel fusion = fit_fusion(random_pairs(500, 40000, 2, 6));
  // Measured on others than those it was fitted to.
  const std::vector<double> others = scores(fusion, random_pairs(0, 400000, 2, 7), false);
  for (double score : {1.0, 2.0, 3.0}) {
    const auto reach = std::ranges::count_if(others, [&](double s) { return s >= score; });
    const double share = static_cast<double>(reach) / static_cast<double>(others.size());
    EXPECT_NEAR(-std::log10(share), score, 0.15);
  }
  // Beyond what the fit saw, along a straight line: right for an exponential tail.
  const auto reach = std::ranges::count_if(others, [](double s) { return s >= 4.5; });
  EXPECT_GT(reach, 2);
  EXPECT_LT(reach, 80);
}

TEST(FusionFitTest, MatesScoreHigherThanNonMates) {
  const std::vector<ComparedPair> pairs = random_pairs(500, 5000, 8, 8);
  const models::FusionModel fusion = fit_fusion(pairs);
  std::vector<double> mates = scores(fusion, pairs, true), others = scores(fusion, pairs, false);
  std::ranges::nth_element(mates, mates.begin() + 250);
  EXPECT_GT(mates[250], 4);
  EXPECT_LT(std::ranges::count_if(others, [](double score) { return score >= 4; }), 5);
}

TEST(FusionFitTest, PerfectSeparationAndEqualNonMatesStayFinite) {
  std::vector<ComparedPair> pairs(1500);
  for (std::size_t i = 0; i < 30; ++i) pairs[i] = {{4, 4, 4}, true};
  const models::FusionModel fusion = fit_fusion(pairs);
  for (float weight : fusion.weights) EXPECT_TRUE(std::isfinite(weight));
  // More evidence is rarer even where all non-mates have the same.
  EXPECT_LT(fusion.knots[14], fusion.knots[15]);
  EXPECT_GT(scores(fusion, pairs, true)[0], 4);
  EXPECT_EQ(scores(fusion, pairs, false)[0], 0);
}

TEST(FusionFitTest, TooFewPairsAreRefused) {
  const auto refused = [](std::size_t mates, std::size_t others) {
    try {
      fit_fusion(random_pairs(mates, others, 2));
    } catch (const Error& error) {
      return error.code() == ErrorCode::kInvalidArgument;
    }
    return false;
  };
  EXPECT_TRUE(refused(0, 0));
  EXPECT_TRUE(refused(19, 1000));
  EXPECT_TRUE(refused(20, 999));
  EXPECT_FALSE(refused(20, 1000));
}

}  // namespace
}  // namespace pressmark::train
