// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pressmark::evaluation {
namespace {

// A pair is of one mould if it is of one design and, given that, of one mould: probabilities p and
// q of log-odds a and b, of which this is the log-odds of p q. Whichever is less likely decides.
double log_odds_of_both(double a, double b) {
  const double least = std::min({a, b, a + b});
  return least - std::log(std::exp(least - a) + std::exp(least - b) + std::exp(least - a - b));
}

}  // namespace

std::span<const ScoreChannel> channels() {
  static constexpr std::array<ScoreChannel, 4> kChannels{{
      {"local_raw", &PairScores::local_raw, &PairScores::local_raw},
      {"local_relit", &PairScores::local_relit, &PairScores::local_relit},
      {"dense", &PairScores::dense, &PairScores::dense},
      {"fused", &PairScores::fused_design, &PairScores::fused_mould},
  }};
  return kChannels;
}

PairScores scores_of(const Verification& verification) {
  PairScores scores;
  scores.local_raw = static_cast<float>(verification.raw.agreeing);
  scores.local_relit = static_cast<float>(verification.relit.agreeing);
  scores.dense = verification.dense.normalised;
  scores.fused_design = static_cast<float>(verification.evidence);
  scores.fused_mould = verification.mould.doubt == MouldDoubt::kNotTaught
                           ? scores.fused_design
                           : static_cast<float>(log_odds_of_both(verification.evidence,
                                                                 verification.mould.evidence));
  scores.verified = verification.verified;
  scores.mould = verification.mould.verdict;
  return scores;
}

}  // namespace pressmark::evaluation
