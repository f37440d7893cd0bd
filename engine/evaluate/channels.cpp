// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/channels.hpp"

#include <array>

namespace pressmark::evaluation {

std::span<const Channel> channels() {
  static constexpr std::array<Channel, 2> kChannels{{
      {"local_raw", &PairScores::local_raw, &PairScores::local_raw},
      {"fused", &PairScores::fused_design, &PairScores::fused_mould},
  }};
  return kChannels;
}

PairScores scores_of(const Verification& verification) {
  PairScores scores;
  scores.local_raw = static_cast<float>(verification.score);
  // With one channel there is nothing to fuse, and it answers both questions alike.
  scores.fused_design = scores.local_raw;
  scores.fused_mould = scores.local_raw;
  scores.verified = verification.verified;
  return scores;
}

}  // namespace pressmark::evaluation
