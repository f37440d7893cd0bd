// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/fusion.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pressmark::verify {
namespace {

// Knots further and further apart: 0, 1, 3, 6, 10, ...
models::FusionModel model() {
  models::FusionModel fusion;
  fusion.weights = {2, 4, 0.5f, -5};
  float knot = 0;
  for (int i = 0; i < models::FusionModel::kKnots; ++i) {
    knot += static_cast<float>(i);
    fusion.knots.push_back(knot);
  }
  return fusion;
}

TEST(FusionTest, FeaturesAreOfTheFigures) {
  Verification verification;
  verification.inlier_count = 15;
  verification.log_false_alarms = 31;
  verification.dense.normalised = 6.5f;
  const FusionFeatures features = fusion_features(verification);
  EXPECT_DOUBLE_EQ(features[0], std::log(16));
  EXPECT_DOUBLE_EQ(features[1], std::pow(31, 0.7));
  EXPECT_DOUBLE_EQ(features[2], 6.5);
  for (double feature : fusion_features({})) EXPECT_EQ(feature, 0);
}

TEST(FusionTest, EvidenceIsTheWeightedSum) {
  EXPECT_DOUBLE_EQ(fused_evidence(model(), {0, 0, 0}), -5);
  EXPECT_DOUBLE_EQ(fused_evidence(model(), {0.5, 0.125, 4}), -5 + 1 + 0.5 + 2);
}

TEST(FusionTest, TheScoreAtAKnotIsItsShareAndLinearBetween) {
  const models::FusionModel fusion = model();
  for (std::size_t i = 0; i < fusion.knots.size(); ++i) {
    EXPECT_DOUBLE_EQ(score_of_evidence(fusion, fusion.knots[i]), 0.5 * static_cast<double>(i));
    if (i + 1 == fusion.knots.size()) break;
    for (double part : {0.25, 0.5}) {
      const double low = fusion.knots[i], high = fusion.knots[i + 1];
      EXPECT_NEAR(score_of_evidence(fusion, low + part * (high - low)),
                  0.5 * (static_cast<double>(i) + part), 1e-6);
    }
  }
}

TEST(FusionTest, LittleEvidenceScoresNothing) {
  EXPECT_EQ(score_of_evidence(model(), -0.001), 0);
  EXPECT_EQ(score_of_evidence(model(), -1e9), 0);
}

TEST(FusionTest, BeyondTheLastKnotTheLastFourContinue) {
  // Knots 12 and 15 are at 78 and 120: a decade and a half for 42.
  EXPECT_NEAR(score_of_evidence(model(), 120 + 28), 7.5 + 1, 1e-9);
  EXPECT_NEAR(score_of_evidence(model(), 120 + 280), 7.5 + 10, 1e-9);
}

TEST(FusionTest, MoreEvidenceNeverScoresLess) {
  const models::FusionModel fusion = model();
  double before = 0;
  for (double evidence = -3; evidence < 300; evidence += 0.05) {
    const double score = score_of_evidence(fusion, evidence);
    EXPECT_GE(score, before);
    before = score;
  }
}

TEST(FusionTest, EvidenceCloserToTheLastKnotThanFloatResolvesIsBelowIt) {
  const models::FusionModel fusion = model();
  const double last = fusion.knots.back();
  EXPECT_NEAR(score_of_evidence(fusion, std::nextafter(last, 0.0)), score_of_evidence(fusion, last),
              1e-6);
}

TEST(FusionTest, EqualKnotsAreNoDivisionByZero) {
  models::FusionModel fusion = model();
  fusion.knots.assign(models::FusionModel::kKnots, 2.0f);
  EXPECT_EQ(score_of_evidence(fusion, 2), 0);
  EXPECT_EQ(score_of_evidence(fusion, 3), 7.5);
  fusion.knots.front() = 0;
  for (double evidence : {0.5, 1.5, 2.0, 2.5}) {
    EXPECT_TRUE(std::isfinite(score_of_evidence(fusion, evidence)));
  }
}

}  // namespace
}  // namespace pressmark::verify
