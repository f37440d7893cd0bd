// SPDX-License-Identifier: Apache-2.0
//
// Scores of mates and non-mates, counted so that memory does not grow with their number: in bins of
// the float's own 9 leading bits of mantissa, 0.2 % wide. Scores of one bin count as equal. Adding
// is exact, so the order in which scores come does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "pressmark/evaluate.hpp"

namespace pressmark::evaluation {

class ScoreCounts {
 public:
  ScoreCounts();

  // `score` may be kNotCompared; NaN counts as that.
  void add(float score, bool mate);

  std::int64_t mates() const { return mate_total_; }
  std::int64_t non_mates() const { return non_mate_total_; }

  // Chance that a mate scores higher than a non-mate, equals counting one half. Empty without both.
  std::optional<double> auc() const;

  // Highest share of mates at or above a threshold that at most `false_positive_rate` of the
  // non-mates reach. Pairs that were not compared reach no threshold. Empty without both kinds.
  std::optional<double> tpr_at_fpr(double false_positive_rate) const;

  // At eight rates a decade, from the first at or below one non-mate in all to 1. Empty without
  // both kinds.
  std::vector<RocPoint> roc() const;

  ScoreHistogram histogram(std::size_t bins) const;

 private:
  struct Bin {
    std::int64_t mates = 0, non_mates = 0;
  };
  std::vector<Bin> bins_;  // ascending by score
  std::int64_t mate_total_ = 0, non_mate_total_ = 0;
};

}  // namespace pressmark::evaluation
