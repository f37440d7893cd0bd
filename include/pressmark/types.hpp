// SPDX-License-Identifier: Apache-2.0
//
// Values that travel through the whole engine: what a photo is, what describes it, and what links
// two of them. Plain data, freely copyable, no invariants beyond those stated beside each field.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/export.hpp"

namespace pressmark {

// Row number of an image in its catalogue; positive, never reused.
using ImageId = std::int64_t;

struct PRESSMARK_API Sha256 {
  std::array<std::uint8_t, 32> bytes{};
  std::string hex() const;  // 64 lower-case digits
  static std::optional<Sha256> from_hex(std::string_view text);
  auto operator<=>(const Sha256&) const = default;
};

// What a photo shows. Marks are compared whatever the kind; the kind filters and explains.
enum class ImageKind { kLogo, kToolmark, kWrapping, kOverview };
PRESSMARK_API std::string_view to_string(
    ImageKind kind);  // "logo", "toolmark", "wrapping", "overview"
PRESSMARK_API std::optional<ImageKind> image_kind_from_string(std::string_view text);

// Axis-aligned region in pixels of the upright photo (EXIF orientation applied), origin top left.
struct RegionOfInterest {
  int x = 0, y = 0, width = 0, height = 0;  // width and height > 0
  bool operator==(const RegionOfInterest&) const = default;
};

// A local feature's position in the canonical image. Values lie on the grid of the segment format
// (positions and sizes: 1/64 px; angle: 2 pi / 65536), so that a stored and a freshly computed
// description are equal bit for bit.
struct Keypoint {
  float x_px = 0, y_px = 0;  // pixel centres are integers; [0, 1024)
  float size_px = 0;         // diameter of the detected blob; (0, 1024)
  float angle_rad = 0;       // dominant gradient direction, clockwise from +x; [0, 2 pi)
  bool operator==(const Keypoint&) const = default;
};

// Length of one local code. Fixed by the format; a model is trained to it.
inline constexpr int kLocalCodeSize = 64;

// A photo is looked at in two ways. Raw: as it is; printed logos, text, wrapping. Relit: with the
// light taken out (kernels/cpu/relight.hpp); pressed marks, whose photos change with the light.
enum class Channel { kRaw, kRelit };
inline constexpr std::array<Channel, 2> kChannels{Channel::kRaw, Channel::kRelit};
PRESSMARK_API std::string_view to_string(Channel channel);  // "raw", "relit"

// Codes of a channel, the strongest, by which a catalogued image can be found.
inline constexpr std::size_t kIndexedCodes = 192;

// Local features of one channel.
struct LocalCodes {
  std::vector<Keypoint> keypoints;
  std::vector<std::int8_t> codes;  // keypoints.size() x kLocalCodeSize, row-major
  // The model's word nearest to each of the first indexed_count() codes.
  std::vector<std::uint16_t> words;
  std::size_t indexed_count() const { return std::min(keypoints.size(), kIndexedCodes); }
  bool operator==(const LocalCodes&) const = default;
};

// Cells per side of a dense code.
inline constexpr int kDenseSide = 64;

// The photo's field of doubled gradient angles on a square grid, whose side is the long side of the
// canonical image and whose centre is the image's centre: compared as a whole, without keypoints.
// Real parts, then imaginary parts, row by row; the largest part of a code that is not all zero is
// +-127.
struct DenseCode {
  std::array<std::int8_t, 2 * kDenseSide * kDenseSide> values{};
  bool operator==(const DenseCode&) const = default;
};

// Mean and standard deviation of a photo's correlations with a fixed cohort of other photos.
struct CohortStatistics {
  float mean = 0, deviation = 1;  // deviation > 0
  bool operator==(const CohortStatistics&) const = default;
};

// Where the light came from, as far as the photo tells.
struct Light {
  float azimuth_rad = 0;  // in the canonical image, clockwise from +x, modulo pi; [0, pi)
  float coherence = 0;    // of the gradients it was estimated from; [0, 1], 0: no direction
  bool sure = false;      // coherent enough for the relit channel to be relied upon
  bool operator==(const Light&) const = default;
};

// What decides whether a photo can be compared at all; quality_problem() judges it.
struct Quality {
  float sharpness = 0;     // fine detail as a share of fine and coarse detail; [0, 1]
  float contrast = 0;      // grey levels between the 5 % and the 95 % quantile; [0, 255]
  float dark_share = 0;    // pixels at most 10; [0, 1]
  float bright_share = 0;  // pixels at least 250; [0, 1]
  bool operator==(const Quality&) const = default;
};

// Bytes of Description::detail of a canonical image: one bit for each 2 x 2 pixels, odd rows and
// columns left over.
constexpr std::size_t detail_bytes(int width_px, int height_px) {
  return (static_cast<std::size_t>(width_px / 2) * static_cast<std::size_t>(height_px / 2) + 7) / 8;
}

// Everything that is compared of one photo.
struct Description {
  int width_px = 0, height_px = 0;  // canonical image, see DescribeOptions::long_side_px
  // Upright photo pixels per canonical pixel, and the canonical origin's place in the photo (the
  // corner of the region of interest): photo = origin + scale * (canonical + .5) - .5.
  double photo_scale = 1, photo_origin_x = 0, photo_origin_y = 0;
  LocalCodes raw, relit;
  std::vector<float> global;  // of the raw channel; unit length, Model::global_size() values; zero
                              // if it has no keypoint
  DenseCode dense;            // of the raw channel
  CohortStatistics dense_cohort;  // against the model's cohort
  Light light;
  Quality quality;
  // Signs of the photo's fine detail, one bit for each 2 x 2 canonical pixels, by which moulds of
  // one design are told apart (kernels/cpu/detail_code.hpp): detail_bytes() of them, or none.
  std::vector<std::uint8_t> detail;

  LocalCodes& local(Channel channel) { return channel == Channel::kRaw ? raw : relit; }
  const LocalCodes& local(Channel channel) const { return channel == Channel::kRaw ? raw : relit; }
  // Of both channels.
  int keypoint_count() const {
    return static_cast<int>(raw.keypoints.size() + relit.keypoints.size());
  }
  bool operator==(const Description&) const = default;
};

enum class TransformKind { kSimilarity, kAffine, kHomography };
PRESSMARK_API std::string_view to_string(TransformKind kind);

// Maps homogeneous pixel coordinates of the query's upright photo to those of the hit's.
struct Transform {
  TransformKind kind = TransformKind::kHomography;
  std::array<double, 9> hit_from_query{1, 0, 0, 0, 1, 0, 0, 0, 1};  // row-major, last element 1
  double scale = 1;         // sqrt |det| of the linear part at the centre of the inliers
  double rotation_deg = 0;  // rotation there, clockwise as seen, (-180, 180]
};

// A pair of keypoints that agree with the transform, in pixels of the two upright photos.
struct Inlier {
  float query_x, query_y, hit_x, hit_y;
};

// What one channel says about two descriptions.
struct LocalEvidence {
  int tentative = 0;      // matches that passed the mutual and ratio tests
  int agreeing = 0;       // distinct places among them that one affinity explains
  bool inverted = false;  // with the contrast of one photo inverted: lit from the other side
  bool operator==(const LocalEvidence&) const = default;
};

// A square of the query that was moved by itself to where it fits the hit best (congruent matching
// cells after Song, NIST 2013).
struct CongruentCell {
  float query_x, query_y, hit_x, hit_y;  // centres, pixels of the two upright photos
  float query_side_px;
  float score;  // correlation there; [-1, 1]
  bool agrees;  // correlated, and moved as the others were
};

// What the dense codes say about two descriptions.
struct DenseEvidence {
  float score = 0;       // best correlation over all similarities of the plane; [-1, 1]
  float normalised = 0;  // in standard deviations above those with the cohort (S-norm)
  int agreeing_cells = 0;
  std::vector<CongruentCell> cells;  // those with content; only where the score reaches min_score
};

// The second answer: were two marks of one design made by the same physical mould?
enum class MouldVerdict { kSame, kDifferent, kCannotTell };
PRESSMARK_API std::string_view to_string(
    MouldVerdict verdict);  // "same", "different", "cannot_tell"

// Why the engine cannot tell.
enum class MouldDoubt {
  kNone,         // it can
  kNotTaught,    // the model was trained without several moulds of one design
  kNotVerified,  // the pair is not linked at all
  kSmallArea,    // what agrees covers too little of a photo
  kFewDetails,   // too little lies in what both photos show
  kUnsureLight,  // they differ, but so they would in one mark under other light
  kUndecided     // the evidence reaches neither threshold
};
// "not_taught" and so on; "none" for kNone.
PRESSMARK_API std::string_view to_string(MouldDoubt doubt);

// Details of one channel in what both photos show, of both photos together. Fine: blobs below 6
// canonical pixels, where moulds of one design differ; coarse: larger ones, mostly the design.
struct MouldDetails {
  int fine = 0, fine_shared = 0;  // all; those found in the other photo at their place, and alike
  int coarse = 0, coarse_shared = 0;
  bool operator==(const MouldDetails&) const = default;
};

// The thresholds of the two verdicts are set in training so that, of judged pairs of designs that
// the model was not fitted to, this share is called the same although their moulds differ, ...
inline constexpr double kMouldFalseSame = 0.01;
// ... and this share called different although one mould made both.
inline constexpr double kMouldFalseDifferent = 0.02;

struct MouldAnswer {
  MouldVerdict verdict = MouldVerdict::kCannotTell;
  MouldDoubt doubt = MouldDoubt::kNotVerified;
  // ln of the likelihood ratio, same mould against another mould of the same design, as a model
  // fitted to training pairs gives it; 0 where the model was not taught.
  double evidence = 0;
  MouldDetails raw, relit;
  // How well fine detail agrees, whichever photo is lit from the other side, over the patches that
  // both photos show: 0 to 1; about .18 where only the design is shared. 0 where patches is 0.
  double detail_strength = 0;
  int detail_patches = 0;
  // Angle between the lights after registration, modulo half a turn; no value where either is not
  // sure or nothing was registered. [0, 90]
  std::optional<double> light_gap_deg;

  MouldDetails& details(Channel which) { return which == Channel::kRaw ? raw : relit; }
  const MouldDetails& details(Channel which) const { return which == Channel::kRaw ? raw : relit; }
  bool operator==(const MouldAnswer&) const = default;
};

// The outcome of comparing two descriptions.
struct Verification {
  // -log10 of the share of unrelated pairs of photos with at least this much evidence, as measured
  // when the model was trained; beyond the rarest that training saw, extrapolated. 4: one unrelated
  // pair in 10 000. At least 0.
  double score = 0;
  bool verified = false;  // score >= VerifyOptions::min_score and enough inliers or cells
  double evidence = 0;    // log-odds that the pair is of one mark, before calibration
  // -log10 of the expected number of equally good agreements among chance matches (number of false
  // alarms, a-contrario model of Moisan and Stival, IJCV 2004); 0 where nothing agrees.
  double log_false_alarms = 0;
  LocalEvidence raw, relit;
  DenseEvidence dense;
  // The channel that agrees best; what follows is of it.
  Channel channel = Channel::kRaw;
  int inlier_count = 0;   // distinct places that agree with the transform
  double area_query = 0;  // share of the query's canonical image inside the inliers' hull; [0, 1]
  double area_hit = 0;    // the same for the hit
  double error_px = 0;    // RMS transfer error of the inliers, canonical pixels of the hit
  // Whether `transform` means something: it rests on the inliers or, where there are fewer than
  // VerifyOptions::min_inliers, on the agreeing cells of the dense codes.
  bool registered = false;
  Transform transform;
  std::vector<Inlier> inliers;
  MouldAnswer mould;

  LocalEvidence& local(Channel which) { return which == Channel::kRaw ? raw : relit; }
  const LocalEvidence& local(Channel which) const { return which == Channel::kRaw ? raw : relit; }
};

// Facts of a seizure. Empty text means unknown.
struct Seizure {
  std::string name;  // unique in a catalogue, not empty
  std::string place;
  std::string date;  // ISO 8601 date: YYYY, YYYY-MM or YYYY-MM-DD
  std::string agency;
};

// What the examiner says about a photo. All fields may be left out.
struct ImageFacts {
  std::string seizure;
  std::string package;  // unique within its seizure; requires a seizure
  ImageKind kind = ImageKind::kLogo;
  std::optional<double> scale_mm_per_px;  // > 0, millimetres per pixel of the upright photo
  std::optional<RegionOfInterest> region;
  std::string metadata_json = "{}";  // one JSON object, free keys
};

}  // namespace pressmark
