// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cuda_backend.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_alignment.hpp"
#include "kernels/cuda/dense_search.hpp"
#include "kernels/cuda/extract.hpp"
#include "kernels/cuda/image_describer.hpp"
#include "kernels/cuda/patch_descriptor.hpp"
#include "kernels/cuda/runtime/batches.hpp"
#include "kernels/cuda/runtime/devices.hpp"
#include "kernels/cuda/runtime/lane_pool.hpp"
#include "kernels/cuda/stages.hpp"
#include "pressmark/error.hpp"

namespace pressmark::kernels {
namespace {

// Enough blocks for all multiprocessors in every stage; more would only take more memory.
constexpr std::size_t kImagesAtOnce = 16;

// 8 KB of device memory each.
constexpr std::size_t kMostDensePairs = 4096;

// Images that extract() is given at once: about 1 GiB of device memory.
std::size_t extract_batch(std::span<const GreyImage> images, int max_keypoints) {
  constexpr std::size_t kBytes = std::size_t{1} << 30;
  std::size_t most = 1;
  for (const GreyImage& image : images) {
    most = std::max(most, cuda::extract_bytes(image.width, image.height, max_keypoints));
  }
  return std::clamp(kBytes / most, std::size_t{1}, std::size_t{256});
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
    cuda::in_batches(lanes_, candidates.size(), kMostCandidates,
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
    lanes_.run([&](cuda::Lane& lane) { cuda::similarities(lane, code, code, {&similarity, 1}); });
    if (similarity != 1) throw Error(ErrorCode::kDevice, name_ + " computes wrong results");
    lanes_.run([&](cuda::Lane& lane) { rotations_ = cuda::upload_rotations(lane); });
  }

  std::string_view name() const override { return name_; }

  std::size_t images_at_once() const override { return kImagesAtOnce; }

  std::unique_ptr<ImageDescriber> prepare_describer(const DescribeModel& model) const override {
    return std::make_unique<cuda::ResidentDescriber>(lanes_, rotations_, model);
  }

  void canonicalise(std::span<const ImageView> images, int long_side_px,
                    std::span<GreyImage> outputs) const override {
    // Whole photos come to the device: as many as 256 MB hold.
    std::size_t largest = 1;
    for (const ImageView& image : images) {
      const std::int64_t samples = std::int64_t{image.width} * image.height * image.channels;
      largest = std::max(largest, static_cast<std::size_t>(samples));
    }
    const std::size_t most = std::clamp<std::size_t>((std::size_t{256} << 20) / largest, 1, 64);
    cuda::in_batches(lanes_, images.size(), most,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::canonicalise(lane, images.subspan(first, count), long_side_px,
                                          outputs.subspan(first, count));
                     });
  }

  void mask_glare(std::span<const GreyImage> images, std::span<GreyImage> masks) const override {
    constexpr std::size_t kMostImages = 128;  // of a megapixel: 256 MB
    cuda::in_batches(lanes_, images.size(), kMostImages,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::mask_glare(lane, images.subspan(first, count),
                                        masks.subspan(first, count));
                     });
  }

  void relight(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               std::span<GreyImage> relit, std::span<Light> lights) const override {
    // 25 MB of device memory for one of 1000 px.
    constexpr std::size_t kMostImages = 64;
    cuda::in_batches(lanes_, images.size(), kMostImages,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::relight(lane, images.subspan(first, count),
                                     masks.subspan(first, count), relit.subspan(first, count),
                                     lights.subspan(first, count));
                     });
  }

  void extract(std::span<const GreyImage> images, std::span<const GreyImage> masks,
               int max_keypoints, std::span<LocalFeatures> outputs) const override {
    cuda::in_batches(lanes_, images.size(), extract_batch(images, max_keypoints),
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::extract(lane, images.subspan(first, count),
                                     masks.subspan(first, count), max_keypoints, rotations_,
                                     outputs.subspan(first, count));
                     });
  }

  void dense_codes(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                   std::span<DenseCode> outputs) const override {
    assert(images.size() == masks.size() && images.size() == outputs.size());
    // About 20 bytes per pixel.
    constexpr std::size_t kMostImages = 64;
    cuda::in_batches(lanes_, images.size(), kMostImages,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::dense_codes(lane, images.subspan(first, count),
                                         masks.subspan(first, count),
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
    // An index that grows image by image does without the device.
    constexpr std::size_t kFewestCodes = 32;
    if (codes.size() < kFewestCodes) {
      host_->reduce_dense(codes, outputs);
      return;
    }
    constexpr std::size_t kMostCodes = 16'384;
    cuda::in_batches(lanes_, codes.size(), kMostCodes,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::reduce_dense(lane, codes.subspan(first, count),
                                          outputs.subspan(first, count));
                     });
  }

  std::unique_ptr<DenseAlignment> prepare_alignment(const DenseCode& query) const override {
    return std::make_unique<cuda::DenseLocalSearch>(lanes_, query);
  }

  void refine_dense(const DenseCode& query, std::span<const DenseCode> candidates,
                    std::span<DenseMatch> matches) const override {
    cuda::in_batches(lanes_, candidates.size(), kMostDensePairs,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::refine_dense(lane, query, candidates.subspan(first, count),
                                          matches.subspan(first, count));
                     });
  }

  void congruent_cells(const DenseCode& query, std::span<const DenseCode> candidates,
                       std::span<const DenseMatch> matches,
                       std::span<std::vector<DenseCell>> outputs) const override {
    cuda::in_batches(lanes_, candidates.size(), kMostDensePairs,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::congruent_cells(lane, query, candidates.subspan(first, count),
                                             matches.subspan(first, count),
                                             outputs.subspan(first, count));
                     });
  }

  void embed(std::span<const LocalFeatures> features, const Whitening& whitening,
             std::span<std::vector<std::int8_t>> outputs) const override {
    constexpr std::size_t kMostImages = 256;
    cuda::in_batches(lanes_, features.size(), kMostImages,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::embed(lane, features.subspan(first, count), whitening,
                                   outputs.subspan(first, count));
                     });
  }

  void code_details(std::span<const GreyImage> images,
                    std::span<std::vector<std::uint8_t>> outputs) const override {
    constexpr std::size_t kMostImages = 128;  // of a megapixel: 144 MB
    cuda::in_batches(lanes_, images.size(), kMostImages,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::code_details(lane, images.subspan(first, count),
                                          outputs.subspan(first, count));
                     });
  }

  DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                  const std::array<double, 9>& hit_from_query) const override {
    DetailAgreement agreement;
    cuda::in_batches(lanes_, 1, 1, [&](cuda::Lane& lane, std::size_t, std::size_t) {
      agreement = cuda::compare_details(lane, query, candidate, hit_from_query);
    });
    return agreement;
  }

  void aggregate(std::span<const std::vector<std::int8_t>> codes, const Aggregation& aggregation,
                 std::span<std::vector<float>> outputs) const override {
    constexpr std::size_t kMostSets = 256;  // 72 MiB with 4096 codes and 64 words each
    cuda::in_batches(lanes_, codes.size(), kMostSets,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::aggregate(lane, codes.subspan(first, count), aggregation,
                                       outputs.subspan(first, count));
                     });
  }

  void assign(std::span<const std::span<const std::int8_t>> codes, const Vocabulary& vocabulary,
              int even_size, int nearest, std::span<WordAssignment> outputs) const override {
    constexpr std::size_t kMostSets = 512;  // 128 MiB of codes; scratch memory does not grow
    cuda::in_batches(lanes_, codes.size(), kMostSets,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::assign(lane, codes.subspan(first, count), vocabulary, even_size,
                                    nearest, outputs.subspan(first, count));
                     });
  }

  void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                    std::span<std::int32_t> outputs) const override {
    // Index lists, some thousand codes, are multiplied before a copy to the device would begin.
    constexpr std::size_t kFewestCodes = std::size_t{1} << 16;
    if (outputs.size() < kFewestCodes) {
      host_->similarities(code, codes, outputs);
      return;
    }
    constexpr std::size_t kMostCodes = std::size_t{1} << 22;
    cuda::in_batches(lanes_, outputs.size(), kMostCodes,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::similarities(
                           lane, code,
                           codes.subspan(first * kLocalCodeSize, count * kLocalCodeSize),
                           outputs.subspan(first, count));
                     });
  }

  void match(const CodesView& query, std::span<const CodesView> candidates, int even_size,
             float ratio, std::span<SignedMatches> outputs) const override {
    // Up to 340 MiB of scratch memory for a query of kMaxKeypoints.
    constexpr std::size_t kMostCandidates = 1024, kMostCodes = 64 * kMaxKeypoints;
    std::size_t largest = 1;
    for (const CodesView& candidate : candidates) {
      largest = std::max(largest, candidate.keypoints.size());
    }
    cuda::in_batches(lanes_, candidates.size(), std::min(kMostCandidates, kMostCodes / largest),
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::match(lane, query, candidates.subspan(first, count), even_size, ratio,
                                   outputs.subspan(first, count));
                     });
  }

  void find_consensus(std::span<const std::vector<KeypointPair>> pairs, float threshold_px,
                      std::span<Consensus> outputs) const override {
    constexpr std::size_t kMostSets = 1024;  // 1 GB where all have as many pairs as there can be
    cuda::in_batches(lanes_, outputs.size(), kMostSets,
                     [&](cuda::Lane& lane, std::size_t first, std::size_t count) {
                       cuda::find_consensus(lane, pairs.subspan(first, count), threshold_px,
                                            outputs.subspan(first, count));
                     });
  }

  // By the host: nearly all of it is OpenCV's sampling, one sample after the other by its own
  // random numbers, for the few candidates that agree. What could run on the device, the inliers
  // and GRIC of three transforms, is a hundredth of it.
  void register_pairs(std::span<const std::vector<PointPair>> pairs, float threshold_px,
                      std::span<Registration> outputs) const override {
    host_->register_pairs(pairs, threshold_px, outputs);
  }

 private:
  const std::string name_;
  mutable cuda::LanePool lanes_;
  cuda::DeviceBuffer<float2> rotations_;
  // For what has no kernels, and for calls too small for the device: the results are the same.
  const std::unique_ptr<Backend> host_;
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
