// SPDX-License-Identifier: Apache-2.0
#include "engine/train/fusion_fit.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include "engine/train/logistic.hpp"
#include "pressmark/error.hpp"

namespace pressmark::train {
namespace {

using models::FusionModel;

constexpr std::size_t kMinMates = 20, kMinNonMates = 1000;
// A quantile that fewer non-mates lie beyond is noise.
constexpr double kMinBeyond = 20;

using Vector = Eigen::Matrix<double, FusionModel::kFeatures + 1, 1>;

Vector with_constant(const verify::FusionFeatures& features) {
  Vector x;
  for (int i = 0; i < FusionModel::kFeatures; ++i) x[i] = features[static_cast<std::size_t>(i)];
  x[FusionModel::kFeatures] = 1;
  return x;
}

// Places a straight line through the last reliable knots and continues it.
std::vector<float> knots_of(std::vector<double> evidence) {
  std::sort(evidence.begin(), evidence.end(), std::greater<>());
  const auto count = static_cast<double>(evidence.size());
  std::vector<float> knots;
  while (knots.size() < FusionModel::kKnots) {
    const double beyond =
        count * std::pow(10.0, -FusionModel::kDecadesPerKnot * static_cast<double>(knots.size()));
    if (beyond < kMinBeyond) break;
    const auto rank = std::min(evidence.size(), static_cast<std::size_t>(std::ceil(beyond)));
    knots.push_back(static_cast<float>(evidence[rank - 1]));
  }
  const std::size_t known = knots.size();
  const double first = knots[known - FusionModel::kTailKnots], last = knots[known - 1];
  // Never flat: more evidence is always rarer.
  const double step = std::max(0.05, (last - first) / (FusionModel::kTailKnots - 1));
  for (std::size_t i = known; i < FusionModel::kKnots; ++i) {
    knots.push_back(static_cast<float>(last + step * static_cast<double>(i - known + 1)));
  }
  return knots;
}

}  // namespace

models::FusionModel fit_fusion(const std::vector<ComparedPair>& pairs) {
  const auto mates = static_cast<std::size_t>(
      std::count_if(pairs.begin(), pairs.end(), [](const ComparedPair& p) { return p.mates; }));
  const std::size_t non_mates = pairs.size() - mates;
  if (mates < kMinMates || non_mates < kMinNonMates) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("too little to learn the score from: {} pairs of one mark ({} needed), "
                            "{} of different ones ({} needed)",
                            mates, kMinMates, non_mates, kMinNonMates));
  }
  const auto weights = fit_logistic<Vector>(
      pairs.size(), [&](std::size_t i) { return with_constant(pairs[i].features); },
      [&](std::size_t i) { return pairs[i].mates; });
  models::FusionModel fusion;
  for (int i = 0; i < weights.size(); ++i) fusion.weights.push_back(static_cast<float>(weights[i]));
  std::vector<double> evidence;
  evidence.reserve(non_mates);
  for (const ComparedPair& pair : pairs) {
    if (!pair.mates) evidence.push_back(verify::fused_evidence(fusion, pair.features));
  }
  fusion.knots = knots_of(std::move(evidence));
  return fusion;
}

}  // namespace pressmark::train
