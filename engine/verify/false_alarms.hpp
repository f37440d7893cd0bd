// SPDX-License-Identifier: Apache-2.0
//
// How surprising is it that k of n matches agree with one transform? The a-contrario number of
// false alarms: Moisan and Stival, "A probabilistic criterion to detect rigid point matches between
// two images and estimate the fundamental matrix", IJCV 57(3), 2004, section 4.
#pragma once

namespace pressmark::verify {

// log10 of the expected number of groups of `agreeing` out of `matches` pairs that agree as well
// with some transform through `sample` of them, if each match fell by chance:
//   NFA = (n - s) C(n, k) C(k, s) p^(k - s)
// `chance` in (0, 1): probability that a chance match falls within the inlier threshold. Returns
// +infinity where agreeing <= sample.
double log10_false_alarms(int matches, int agreeing, int sample, double chance);

// log10 of the probability that at least `successes` of `trials` independent trials of probability
// `chance` in (0, 1) succeed, by Chernoff's bound (never less than the exact tail); 0 where
// successes are not more than expected.
double log10_binomial_tail(int trials, int successes, double chance);

}  // namespace pressmark::verify
