// SPDX-License-Identifier: Apache-2.0
#include "engine/train/mould_fit.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "engine/train/logistic.hpp"

namespace pressmark::train {
namespace {

using models::MouldModel;

constexpr std::size_t kMinDesigns = 8, kMinSame = 100, kMinDifferent = 300;
constexpr std::size_t kMinJudgedSame = 50, kMinJudgedDifferent = 200;
constexpr std::size_t kFolds = 8;

using Vector = Eigen::Matrix<double, MouldModel::kFeatures + 1, 1>;

Vector with_constant(const verify::MouldFeatures& features) {
  Vector x;
  for (int i = 0; i < MouldModel::kFeatures; ++i) x[i] = features[static_cast<std::size_t>(i)];
  x[MouldModel::kFeatures] = 1;
  return x;
}

std::vector<float> fit_weights(const std::vector<const MouldPair*>& pairs) {
  // The ridge is of features with unit deviation, or those of small range would be suppressed.
  Vector mean = Vector::Zero(), deviation = Vector::Zero();
  for (const MouldPair* pair : pairs) mean += with_constant(pair->features);
  mean /= static_cast<double>(pairs.size());
  for (const MouldPair* pair : pairs) {
    deviation += (with_constant(pair->features) - mean).cwiseAbs2();
  }
  deviation = (deviation / static_cast<double>(pairs.size())).cwiseSqrt();
  mean[MouldModel::kFeatures] = 0;
  deviation[MouldModel::kFeatures] = 1;
  for (int i = 0; i < MouldModel::kFeatures; ++i) {
    if (!(deviation[i] > 1e-9)) deviation[i] = 1;
  }
  const auto weights = fit_logistic<Vector>(
      pairs.size(),
      [&](std::size_t i) -> Vector {
        return (with_constant(pairs[i]->features) - mean).cwiseQuotient(deviation);
      },
      [&](std::size_t i) { return pairs[i]->same_mould; });
  Vector plain = weights.cwiseQuotient(deviation);
  plain[MouldModel::kFeatures] = weights[MouldModel::kFeatures];
  for (int i = 0; i < MouldModel::kFeatures; ++i) {
    plain[MouldModel::kFeatures] -= plain[i] * mean[i];
  }
  std::vector<float> result;
  for (int i = 0; i < plain.size(); ++i) result.push_back(static_cast<float>(plain[i]));
  return result;
}

// The evidence that at most a share `rate` of the values go beyond; values in descending order of
// what goes beyond first.
double limit(const std::vector<double>& values, double rate) {
  const auto allowed = static_cast<std::size_t>(rate * static_cast<double>(values.size()));
  return values[std::min(allowed, values.size() - 1)];
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

MouldFit fit_mould(const std::vector<MouldPair>& pairs) {
  MouldFit fit;
  std::set<std::size_t> designs;
  std::size_t judged_same = 0, judged_different = 0;
  for (const MouldPair& pair : pairs) {
    designs.insert(pair.design);
    (pair.same_mould ? fit.same : fit.different) += 1;
    if (pair.is_judged) (pair.same_mould ? judged_same : judged_different) += 1;
  }
  if (designs.size() < kMinDesigns || fit.same < kMinSame || fit.different < kMinDifferent ||
      judged_same < kMinJudgedSame || judged_different < kMinJudgedDifferent) {
    return fit;
  }
  const auto fold_of = [&](const MouldPair& pair) {
    return static_cast<std::size_t>(std::distance(designs.begin(), designs.find(pair.design))) %
           kFolds;
  };
  std::vector<double> same, different;
  std::vector<double> different_with_lights;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<const MouldPair*> rest;
    for (const MouldPair& pair : pairs) {
      if (fold_of(pair) != fold) rest.push_back(&pair);
    }
    MouldModel model;
    model.weights = fit_weights(rest);
    for (const MouldPair& pair : pairs) {
      if (fold_of(pair) != fold || !pair.is_judged) continue;
      const double evidence = verify::mould_evidence(model, pair.features);
      (pair.same_mould ? same : different).push_back(evidence);
      if (!pair.same_mould && pair.knows_lights) different_with_lights.push_back(evidence);
    }
  }
  std::sort(different.begin(), different.end(), std::greater<>());
  std::sort(same.begin(), same.end());
  std::vector<const MouldPair*> all;
  for (const MouldPair& pair : pairs) all.push_back(&pair);
  fit.model.weights = fit_weights(all);
  // A pair beyond a limit goes the wrong way, one at it does not.
  const double above = std::nextafter(limit(different, kMouldFalseSame), INFINITY);
  const double below = std::nextafter(limit(same, kMouldFalseDifferent), -INFINITY);
  // Where moulds are so easily told apart that the thresholds cross, both lie in the middle.
  fit.model.same_from = static_cast<float>(std::max(above, 0.5 * (above + below)));
  fit.model.different_to = static_cast<float>(std::min(below, 0.5 * (above + below)));
  fit.told_same =
      share(static_cast<std::size_t>(std::count_if(
                same.begin(), same.end(), [&](double e) { return e >= fit.model.same_from; })),
            same.size());
  fit.told_different = share(static_cast<std::size_t>(std::count_if(
                                 different_with_lights.begin(), different_with_lights.end(),
                                 [&](double e) { return e <= fit.model.different_to; })),
                             different.size());
  return fit;
}

}  // namespace pressmark::train
