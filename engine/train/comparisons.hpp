// SPDX-License-Identifier: Apache-2.0
//
// The last pass of training: described photos, compared with each other, teach the score and the
// mould's answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/model/model_data.hpp"
#include "engine/train/fusion_fit.hpp"
#include "engine/train/mould_fit.hpp"
#include "engine/train/views.hpp"
#include "kernels/ops.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::train {

// Evenly from the marks, or from the images where there are too few marks. Marks that were taken
// are told in `taken`: their own photos are no strangers to the cohort.
std::vector<DenseCode> choose_cohort(const std::vector<std::optional<DenseCode>>& marks,
                                     const std::vector<DenseCode>& images,
                                     std::vector<char>& taken);

// A photo that takes part in fitting the score.
struct ComparedPhoto {
  std::string group;   // photos of one group show one mark
  std::string design;  // photos of one design are not unrelated
  Description query, gallery;
};

// With the model's whitening. At most max_keypoints per channel.
Description describe(const View& view, int max_keypoints, const models::ModelData& model,
                     const kernels::DenseCohort& cohort, const kernels::Backend& backend);

// What a pair of photos teaches: the score, unless they are of different moulds of one design, and
// the mould's answer, if they are of one design.
struct ComparedPhotos {
  std::vector<ComparedPair> pairs;
  // Judged by is_verified once the score is fitted.
  struct OfOneDesign {
    MouldPair pair;
    Verification verification;
  };
  std::vector<OfOneDesign> of_one_design;
};

// Each with its mates and with some `strangers` of the others. The model's score need not be fitted
// yet.
ComparedPhotos compare_photos(const std::vector<ComparedPhoto>& photos,
                              const models::ModelData& model, int strangers,
                              const kernels::Backend& backend, const RunControl& control);

// Which pairs are verified only the fitted score tells.
MouldFit fit_mould(const std::vector<ComparedPhotos::OfOneDesign>& compared,
                   const models::FusionModel& fusion);

}  // namespace pressmark::train
