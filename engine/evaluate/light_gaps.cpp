// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/light_gaps.hpp"

#include <algorithm>
#include <cmath>

namespace pressmark::evaluation {
namespace {

constexpr std::array<double, 6> kEdges_deg{0, 30, 60, 120, 150, 180};

}  // namespace

double light_gap_deg(double azimuth_a_deg, double azimuth_b_deg) {
  const double turn = std::fmod(std::abs(azimuth_a_deg - azimuth_b_deg), 360.0);
  return std::min(turn, 360.0 - turn);
}

LightGaps::LightGaps() {
  for (Tally& bin : bins_) bin.score_sums.resize(channels().size());
}

void LightGaps::add(double gap_deg, const PairScores* scores) {
  std::size_t bin = 0;
  while (bin + 1 < bins_.size() && gap_deg >= kEdges_deg[bin + 1]) ++bin;
  Tally& tally = bins_[bin];
  ++tally.pairs;
  if (scores == nullptr) return;
  tally.verified += scores->verified;
  for (std::size_t c = 0; c < channels().size(); ++c) {
    tally.score_sums[c] += static_cast<double>(scores->*channels()[c].mould);
  }
}

std::vector<LightGapFigures> LightGaps::figures() const {
  std::vector<LightGapFigures> all;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    const Tally& tally = bins_[i];
    const auto count = static_cast<double>(tally.pairs);
    LightGapFigures bin{kEdges_deg[i], kEdges_deg[i + 1], tally.pairs, {}, {}};
    bin.mean_scores.resize(channels().size());
    if (tally.pairs > 0) {
      bin.verified = static_cast<double>(tally.verified) / count;
      for (std::size_t c = 0; c < channels().size(); ++c) {
        bin.mean_scores[c] = tally.score_sums[c] / count;
      }
    }
    all.push_back(std::move(bin));
  }
  return all;
}

}  // namespace pressmark::evaluation
