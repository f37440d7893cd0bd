// SPDX-License-Identifier: Apache-2.0
#include "kernels/staged_describer.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pressmark::kernels {
namespace {

class StagedDescriber final : public ImageDescriber {
 public:
  StagedDescriber(const Backend& backend, const DescribeModel& model)
      : backend_(backend), model_(model), cohort_(backend.prepare_cohort(model.cohort)) {}

  void describe(std::span<const ImageView> images,
                std::span<ImageDescription> outputs) const override {
    assert(images.size() == outputs.size());
    for (std::size_t i = 0; i < images.size(); ++i) describe(images[i], outputs[i]);
  }

 private:
  void describe(const ImageView& image, ImageDescription& output) const {
    GreyImage &grey = output.grey, glare, relit;
    backend_.canonicalise({&image, 1}, model_.long_side_px, {&grey, 1});
    backend_.mask_glare({&grey, 1}, {&glare, 1});
    backend_.relight({&grey, 1}, {&glare, 1}, {&relit, 1}, {&output.light, 1});
    for (std::size_t c = 0; c < kChannels.size(); ++c) {
      output.local[c] =
          local_codes(kChannels[c] == Channel::kRaw ? grey : relit, glare, model_.channels[c]);
      if (kChannels[c] == Channel::kRaw) {
        backend_.aggregate({&output.local[c].codes, 1}, model_.aggregation, {&output.global, 1});
      }
    }
    backend_.dense_codes({&grey, 1}, {&glare, 1}, {&output.dense, 1});
    output.dense_cohort = cohort_->statistics(output.dense);
    backend_.code_details({&grey, 1}, {&output.detail, 1});
  }

  LocalCodes local_codes(const GreyImage& image, const GreyImage& mask,
                         const DescribeModel::OfChannel& channel) const {
    LocalFeatures features;
    backend_.extract({&image, 1}, {&mask, 1}, model_.max_keypoints, {&features, 1});
    LocalCodes local;
    backend_.embed({&features, 1}, channel.whitening, {&local.codes, 1});
    local.keypoints = std::move(features.keypoints);
    const std::span<const std::int8_t> indexed =
        std::span<const std::int8_t>(local.codes)
            .first(std::min(local.keypoints.size(), model_.indexed_codes) * kLocalCodeSize);
    WordAssignment words;
    backend_.assign({&indexed, 1}, channel.vocabulary, channel.even_size, 1, {&words, 1});
    local.words = std::move(words.same);
    return local;
  }

  const Backend& backend_;
  const DescribeModel model_;
  const std::unique_ptr<DenseCohort> cohort_;
};

}  // namespace

std::unique_ptr<ImageDescriber> make_staged_describer(const Backend& backend,
                                                      const DescribeModel& model) {
  return std::make_unique<StagedDescriber>(backend, model);
}

}  // namespace pressmark::kernels
