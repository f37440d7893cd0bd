// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/false_alarms.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pressmark::verify {
namespace {

double binomial(int n, int k) {
  if (k < 0 || k > n) return 0;
  return k == 0 || k == n ? 1 : binomial(n - 1, k - 1) + binomial(n - 1, k);
}

TEST(FalseAlarmsTest, EqualsTheFormulaForSmallNumbers) {
  for (int sample : {2, 3, 4}) {
    for (int matches = sample + 1; matches <= 14; ++matches) {
      for (int agreeing = sample + 1; agreeing <= matches; ++agreeing) {
        for (double chance : {0.001, 0.05, 0.5}) {
          const double expected = (matches - sample) * binomial(matches, agreeing) *
                                  binomial(agreeing, sample) * std::pow(chance, agreeing - sample);
          EXPECT_NEAR(log10_false_alarms(matches, agreeing, sample, chance), std::log10(expected),
                      1e-9);
        }
      }
    }
  }
}

TEST(FalseAlarmsTest, NoMoreThanASampleProvesNothing) {
  EXPECT_EQ(log10_false_alarms(10, 3, 3, 0.01), INFINITY);
  EXPECT_EQ(log10_false_alarms(10, 0, 2, 0.01), INFINITY);
  EXPECT_EQ(log10_false_alarms(0, 0, 4, 0.01), INFINITY);
  EXPECT_EQ(log10_false_alarms(5, 6, 2, 0.01), INFINITY);
}

TEST(FalseAlarmsTest, MoreAgreementIsLessLikelyByChance) {
  for (int agreeing = 5; agreeing < 100; ++agreeing) {
    EXPECT_LT(log10_false_alarms(100, agreeing + 1, 4, 0.002),
              log10_false_alarms(100, agreeing, 4, 0.002));
  }
}

TEST(FalseAlarmsTest, MoreMatchesOrALargerChanceWeakenTheEvidence) {
  for (int matches = 20; matches < 400; ++matches) {
    EXPECT_GT(log10_false_alarms(matches + 1, 12, 3, 0.01),
              log10_false_alarms(matches, 12, 3, 0.01));
  }
  EXPECT_GT(log10_false_alarms(50, 12, 3, 0.02), log10_false_alarms(50, 12, 3, 0.01));
}

TEST(FalseAlarmsTest, LargeNumbersStayFinite) {
  EXPECT_TRUE(std::isfinite(log10_false_alarms(4096, 2048, 4, 1e-4)));
  EXPECT_LT(log10_false_alarms(4096, 4096, 4, 1e-4), -1000);
}

TEST(BinomialTailTest, NeverClaimsLessThanTheExactTail) {
  for (int trials = 1; trials <= 16; ++trials) {
    for (double chance : {0.01, 0.1, 0.4}) {
      for (int successes = 0; successes <= trials; ++successes) {
        double tail = 0;
        for (int k = successes; k <= trials; ++k) {
          tail += binomial(trials, k) * std::pow(chance, k) * std::pow(1 - chance, trials - k);
        }
        const double bound = log10_binomial_tail(trials, successes, chance);
        EXPECT_GE(bound, std::log10(tail) - 1e-9) << successes << " of " << trials;
        EXPECT_LE(bound, 0);
      }
      EXPECT_NEAR(log10_binomial_tail(trials, trials, chance), trials * std::log10(chance), 1e-9);
    }
  }
}

TEST(BinomialTailTest, WhatIsExpectedOrLessIsNoSurprise) {
  EXPECT_EQ(log10_binomial_tail(0, 0, 0.1), 0);
  EXPECT_EQ(log10_binomial_tail(100, 10, 0.1), 0);
  EXPECT_EQ(log10_binomial_tail(100, 0, 0.1), 0);
  EXPECT_LT(log10_binomial_tail(100, 30, 0.1), log10_binomial_tail(100, 20, 0.1));
}

}  // namespace
}  // namespace pressmark::verify
