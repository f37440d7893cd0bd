// SPDX-License-Identifier: Apache-2.0
//
// The backend interface: one method per stage of an image's way (docs/architecture.md), each on a
// batch. Backends are stateless for their callers: methods are const and may be called from many
// threads at once; a batch is worked on by the calling thread alone, parallelism comes from calling
// with several batches. Empty batches are allowed. Inputs are trusted to satisfy the stated
// preconditions (asserts); they come from the engine, never straight from a user.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::kernels {

// Length of an unwhitened local descriptor (RootSIFT: 4 x 4 cells x 8 orientations).
inline constexpr int kDescriptorSize = 128;

// Most keypoints of one photo.
inline constexpr std::size_t kMaxKeypoints = 4096;

// Interleaved 8-bit pixels, 1 (grey) or 3 (blue, green, red) channels; borrowed.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0, height = 0, channels = 1;
  std::int64_t stride_bytes = 0;
};

// Owned 8-bit grey image without row padding.
struct GreyImage {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;  // height x width
};

// Keypoints with descriptors before whitening.
struct LocalFeatures {
  std::vector<Keypoint> keypoints;
  std::vector<float> descriptors;  // keypoints.size() x kDescriptorSize, rows of unit length
};

// code = normalise(projection * (descriptor - mean)), then int8 at 127 per unit.
struct Whitening {
  std::span<const float> mean;        // kDescriptorSize
  std::span<const float> projection;  // kLocalCodeSize x kDescriptorSize
};

// Aggregation to one vector: VLAD over `words` with intra-normalisation, then
// global = normalise(projection * (vlad - mean)).
struct Aggregation {
  int words = 0, global_size = 0;
  std::span<const float> centroids;   // words x kLocalCodeSize, in the space of unit-length codes
  std::span<const float> mean;        // words * kLocalCodeSize
  std::span<const float> projection;  // global_size x (words * kLocalCodeSize); empty: none, the
                                      // plain VLAD is returned
};

// Words that partition the space of local codes.
struct Vocabulary {
  int words = 0;
  std::span<const std::int8_t> centroids;  // words x kLocalCodeSize, 127 per unit
};
inline constexpr int kMaxWords = 65'536;
inline constexpr int kMaxNearestWords = 16;

// The nearest words of codes as they are, and with their odd part negated: codes x `nearest`.
struct WordAssignment {
  std::vector<std::uint16_t> same, inverted;
};

// What a describer takes of a model, and how much of a photo it keeps. Borrowed.
struct DescribeModel {
  struct OfChannel {
    Whitening whitening;
    Vocabulary vocabulary;
    int even_size = 0;  // Backend::assign
  };

  int long_side_px = 1;                       // of the canonical image, at most
  int max_keypoints = 0;                      // of each channel; at most kMaxKeypoints
  std::size_t indexed_codes = kIndexedCodes;  // codes of an image and channel that get a word
  std::array<OfChannel, kChannels.size()> channels;  // in the order of kChannels
  Aggregation aggregation;                           // of the raw channel's codes
  std::span<const DenseCode> cohort;
};

// What all stages together make of a photo.
struct ImageDescription {
  GreyImage grey;  // canonical
  Light light;
  std::array<LocalCodes, kChannels.size()> local;  // in the order of kChannels
  std::vector<float> global;
  DenseCode dense;
  CohortStatistics dense_cohort;
  std::vector<std::uint8_t> detail;
};

struct CodesView {
  std::span<const Keypoint> keypoints;
  std::span<const std::int8_t> codes;  // keypoints.size() x kLocalCodeSize
};

struct CodeMatch {
  int query = 0, candidate = 0;  // keypoint indices
  float distance = 0;            // Euclidean, of unit-length codes; [0, 2]
  bool operator==(const CodeMatch&) const = default;
};

// Matches under the two hypotheses about the contrast of the photos: the same in both, or inverted
// (a relief lit from the opposite side).
struct SignedMatches {
  std::vector<CodeMatch> same, inverted;
};

struct PointPair {
  float query_x, query_y, hit_x, hit_y;
};

struct KeypointPair {
  Keypoint query, hit;
};

// The largest group of keypoint pairs that one affinity explains.
struct Consensus {
  int places = 0;                                          // distinct places among `agreeing`
  std::array<double, 6> hit_from_query{1, 0, 0, 0, 1, 0};  // 2 x 3, row-major
  std::vector<int> agreeing;                               // indices of pairs, ascending
};

struct Registration {
  bool found = false;
  TransformKind kind = TransformKind::kHomography;
  std::array<double, 9> hit_from_query{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<int> inliers;  // indices of pairs, ascending
};

// A position of the query on the candidate: x of the query is at A x + shift of the candidate, both
// in sides of the dense code's frame from its centre (y down).
struct DensePosition {
  std::array<double, 4> linear{1, 0, 0, 1};  // A, row by row
  double shift_x = 0, shift_y = 0;
};

// score: correlation of the two fields in this position, [-1, 1]; 0 where one holds nothing.
struct DenseMatch {
  float score = 0;
  DensePosition position;
};

// A square of the query's frame (sides of the frame from its upper left corner) that was moved by
// itself: shift_x, shift_y (sides, in the candidate) beyond the pair's position gave the
// correlation `score`.
struct DenseCell {
  float x = 0, y = 0, side = 0, shift_x = 0, shift_y = 0, score = 0;
  bool agrees = false;
};

// Symmetric normalisation (S-norm; Kenny, Odyssey 2010) of a correlation: mean of the two z-scores.
inline double normalised_score(float score, const CohortStatistics& query,
                               const CohortStatistics& candidate) {
  const auto z = [score](const CohortStatistics& cohort) {
    return static_cast<double>((score - cohort.mean) / cohort.deviation);
  };
  return 0.5 * (z(query) + z(candidate));
}

// A dense code made ready to be searched for in others. Thread-safe.
class DenseSearch {
 public:
  virtual ~DenseSearch() = default;

  // The best similarity of each candidate, at half resolution: all shifts up to half a side, 32
  // rotations, scales 2^(i / 4) from 1/2 to 2.
  virtual void search(std::span<const DenseCode> candidates,
                      std::span<DenseMatch> matches) const = 0;
};

// A dense code at a half and a quarter of its resolution: means of 2 x 2 and 4 x 4 cells, laid out
// and scaled like a DenseCode.
inline constexpr int kHalvedSide = kDenseSide / 2, kQuarteredSide = kDenseSide / 4;
struct DensePyramid {
  std::array<std::int8_t, 2 * kHalvedSide * kHalvedSide> half{};
  std::array<std::int8_t, 2 * kQuarteredSide * kQuarteredSide> quarter{};
};

// Where to look: a similarity, by the place of one point on both sides (sides of the frame from its
// centre).
struct DenseStart {
  float query_x = 0, query_y = 0, candidate_x = 0, candidate_y = 0, rotation_rad = 0, octaves = 0;
  float score = 0;  // correlation found there; [0, 1]
};

// A dense code made ready to be compared with others near known positions: what DenseSearch finds,
// in a hundredth of its time, where something else says where to look. Scales beyond 1/2 to 2 and
// shifts beyond half a side do not count. Thread-safe.
class DenseAlignment {
 public:
  virtual ~DenseAlignment() = default;

  // Of each candidate the most promising of its starts, shifted to where they fit best at a quarter
  // of the resolution: at most kScreenedStarts, best first; ties: earlier start.
  static constexpr std::size_t kScreenedStarts = 6;
  virtual void screen(std::span<const DensePyramid* const> candidates,
                      std::span<const std::span<const DenseStart>> starts,
                      std::span<std::vector<DenseStart>> screened) const = 0;

  // Of each candidate the best correlation at half resolution near its starts: within two steps of
  // rotation (pi / 16), two of scale (2^(1 / 4)) and three cells; 0 without starts.
  virtual void align(std::span<const DensePyramid* const> candidates,
                     std::span<const std::span<const DenseStart>> starts,
                     std::span<float> scores) const = 0;
};

// Dense codes of a cohort made ready to be compared with others. Thread-safe.
class DenseCohort {
 public:
  virtual ~DenseCohort() = default;

  // Of the best correlation with each member over all shifts and 16 rotations at equal scale: a
  // part of what DenseSearch goes through, a twentieth of its time, and as telling. {0, 1} for an
  // empty cohort.
  virtual CohortStatistics statistics(const DenseCode& code) const = 0;
};

// A model made ready to describe photos with: the way from pixels to all codes in one call, because
// a device need not give back and be given again what lies between the stages. Thread-safe.
class ImageDescriber {
 public:
  virtual ~ImageDescriber() = default;

  // What the backend's stages give one after the other, for any grouping of the images.
  // outputs.size() == images.size().
  virtual void describe(std::span<const ImageView> images,
                        std::span<ImageDescription> outputs) const = 0;
};

// A detail code and the size of the image that it was made of.
struct DetailView {
  int width_px = 0, height_px = 0;
  std::span<const std::uint8_t> bits;  // detail_bytes(width_px, height_px)
};

struct DetailAgreement {
  int patches = 0;       // that both photos show whole
  double strength = 0;   // mean over them of |c|, [0, 1]; unrelated detail gives about .15
  double agreement = 0;  // mean of c, [-1, 1]
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;

  // So many images should one call have for the backend to be at its best.
  virtual std::size_t images_at_once() const { return 1; }

  // The model's numbers must outlive the describer.
  virtual std::unique_ptr<ImageDescriber> prepare_describer(const DescribeModel& model) const = 0;

  // Grey (ITU-R BT.601, rounded) and reduced by area averaging so that the long side is
  // min(long_side_px, original). outputs.size() == images.size().
  virtual void canonicalise(std::span<const ImageView> images, int long_side_px,
                            std::span<GreyImage> outputs) const = 0;

  // masks[i]: 255 where images[i] shows glare, and around it; else 0. Glare takes part in nothing.
  virtual void mask_glare(std::span<const GreyImage> images, std::span<GreyImage> masks) const = 0;

  // Takes the light out of photos of reliefs: height-like images that depend on the light's azimuth
  // by one global sign only (kernels/cpu/relight.hpp). masks: one per image.
  virtual void relight(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                       std::span<GreyImage> relit, std::span<Light> lights) const = 0;

  // Difference-of-Gaussians keypoints with RootSIFT descriptors of patches 12 times their size
  // (Lowe, IJCV 2004; Arandjelovic and Zisserman, CVPR 2012), at most max_keypoints outside the
  // masks (one per image, or an empty mask: nothing is masked), strongest first by a total order
  // (response, y, x, size, angle), snapped to the grid of Keypoint.
  virtual void extract(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                       int max_keypoints, std::span<LocalFeatures> outputs) const = 0;

  // Dense codes (docs/decisions/0004-dense-code.md); masks as for extract.
  virtual void dense_codes(std::span<const GreyImage> images, std::span<const GreyImage> masks,
                           std::span<DenseCode> outputs) const = 0;

  virtual std::unique_ptr<DenseCohort> prepare_cohort(std::span<const DenseCode> cohort) const = 0;

  virtual std::unique_ptr<DenseSearch> prepare_search(const DenseCode& query) const = 0;

  virtual void reduce_dense(std::span<const DenseCode> codes,
                            std::span<DensePyramid> outputs) const = 0;

  virtual std::unique_ptr<DenseAlignment> prepare_alignment(const DenseCode& query) const = 0;

  // Affine ascent at full resolution from each given position. The score is the correlation over
  // the cells of the candidate that the query covers; each field counts with half its energy at
  // least, so that a small overlap cannot score high.
  virtual void refine_dense(const DenseCode& query, std::span<const DenseCode> candidates,
                            std::span<DenseMatch> matches) const = 0;

  // Congruent cells of each pair around its position: 6 x 6 squares of the query, those without
  // content or outside the candidate left out.
  virtual void congruent_cells(const DenseCode& query, std::span<const DenseCode> candidates,
                               std::span<const DenseMatch> matches,
                               std::span<std::vector<DenseCell>> outputs) const = 0;

  // Whitened int8 codes: outputs[i] gets features[i].keypoints.size() x kLocalCodeSize.
  virtual void embed(std::span<const LocalFeatures> features, const Whitening& whitening,
                     std::span<std::vector<std::int8_t>> outputs) const = 0;

  // Signs of fine detail (kernels/cpu/detail_code.hpp): outputs[i] gets detail_bytes of images[i].
  virtual void code_details(std::span<const GreyImage> images,
                            std::span<std::vector<std::uint8_t>> outputs) const = 0;

  // Lays the query's code over the candidate's by `hit_from_query`, a homography between pixels of
  // the two images, row by row, and compares patch by patch: c is (agreeing - disagreeing bits) /
  // all of them, at the best of the nine shifts by one bit.
  virtual DetailAgreement compare_details(const DetailView& query, const DetailView& candidate,
                                          const std::array<double, 9>& hit_from_query) const = 0;

  // One unit-length vector per row set of codes (n x kLocalCodeSize, n >= 0; zero vector for 0).
  virtual void aggregate(std::span<const std::vector<std::int8_t>> codes,
                         const Aggregation& aggregation,
                         std::span<std::vector<float>> outputs) const = 0;

  // The `nearest` words of each code by Euclidean distance, nearest first; ties: lowest word. For
  // the inverted hypothesis code elements from `even_size` (even) on change sign. 1 <= nearest <=
  // min(kMaxNearestWords, words).
  virtual void assign(std::span<const std::span<const std::int8_t>> codes,
                      const Vocabulary& vocabulary, int even_size, int nearest,
                      std::span<WordAssignment> outputs) const = 0;

  // outputs[i]: dot product of `code` (kLocalCodeSize values) with the i-th of `codes`; 127^2 is
  // the similarity of equal codes.
  virtual void similarities(std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                            std::span<std::int32_t> outputs) const = 0;

  // Mutual nearest neighbours whose distance is at most `ratio` times the distance to the nearest
  // code of a candidate keypoint more than 10 px away from the best (Mishkin, Matas and Perdoch,
  // CVIU 2015: first geometrically inconsistent neighbour); 1: no such test. Ties: lowest index. By
  // query index. For the inverted hypothesis the query's code elements from `even_size` (even) on
  // change sign; its keypoints' angles are not changed. At most kMaxKeypoints on either side.
  virtual void match(const CodesView& query, std::span<const CodesView> candidates, int even_size,
                     float ratio, std::span<SignedMatches> outputs) const = 0;

  // Each pair alone proposes a similarity; those that most others agree with, in place, size and
  // orientation, are refined to an affinity (Philbin et al., CVPR 2007, "fast spatial matching").
  // threshold_px: transfer error of an agreeing pair. A group of fewer than three places is none.
  virtual void find_consensus(std::span<const std::vector<KeypointPair>> pairs, float threshold_px,
                              std::span<Consensus> outputs) const = 0;

  // Robust registration of each set of pairs (MAGSAC++, Barath et al., CVPR 2020) by a homography,
  // an affinity and a similarity; the one with the lowest GRIC (Torr, 1998) is returned. Mirrored
  // transforms and those that fold the inliers' region are refused. Deterministic.
  virtual void register_pairs(std::span<const std::vector<PointPair>> pairs, float threshold_px,
                              std::span<Registration> outputs) const = 0;
};

std::unique_ptr<Backend> make_cpu_backend();

}  // namespace pressmark::kernels
