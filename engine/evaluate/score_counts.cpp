// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/score_counts.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/evaluate/ranking.hpp"

namespace pressmark::evaluation {
namespace {

constexpr unsigned kDroppedBits = 14;  // of 23 bits of mantissa
constexpr std::uint32_t kSign = 0x8000'0000u;

// Ascends with the float: negative ones are mirrored below the positive ones.
std::size_t bin_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 becomes 0
  return ((bits & kSign) != 0 ? ~bits : bits | kSign) >> kDroppedBits;
}

// The lowest score of a bin.
float lowest_of(std::size_t bin) {
  const auto key = static_cast<std::uint32_t>(bin) << kDroppedBits;
  return std::bit_cast<float>((key & kSign) != 0 ? key ^ kSign : ~key);
}

const std::size_t kNotComparedBin = bin_of(kNotCompared);

// Spreads scores over decades, with a linear part about 0.
double spread(double score) {
  return std::copysign(std::log10(1 + std::abs(score)), score);
}
double unspread(double value) {
  return std::copysign(std::pow(10.0, std::abs(value)) - 1, value);
}

}  // namespace

ScoreCounts::ScoreCounts() : bins_(std::size_t{1} << (32 - kDroppedBits)) {}

void ScoreCounts::add(float score, bool mate) {
  Bin& bin = bins_[std::isnan(score) ? kNotComparedBin : bin_of(score)];
  (mate ? bin.mates : bin.non_mates) += 1;
  (mate ? mate_total_ : non_mate_total_) += 1;
}

std::optional<double> ScoreCounts::auc() const {
  if (mate_total_ == 0 || non_mate_total_ == 0) return std::nullopt;
  double wins = 0;
  std::int64_t mates_above = mate_total_;
  for (const Bin& bin : bins_) {
    mates_above -= bin.mates;
    wins += static_cast<double>(bin.non_mates) *
            (static_cast<double>(mates_above) + static_cast<double>(bin.mates) / 2);
  }
  return wins / static_cast<double>(mate_total_) / static_cast<double>(non_mate_total_);
}

std::optional<double> ScoreCounts::tpr_at_fpr(double false_positive_rate) const {
  if (mate_total_ == 0 || non_mate_total_ == 0) return std::nullopt;
  // A rate such as 3 of 1000 must allow 3, whatever its last bit.
  const auto allowed = static_cast<std::int64_t>(
      std::floor(false_positive_rate * static_cast<double>(non_mate_total_) * (1 + 1e-12)));
  std::int64_t mates = 0, non_mates = 0;
  for (std::size_t i = bins_.size(); --i > kNotComparedBin;) {
    non_mates += bins_[i].non_mates;
    if (non_mates > allowed) break;
    mates += bins_[i].mates;
  }
  return static_cast<double>(mates) / static_cast<double>(mate_total_);
}

std::vector<RocPoint> ScoreCounts::roc() const {
  constexpr int kPerDecade = 8;
  std::vector<RocPoint> points;
  if (mate_total_ == 0 || non_mate_total_ == 0) return points;
  const int steps = static_cast<int>(
      std::ceil(kPerDecade * std::log10(static_cast<double>(non_mate_total_)) - 1e-9));
  for (int step = steps; step >= 0; --step) {
    const double rate = std::pow(10.0, -static_cast<double>(step) / kPerDecade);
    points.push_back({rate, tpr_at_fpr(rate)});
  }
  return points;
}

ScoreHistogram ScoreCounts::histogram(std::size_t bins) const {
  ScoreHistogram histogram;
  histogram.mates_not_compared = bins_[kNotComparedBin].mates;
  histogram.non_mates_not_compared = bins_[kNotComparedBin].non_mates;
  std::size_t first = kNotComparedBin + 1, last = bins_.size() - 1;
  const auto is_empty = [&](std::size_t i) { return bins_[i].mates + bins_[i].non_mates == 0; };
  while (first < bins_.size() && is_empty(first)) ++first;
  if (first == bins_.size()) return histogram;
  while (is_empty(last)) --last;

  // Ends at round places, so that the highest score lies inside.
  const double low = std::floor(10 * spread(lowest_of(first))) / 10;
  const double high = std::max(low + .1, std::floor(10 * spread(lowest_of(last))) / 10 + .1);
  const double width = (high - low) / static_cast<double>(bins);
  for (std::size_t i = 0; i <= bins; ++i) {
    histogram.edges.push_back(unspread(low + static_cast<double>(i) * width));
  }
  histogram.mates.resize(bins);
  histogram.non_mates.resize(bins);
  for (std::size_t i = first; i <= last; ++i) {
    if (is_empty(i)) continue;
    const auto bin = static_cast<std::size_t>(
        std::clamp((spread(lowest_of(i)) - low) / width, 0.0, static_cast<double>(bins - 1)));
    histogram.mates[bin] += bins_[i].mates;
    histogram.non_mates[bin] += bins_[i].non_mates;
  }
  return histogram;
}

}  // namespace pressmark::evaluation
