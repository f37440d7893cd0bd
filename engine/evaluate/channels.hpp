// SPDX-License-Identifier: Apache-2.0
//
// The scores of a pair, by channel. This is the one place that knows which figures the engine
// gives; everything behind it walks over channels().
#pragma once

#include <span>
#include <string_view>

#include "pressmark/types.hpp"

namespace pressmark::evaluation {

struct PairScores {
  float local_raw = 0, local_relit = 0;     // agreeing places of each channel
  float dense = 0;                          // normalised correlation of the dense codes
  float fused_design = 0, fused_mould = 0;  // log-odds of all together, for either question
  bool verified = false;                    // at the engine's own threshold
  MouldVerdict mould = MouldVerdict::kCannotTell;
};

struct ScoreChannel {
  std::string_view name;
  // Where the score stands, by question. Higher is more alike.
  float PairScores::*design;
  float PairScores::*mould;
};

// The last one is what the engine goes by.
std::span<const ScoreChannel> channels();

PairScores scores_of(const Verification& verification);

}  // namespace pressmark::evaluation
