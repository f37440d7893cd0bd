// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_backend.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_search.hpp"
#include "kernels/cuda/runtime/devices.hpp"
#include "kernels/cuda/runtime/lane_pool.hpp"
#include "kernels/cuda/stages.hpp"
#include "pressmark/error.hpp"

namespace pressmark::kernels {
namespace {

// Works batches of at most `most` items off on lanes. A batch that device memory does not suffice
// for is halved; throws Error, kOutOfMemory, where it does not suffice for one item.
// work(lane, first, count).
template <class Work>
void in_batches(cuda::LanePool& lanes, std::size_t items, std::size_t most, const Work& work) {
  for (std::size_t first = 0; first < items;) {
    const std::size_t count = std::min(most, items - first);
    try {
      lanes.run([&](cuda::Lane& lane) { work(lane, first, count); });
      first += count;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory || count == 1) throw;
      most = count / 2;
    }
  }
}

// Prepared objects must not outlive the backend, whose lanes they use.
class PreparedDenseSearch final : public DenseSearch {
 public:
  PreparedDenseSearch(cuda::LanePool& lanes, const DenseCode& query) : lanes_(lanes) {
    lanes_.run([&](cuda::Lane& lane) {
      query_ = cuda::prepare_query(lane, lane.upload(std::span(&query, 1)).data());
    });
  }

  void search(std::span<const DenseCode> candidates, std::span<DenseMatch> matches) const override {
    assert(candidates.size() == matches.size());
    constexpr std::size_t kMostCandidates = 4096;
    in_batches(lanes_, candidates.size(), kMostCandidates,
               [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                 cuda::search_dense(lane, query_, candidates.subspan(first, count),
                                    matches.subspan(first, count));
               });
  }

 private:
  cuda::LanePool& lanes_;
  cuda::DenseSpectra query_;
};

class PreparedDenseCohort final : public DenseCohort {
 public:
  PreparedDenseCohort(cuda::LanePool& lanes, std::span<const DenseCode> cohort)
      : lanes_(lanes), size_(cohort.size()) {
    if (cohort.empty()) return;
    lanes_.run([&](cuda::Lane& lane) {
      members_ = cuda::prepare_members(lane, lane.upload(cohort).data(), cohort.size());
    });
  }

  CohortStatistics statistics(const DenseCode& code) const override {
    CohortStatistics result;
    if (size_ == 0) return result;
    lanes_.run(
        [&](cuda::Lane& lane) { result = cuda::cohort_statistics(lane, members_, size_, code); });
    return result;
  }

 private:
  cuda::LanePool& lanes_;
  std::size_t size_;
  cuda::DenseSpectra members_;
};

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(const cuda::Device& device)
      : name_("cuda:" + std::to_string(device.ordinal) + " (" + device.name + ")"),
        lanes_(device.ordinal),
        host_(make_cpu_backend()) {
    // Fails here, by name, where the device cannot run this build's kernels.
    const std::array<std::int8_t, kLocalCodeSize> code{1};
    std::int32_t similarity = 0;
    similarities(code, code, {&similarity, 1});
    if (similarity != 1) throw Error(ErrorCode::kDevice, name_ + " computes wrong results");
  }

  std::string_view name() const override { return name_; }

  void canonicalise(std::span<const ImageView> images, int long_side_px,
                    std::span<GreyImage> outputs) const override {
    host_->canonicalise(images, long_side_px, outputs);
  }

  void mask_glare(std::span<const GreyImage> images, std::span<GreyImage> masks) const override {
    host_->mask_glare(images, masks);
  }

  void relight(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               std::span<GreyImage> relit, std::span<Light> lights) const override {
    // 25 MB of device memory for one of 1000 px.
    constexpr std::size_t kMostImages = 64;
    in_batches(lanes_, images.size(), kMostImages,
               [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                 cuda::relight(lane, images.subspan(first, count), masks.subspan(first, count),
                               relit.subspan(first, count), lights.subspan(first, count));
               });
  }

  void extract(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               int max_keypoints, std::span<LocalFeatures> outputs) const override {
    host_->extract(images, masks, max_keypoints, outputs);
  }

  void dense_codes(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                   std::span<DenseCode> outputs) const override {
    assert(images.size() == masks.size() && images.size() == outputs.size());
    // About 20 bytes per pixel.
    constexpr std::size_t kMostImages = 64;
    in_batches(lanes_, images.size(), kMostImages,
               [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                 cuda::dense_codes(lane, images.subspan(first, count), masks.subspan(first, count),
                                   outputs.subspan(first, count));
               });
  }

  std::unique_ptr<DenseCohort> prepare_cohort(std::span<const DenseCode> cohort) const override {
    return std::make_unique<PreparedDenseCohort>(lanes_, cohort);
  }

  std::unique_ptr<DenseSearch> prepare_search(const DenseCode& query) const override {
    return std::make_unique<PreparedDenseSearch>(lanes_, query);
  }

  void reduce_dense(std::span<const DenseCode> codes,
                    std::span<DensePyramid> outputs) const override {
    assert(codes.size() == outputs.size());
    constexpr std::size_t kMostCodes = 16'384;
    in_batches(lanes_, codes.size(), kMostCodes,
               [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                 cuda::reduce_dense(lane, codes.subspan(first, count),
                                    outputs.subspan(first, count));
               });
  }

  std::unique_ptr<DenseAlignment> prepare_alignment(const DenseCode& query) const override {
    return host_->prepare_alignment(query);
  }

  void refine_dense(const DenseCode& query, std::span<const DenseCode> candidates,
                    std::span<DenseMatch> matches) const override {
    host_->refine_dense(query, candidates, matches);
  }

  void congruent_cells(const DenseCode& query, std::span<const DenseCode> candidates,
                       std::span<const DenseMatch> matches,
                       std::span<std::vector<DenseCell>> outputs) const override {
    host_->congruent_cells(query, candidates, matches, outputs);
  }

  void embed(std::span<const LocalFeatures> features, const Whitening& whitening,
             std::span<std::vector<std::int8_t>> outputs) const override {
    host_->embed(features, whitening, outputs);
  }

  void code_details(std::span<const GreyImage> images,
                    std::span<std::vector<std::uint8_t>> outputs) const override {
    host_->code_details(images, outputs);
  }

  DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                  const std::array<double, 9>& hit_from_query) const override {
    return host_->compare_details(query, candidate, hit_from_query);
  }

  void aggregate(std::span<const std::vector<std::int8_t>> codes, const Aggregation& aggregation,
                 std::span<std::vector<float>> outputs) const override {
    host_->aggregate(codes, aggregation, outputs);
  }

  void assign(std::span<const std::span<const std::int8_t>> codes, const Vocabulary& vocabulary,
              int even_size, int nearest, std::span<WordAssignment> outputs) const override {
    host_->assign(codes, vocabulary, even_size, nearest, outputs);
  }

  void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                    std::span<std::int32_t> outputs) const override {
    constexpr std::size_t kMostCodes = std::size_t{1} << 22;
    in_batches(lanes_, outputs.size(), kMostCodes,
               [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                 cuda::similarities(lane, code,
                                    codes.subspan(first * kLocalCodeSize, count * kLocalCodeSize),
                                    outputs.subspan(first, count));
               });
  }

  void match(const CodesView& query, std::span<const CodesView> candidates, int even_size,
             float ratio, std::span<SignedMatches> outputs) const override {
    host_->match(query, candidates, even_size, ratio, outputs);
  }

  void find_consensus(std::span<const std::vector<KeypointPair>> pairs, float threshold_px,
                      std::span<Consensus> outputs) const override {
    host_->find_consensus(pairs, threshold_px, outputs);
  }

  void register_pairs(std::span<const std::vector<PointPair>> pairs, float threshold_px,
                      std::span<Registration> outputs) const override {
    host_->register_pairs(pairs, threshold_px, outputs);
  }

 private:
  const std::string name_;
  mutable cuda::LanePool lanes_;
  const std::unique_ptr<Backend> host_;  // for the stages that have no kernels
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(int ordinal) {
  const cuda::Devices devices = cuda::find_devices();
  if (devices.usable.empty()) {
    throw Error(ErrorCode::kDevice, "no CUDA device: " + devices.why_none);
  }
  for (const cuda::Device& device : devices.usable) {
    if (device.ordinal == ordinal) return std::make_unique<CudaBackend>(device);
  }
  throw Error(ErrorCode::kDevice, "no CUDA device " + std::to_string(ordinal) +
                                      ": this machine has " +
                                      std::to_string(devices.usable.size()));
}

}  // namespace pressmark::kernels
