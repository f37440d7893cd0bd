// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/cpu/dense.hpp"

namespace pressmark::kernels::cpu {
namespace {

// Scores spread by .02 to .03; less comes from a cohort that is too small or a code that is empty.
constexpr double kLeastDeviation = 0.005;

}  // namespace

CohortStatistics cohort_statistics(const DenseQuery& query, std::span<const DenseCode> cohort) {
  if (cohort.empty()) return {};
  std::vector<DenseMatch> matches(cohort.size());
  query.search(cohort, matches);
  double sum = 0, squared = 0;
  for (const DenseMatch& match : matches) sum += match.score;
  const double mean = sum / static_cast<double>(matches.size());
  for (const DenseMatch& match : matches) squared += (match.score - mean) * (match.score - mean);
  const double deviation = std::sqrt(squared / static_cast<double>(matches.size()));
  return {static_cast<float>(mean), static_cast<float>(std::max(kLeastDeviation, deviation))};
}

float normalised_score(float score, const CohortStatistics& query,
                       const CohortStatistics& candidate) {
  return 0.5f *
         ((score - query.mean) / query.deviation + (score - candidate.mean) / candidate.deviation);
}

}  // namespace pressmark::kernels::cpu
