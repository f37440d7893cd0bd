// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/evaluate/channels.hpp"
#include "pressmark/evaluate.hpp"

namespace pressmark::evaluation {

// Angle between two directions, [0, 180].
double light_gap_deg(double azimuth_a_deg, double azimuth_b_deg);

// How mates do, by the gap between their lights.
class LightGaps {
 public:
  LightGaps();

  // `scores` is null where the pair was not compared.
  void add(double gap_deg, const PairScores* scores);

  std::vector<LightGapFigures> figures() const;

 private:
  struct Tally {
    std::int64_t pairs = 0, verified = 0;
    std::vector<double> score_sums;  // by channel
  };
  std::array<Tally, 5> bins_;
};

}  // namespace pressmark::evaluation
