// SPDX-License-Identifier: Apache-2.0
#include "tests/support/failing_backend.hpp"

#include <atomic>

#include "kernels/staged_describer.hpp"
#include "pressmark/error.hpp"

namespace pressmark::test {
namespace {

using namespace kernels;

std::atomic<int> photos_until_failure = -1;

class FailingBackend final : public Backend {
 public:
  std::string_view name() const override { return "failing"; }
  std::size_t images_at_once() const override { return 2; }

  std::unique_ptr<ImageDescriber> prepare_describer(const DescribeModel& model) const override {
    return make_staged_describer(*this, model);
  }

  // The first stage of every description.
  void canonicalise(std::span<const ImageView> images, int long_side_px,
                    std::span<GreyImage> outputs) const override {
    const auto count = static_cast<int>(images.size());
    if (most_photos_ >= 0 && photos_.fetch_add(count) + count > most_photos_) {
      throw Error(ErrorCode::kDevice, "the device has failed");
    }
    cpu_->canonicalise(images, long_side_px, outputs);
  }

  void mask_glare(std::span<const GreyImage> images, std::span<GreyImage> masks) const override {
    cpu_->mask_glare(images, masks);
  }
  void relight(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               std::span<GreyImage> relit, std::span<Light> lights) const override {
    cpu_->relight(images, masks, relit, lights);
  }
  void extract(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               int max_keypoints, std::span<LocalFeatures> outputs) const override {
    cpu_->extract(images, masks, max_keypoints, outputs);
  }
  void dense_codes(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                   std::span<DenseCode> outputs) const override {
    cpu_->dense_codes(images, masks, outputs);
  }
  std::unique_ptr<DenseCohort> prepare_cohort(std::span<const DenseCode> cohort) const override {
    return cpu_->prepare_cohort(cohort);
  }
  std::unique_ptr<DenseSearch> prepare_search(const DenseCode& query) const override {
    return cpu_->prepare_search(query);
  }
  void reduce_dense(std::span<const DenseCode> codes,
                    std::span<DensePyramid> outputs) const override {
    cpu_->reduce_dense(codes, outputs);
  }
  std::unique_ptr<DenseAlignment> prepare_alignment(const DenseCode& query) const override {
    return cpu_->prepare_alignment(query);
  }
  void refine_dense(const DenseCode& query, std::span<const DenseCode> candidates,
                    std::span<DenseMatch> matches) const override {
    cpu_->refine_dense(query, candidates, matches);
  }
  void congruent_cells(const DenseCode& query, std::span<const DenseCode> candidates,
                       std::span<const DenseMatch> matches,
                       std::span<std::vector<DenseCell>> outputs) const override {
    cpu_->congruent_cells(query, candidates, matches, outputs);
  }
  void embed(std::span<const LocalFeatures> features, const Whitening& whitening,
             std::span<std::vector<std::int8_t>> outputs) const override {
    cpu_->embed(features, whitening, outputs);
  }
  void code_details(std::span<const GreyImage> images,
                    std::span<std::vector<std::uint8_t>> outputs) const override {
    cpu_->code_details(images, outputs);
  }
  DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                  const std::array<double, 9>& hit_from_query) const override {
    return cpu_->compare_details(query, candidate, hit_from_query);
  }
  void aggregate(std::span<const std::vector<std::int8_t>> codes, const Aggregation& aggregation,
                 std::span<std::vector<float>> outputs) const override {
    cpu_->aggregate(codes, aggregation, outputs);
  }
  void assign(std::span<const std::span<const std::int8_t>> codes, const Vocabulary& vocabulary,
              int even_size, int nearest, std::span<WordAssignment> outputs) const override {
    cpu_->assign(codes, vocabulary, even_size, nearest, outputs);
  }
  void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                    std::span<std::int32_t> outputs) const override {
    cpu_->similarities(code, codes, outputs);
  }
  void match(const CodesView& query, std::span<const CodesView> candidates, int even_size,
             float ratio, std::span<SignedMatches> outputs) const override {
    cpu_->match(query, candidates, even_size, ratio, outputs);
  }
  void find_consensus(std::span<const std::vector<KeypointPair>> pairs, float threshold_px,
                      std::span<Consensus> outputs) const override {
    cpu_->find_consensus(pairs, threshold_px, outputs);
  }
  void register_pairs(std::span<const std::vector<PointPair>> pairs, float threshold_px,
                      std::span<Registration> outputs) const override {
    cpu_->register_pairs(pairs, threshold_px, outputs);
  }

 private:
  const std::unique_ptr<Backend> cpu_ = make_cpu_backend();
  const int most_photos_ = photos_until_failure;
  mutable std::atomic<int> photos_ = 0;
};

}  // namespace

void fail_backends_after(int photos) {
  photos_until_failure = photos;
}

std::unique_ptr<Backend> make_failing_backend() {
  return std::make_unique<FailingBackend>();
}

}  // namespace pressmark::test
