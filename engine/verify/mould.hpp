// SPDX-License-Identifier: Apache-2.0
//
// Same mould, or another mould of the same design? What the design explains, both photos share
// either way; scratches, dents and broken edges they share only if one mould made both. Two things
// tell: how well the codes of fine detail agree where the registration lays one photo over the
// other, and the share of fine keypoints of one photo that are found in the other, given how much
// of the coarse structure is, how large the common area is and how alike the lights are. Fitted in
// training (engine/train/mould_fit.hpp).
#pragma once

#include <array>

#include "engine/model/model_data.hpp"
#include "engine/verify/geometry.hpp"
#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// Counts the details of both photos in what both show, and compares their codes. hit_from_query:
// between canonical images. Each channel is looked at under either sign of its contrast; the one
// that shares more counts.
void count_details(const kernels::Backend& backend, const models::ModelData& model,
                   const Description& query, const Description& hit, const Matrix3& hit_from_query,
                   double radius_px, MouldAnswer& answer);

// As if the contrast of the photo had been inverted: a relief lit from the opposite side.
LocalCodes with_inverted_contrast(const LocalCodes& local, int even_size);

using MouldFeatures = std::array<double, models::MouldModel::kFeatures>;

// Of a verification whose details are counted; those that need a registration are 0 without one.
MouldFeatures mould_features(const Verification& verification, const Description& query,
                             const Description& hit);

// ln of the likelihood ratio; 0 where the model was not taught.
double mould_evidence(const models::MouldModel& model, const MouldFeatures& features);

// Whether, apart from the evidence, the pair allows an answer; training fits its thresholds to such
// pairs. kNone if it does.
MouldDoubt doubt_of(const Verification& verification);

// Fills verdict and doubt from `verification.mould.evidence`.
void judge_mould(const models::MouldModel& model, Verification& verification);

}  // namespace pressmark::verify
