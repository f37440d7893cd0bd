// SPDX-License-Identifier: Apache-2.0
//
// Fits what engine/verify/mould.hpp applies.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/model/model_data.hpp"
#include "engine/verify/mould.hpp"

namespace pressmark::train {

// Two photos of one design that has several moulds.
struct MouldPair {
  verify::MouldFeatures features{};
  std::size_t design = 0;  // by number; pairs of one design are never apart in validation
  bool same_mould = false;
  bool is_judged = false;     // verify::doubt_of gives none
  bool knows_lights = false;  // light_gap_deg has a value
};

struct MouldFit {
  models::MouldModel model;             // not taught where the pairs are too few
  std::size_t same = 0, different = 0;  // pairs
  // Shares of the judged pairs that get their right verdict, in validation.
  double told_same = 0, told_different = 0;
};

// Logistic regression with a small ridge (same and different weigh alike, so that log-odds are the
// logarithm of a likelihood ratio), and thresholds of the evidence that keep kMouldFalseSame and
// kMouldFalseDifferent, by validation over eight groups of designs. Needs 8 designs, 100 pairs of
// one mould and 300 of different ones, of which 50 and 200 are judged.
MouldFit fit_mould(const std::vector<MouldPair>& pairs);

}  // namespace pressmark::train
