// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/fusion.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace pressmark::verify {
namespace {

// log_false_alarms takes keypoints for independent, which neighbours are not: many of them are
// worth less than their sum. Figures: docs/decisions/0008-fusion-of-three-figures.md.
constexpr double kSurprisePower = 0.7;

}  // namespace

FusionFeatures fusion_features(const Verification& verification) {
  return {std::log1p(verification.inlier_count),
          std::pow(verification.log_false_alarms, kSurprisePower),
          static_cast<double>(verification.dense.normalised)};
}

double fused_evidence(const models::FusionModel& fusion, const FusionFeatures& features) {
  assert(fusion.weights.size() == features.size() + 1);
  double sum = fusion.weights.back();
  for (std::size_t i = 0; i < features.size(); ++i) sum += fusion.weights[i] * features[i];
  return sum;
}

double score_of_evidence(const models::FusionModel& fusion, double evidence) {
  constexpr double kDecadesPerKnot = models::FusionModel::kDecadesPerKnot;
  constexpr std::size_t kTailKnots = models::FusionModel::kTailKnots;
  const std::vector<float>& knots = fusion.knots;
  assert(knots.size() > kTailKnots);
  if (evidence <= knots.front()) return 0;
  if (evidence >= knots.back()) {
    const double first = knots[knots.size() - kTailKnots];
    const double per_decade =
        (knots.back() - first) / (kDecadesPerKnot * static_cast<double>(kTailKnots - 1));
    const double known = kDecadesPerKnot * static_cast<double>(knots.size() - 1);
    return per_decade > 0 ? known + (evidence - knots.back()) / per_decade : known;
  }
  // Compared as double: rounded to float, evidence just below the last knot would lie at it.
  const auto above = std::upper_bound(knots.begin(), knots.end(), evidence);
  const auto index = static_cast<std::size_t>(above - knots.begin());
  const double low = knots[index - 1], high = knots[index];
  const double part = high > low ? std::clamp((evidence - low) / (high - low), 0.0, 1.0) : 0.0;
  return kDecadesPerKnot * (static_cast<double>(index - 1) + part);
}

}  // namespace pressmark::verify
