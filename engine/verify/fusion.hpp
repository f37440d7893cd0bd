// SPDX-License-Identifier: Apache-2.0
//
// Joins the figures of a comparison to one score: a logistic model gives the log-odds that two
// photos show one mark (evidence), and a calibration says how rare so much evidence is among
// unrelated pairs (score). Both are fitted in training (engine/train) and part of the model.
#pragma once

#include <array>

#include "engine/model/model_data.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

using FusionFeatures = std::array<double, models::FusionModel::kFeatures>;

// log(1 + inliers), log_false_alarms^0.7 and the normalised score of the dense codes.
FusionFeatures fusion_features(const Verification& verification);

double fused_evidence(const models::FusionModel& fusion, const FusionFeatures& features);

// Verification::score. Linear between knots, and beyond the last one as between the last four.
double score_of_evidence(const models::FusionModel& fusion, double evidence);

}  // namespace pressmark::verify
