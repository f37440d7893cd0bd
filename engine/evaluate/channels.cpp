// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <array>

namespace pressmark::evaluation {

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
  // One answer to both questions: the evidence is of the mark, design and defects together.
  scores.fused_design = static_cast<float>(verification.evidence);
  scores.fused_mould = scores.fused_design;
  scores.verified = verification.verified;
  return scores;
}

}  // namespace pressmark::evaluation
