// SPDX-License-Identifier: Apache-2.0
//
// Fits what engine/verify/fusion.hpp applies.
#pragma once

#include <vector>

#include "engine/model/model_data.hpp"
#include "engine/verify/fusion.hpp"

namespace pressmark::train {

struct ComparedPair {
  verify::FusionFeatures features{};
  bool mates = false;
};

// Logistic regression with a small ridge (Newton's method; mates and non-mates weigh alike), then
// the calibration: knots at the evidence that shares 10^-(i / 2) of the non-mates reach; shares
// below 20 non-mates continue along a straight line through the last decade and a half. Needs 1000
// non-mates and 20 mates.
models::FusionModel fit_fusion(const std::vector<ComparedPair>& pairs);

}  // namespace pressmark::train
