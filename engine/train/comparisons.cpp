// SPDX-License-Identifier: Apache-2.0
#include "engine/train/comparisons.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "engine/train/ordered_map.hpp"
#include "engine/verify/fusion.hpp"
#include "engine/verify/mould.hpp"
#include "engine/verify/verify.hpp"

namespace pressmark::train {
namespace {

// 128 and more tell no more (docs/decisions/0004-dense-code.md).
constexpr std::size_t kCohortSize = 64;
// So that most marks remain for fitting the score.
constexpr std::size_t kLeastMarksForCohort = 2 * kCohortSize;

}  // namespace

std::vector<DenseCode> choose_cohort(const std::vector<std::optional<DenseCode>>& marks,
                                     const std::vector<DenseCode>& images,
                                     std::vector<char>& taken) {
  std::vector<DenseCode> cohort;
  taken.assign(marks.size(), 0);
  if (marks.size() >= kLeastMarksForCohort) {
    for (std::size_t i = 0; i < kCohortSize; ++i) {
      const std::size_t mark = i * marks.size() / kCohortSize;
      if (!marks[mark]) continue;
      taken[mark] = 1;
      cohort.push_back(*marks[mark]);
    }
  } else {
    const std::size_t count = std::min(kCohortSize, images.size());
    for (std::size_t i = 0; i < count; ++i) cohort.push_back(images[i * images.size() / count]);
  }
  return cohort;
}

Description describe(const View& view, int max_keypoints, const models::ModelData& model,
                     const kernels::DenseCohort& cohort, const kernels::Backend& backend) {
  Description description;
  description.dense = view.features.dense;
  description.dense_cohort = cohort.statistics(description.dense);
  description.width_px = view.width;
  description.height_px = view.height;
  description.light = view.features.light;
  description.detail = view.features.detail;
  for (const Channel channel : kChannels) {
    // Strongest first: the beginning is what a smaller budget would have given.
    kernels::LocalFeatures features = view.of(channel);
    const std::size_t count =
        std::min(features.keypoints.size(), static_cast<std::size_t>(max_keypoints));
    features.keypoints.resize(count);
    features.descriptors.resize(count * kernels::kDescriptorSize);
    LocalCodes& local = description.local(channel);
    backend.embed({&features, 1}, model.local(channel).whitening(), {&local.codes, 1});
    local.keypoints = std::move(features.keypoints);
  }
  return description;
}

ComparedPhotos compare_photos(const std::vector<ComparedPhoto>& photos,
                              const models::ModelData& model, int strangers,
                              const kernels::Backend& backend, const RunControl& control) {
  std::map<std::string, std::pair<std::size_t, std::set<std::string>>> designs;
  for (const ComparedPhoto& photo : photos) {
    auto& [number, groups] =
        designs.try_emplace(photo.design, designs.size(), std::set<std::string>{}).first->second;
    groups.insert(photo.group);
  }
  ComparedPhotos all;
  ordered_map<ComparedPhotos>(
      photos.size(), control,
      [&](std::size_t i) {
        ComparedPhotos result;
        const verify::PreparedQuery query(backend, photos[i].query);
        const auto& [design, groups] = designs.at(photos[i].design);
        const auto compare = [&](std::size_t j) {
          Verification verification =
              verify::verify_pair(backend, model, query, photos[j].gallery, VerifyOptions{});
          const bool is_mate = photos[i].group == photos[j].group;
          const bool is_one_design = photos[i].design == photos[j].design;
          if (is_mate || !is_one_design) {
            result.pairs.push_back({verify::fusion_features(verification), is_mate});
          }
          if (is_one_design && groups.size() > 1) {
            MouldPair pair;
            pair.features =
                verify::mould_features(verification, photos[i].query, photos[j].gallery);
            pair.design = design;
            pair.same_mould = is_mate;
            pair.knows_lights = verification.mould.light_gap_deg.has_value();
            verification.inliers.clear();
            result.of_one_design.push_back({pair, std::move(verification)});
          }
        };
        for (std::size_t j = 0; j < photos.size(); ++j) {
          if (j != i && photos[j].design == photos[i].design) compare(j);
        }
        // Strides through the list from another place for each photo.
        const std::size_t stride =
            std::max<std::size_t>(1, photos.size() / static_cast<std::size_t>(strangers));
        for (std::size_t j = i % stride; j < photos.size(); j += stride) {
          if (photos[j].design != photos[i].design) compare(j);
        }
        return result;
      },
      [&](ComparedPhotos& found) {
        all.pairs.insert(all.pairs.end(), found.pairs.begin(), found.pairs.end());
        std::move(found.of_one_design.begin(), found.of_one_design.end(),
                  std::back_inserter(all.of_one_design));
      });
  return all;
}

MouldFit fit_mould(const std::vector<ComparedPhotos::OfOneDesign>& compared,
                   const models::FusionModel& fusion) {
  const VerifyOptions options;
  std::vector<MouldPair> pairs;
  for (const auto& [pair, verification] : compared) {
    Verification scored = verification;
    scored.score = verify::score_of_evidence(
        fusion, verify::fused_evidence(fusion, verify::fusion_features(scored)));
    scored.verified =
        scored.score >= options.min_score && scored.inlier_count >= options.min_inliers;
    pairs.push_back(pair);
    pairs.back().is_judged = verify::doubt_of(scored) == MouldDoubt::kNone;
  }
  return fit_mould(pairs);
}

}  // namespace pressmark::train
