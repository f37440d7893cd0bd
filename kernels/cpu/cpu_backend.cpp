// SPDX-License-Identifier: Apache-2.0
#include <opencv2/core/utility.hpp>

#include <cassert>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_alignment.hpp"
#include "kernels/cpu/detail_code.hpp"
#include "kernels/cpu/illumination.hpp"
#include "kernels/cpu/relight.hpp"
#include "kernels/cpu/stages.hpp"
#include "kernels/staged_describer.hpp"

namespace pressmark::kernels {
namespace {

class CpuBackend final : public Backend {
 public:
  CpuBackend() {
    // Parallelism is over images. OpenCV's own pool would fight with the caller's threads.
    cv::setNumThreads(1);
  }

  std::string_view name() const override { return "cpu"; }

  std::unique_ptr<ImageDescriber> prepare_describer(const DescribeModel& model) const override {
    return make_staged_describer(*this, model);
  }

  void canonicalise(std::span<const ImageView> images, int long_side_px,
                    std::span<GreyImage> outputs) const override {
    assert(images.size() == outputs.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      cpu::canonicalise(images[i], long_side_px, outputs[i]);
    }
  }

  void mask_glare(std::span<const GreyImage> images, std::span<GreyImage> masks) const override {
    assert(images.size() == masks.size());
    for (std::size_t i = 0; i < images.size(); ++i) masks[i] = cpu::glare_mask(images[i]);
  }

  void relight(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               std::span<GreyImage> relit, std::span<Light> lights) const override {
    assert(images.size() == masks.size() && images.size() == relit.size() &&
           images.size() == lights.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      lights[i] = cpu::relight(images[i], masks[i], relit[i]);
    }
  }

  void extract(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               int max_keypoints, std::span<LocalFeatures> outputs) const override {
    assert(images.size() == outputs.size() && images.size() == masks.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      cpu::extract(images[i], masks[i], max_keypoints, outputs[i]);
    }
  }

  void dense_codes(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                   std::span<DenseCode> outputs) const override {
    assert(images.size() == masks.size() && images.size() == outputs.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      cpu::dense_code(images[i], masks[i], outputs[i]);
    }
  }

  std::unique_ptr<DenseCohort> prepare_cohort(std::span<const DenseCode> cohort) const override {
    return std::make_unique<cpu::CohortSpectra>(cohort);
  }

  std::unique_ptr<DenseSearch> prepare_search(const DenseCode& query) const override {
    return std::make_unique<cpu::DenseQuery>(query);
  }

  void reduce_dense(std::span<const DenseCode> codes,
                    std::span<DensePyramid> outputs) const override {
    assert(codes.size() == outputs.size());
    for (std::size_t i = 0; i < codes.size(); ++i) cpu::reduce_dense(codes[i], outputs[i]);
  }

  std::unique_ptr<DenseAlignment> prepare_alignment(const DenseCode& query) const override {
    return std::make_unique<cpu::DenseLocalSearch>(query);
  }

  void refine_dense(const DenseCode& query, std::span<const DenseCode> candidates,
                    std::span<DenseMatch> matches) const override {
    assert(candidates.size() == matches.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      matches[i] = cpu::refine_match(query, candidates[i], matches[i]);
    }
  }

  void congruent_cells(const DenseCode& query, std::span<const DenseCode> candidates,
                       std::span<const DenseMatch> matches,
                       std::span<std::vector<DenseCell>> outputs) const override {
    assert(candidates.size() == matches.size() && candidates.size() == outputs.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      outputs[i] = cpu::congruent_cells(query, candidates[i], matches[i]);
    }
  }

  void embed(std::span<const LocalFeatures> features, const Whitening& whitening,
             std::span<std::vector<std::int8_t>> outputs) const override {
    assert(features.size() == outputs.size());
    for (std::size_t i = 0; i < features.size(); ++i) {
      cpu::embed(features[i], whitening, outputs[i]);
    }
  }

  void code_details(std::span<const GreyImage> images,
                    std::span<std::vector<std::uint8_t>> outputs) const override {
    assert(images.size() == outputs.size());
    for (std::size_t i = 0; i < images.size(); ++i) cpu::detail_code(images[i], outputs[i]);
  }

  DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                  const std::array<double, 9>& hit_from_query) const override {
    return cpu::compare_details(query, candidate, hit_from_query);
  }

  void aggregate(std::span<const std::vector<std::int8_t>> codes, const Aggregation& aggregation,
                 std::span<std::vector<float>> outputs) const override {
    assert(codes.size() == outputs.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      cpu::aggregate(codes[i], aggregation, outputs[i]);
    }
  }

  void assign(std::span<const std::span<const std::int8_t>> codes, const Vocabulary& vocabulary,
              int even_size, int nearest, std::span<WordAssignment> outputs) const override {
    assert(codes.size() == outputs.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      cpu::assign(codes[i], vocabulary, even_size, nearest, outputs[i]);
    }
  }

  void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                    std::span<std::int32_t> outputs) const override {
    cpu::similarities(code, codes, outputs);
  }

  void match(const CodesView& query, std::span<const CodesView> candidates, int even_size,
             float ratio, std::span<SignedMatches> outputs) const override {
    assert(candidates.size() == outputs.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      cpu::match(query, candidates[i], even_size, ratio, outputs[i]);
    }
  }

  void find_consensus(std::span<const std::vector<KeypointPair>> pairs, float threshold_px,
                      std::span<Consensus> outputs) const override {
    assert(pairs.size() == outputs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      cpu::find_consensus(pairs[i], threshold_px, outputs[i]);
    }
  }

  void register_pairs(std::span<const std::vector<PointPair>> pairs, float threshold_px,
                      std::span<Registration> outputs) const override {
    assert(pairs.size() == outputs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      cpu::register_pairs(pairs[i], threshold_px, outputs[i]);
    }
  }
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend() {
  return std::make_unique<CpuBackend>();
}

}  // namespace pressmark::kernels
