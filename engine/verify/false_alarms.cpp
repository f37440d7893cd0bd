// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/false_alarms.hpp"

#include <cmath>
#include <limits>

namespace pressmark::verify {
namespace {

// By a sum, because std::lgamma is not safe to call from many threads.
double log10_binomial(int n, int k) {
  double sum = 0;
  for (int i = 1; i <= k; ++i) sum += std::log10(static_cast<double>(n - k + i) / i);
  return sum;
}

}  // namespace

double log10_false_alarms(int matches, int agreeing, int sample, double chance) {
  if (agreeing <= sample || agreeing > matches) return std::numeric_limits<double>::infinity();
  return std::log10(static_cast<double>(matches - sample)) + log10_binomial(matches, agreeing) +
         log10_binomial(agreeing, sample) + (agreeing - sample) * std::log10(chance);
}

double log10_binomial_tail(int trials, int successes, double chance) {
  if (trials <= 0 || successes <= trials * chance) return 0;
  const double share = static_cast<double>(successes) / trials;
  double divergence = share * std::log10(share / chance);
  if (successes < trials) divergence += (1 - share) * std::log10((1 - share) / (1 - chance));
  return -trials * divergence;
}

}  // namespace pressmark::verify
