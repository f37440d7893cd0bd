// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/mould.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/verify/guided_match.hpp"

namespace pressmark::verify {
namespace {

// Of each photo only its strongest keypoints are counted, whatever its budget, so that shares of a
// query with many and of a hit with few mean the same.
constexpr std::size_t kCounted = 512;
constexpr double kFineSize_px = 6;
// Keypoints nearer to the other photo's edge may have been lost there.
constexpr double kMargin_px = 4;

// What a pair must have before it is judged: chosen, not fitted.
constexpr double kMinArea = 0.03;
constexpr int kMinDetails = 100;  // of both photos and channels
constexpr int kMinPatches = 12;

bool is_inside(const Matrix3& map, const Keypoint& point, const Description& other) {
  Point place;
  if (!map_point(map, {point.x_px, point.y_px}, place)) return false;
  return place.x >= kMargin_px && place.y >= kMargin_px &&
         place.x <= other.width_px - 1 - kMargin_px && place.y <= other.height_px - 1 - kMargin_px;
}

// Adjugate: the inverse up to a factor, which a homography does not have.
Matrix3 inverse(const Matrix3& m) {
  Matrix3 result{m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
                 m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                 m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3]};
  const double last = result[8];
  if (last != 0) {
    for (double& value : result) value /= last;
  }
  return result;
}

void count_side(const LocalCodes& local, const Description& other, const Matrix3& map,
                const std::vector<char>& is_shared, double size_factor, MouldDetails& details) {
  const std::size_t count = std::min(local.keypoints.size(), kCounted);
  for (std::size_t i = 0; i < count; ++i) {
    const Keypoint& point = local.keypoints[i];
    if (!is_inside(map, point, other)) continue;
    const bool is_fine = point.size_px * size_factor < kFineSize_px;
    (is_fine ? details.fine : details.coarse) += 1;
    if (is_shared[i] != 0) (is_fine ? details.fine_shared : details.coarse_shared) += 1;
  }
}

MouldDetails details_of(const LocalCodes& query, const Description& query_photo,
                        const LocalCodes& hit, const Description& hit_photo,
                        const Matrix3& hit_from_query, double scale,
                        const std::vector<kernels::CodeMatch>& matches) {
  std::vector<char> query_shared(query.keypoints.size(), 0), hit_shared(hit.keypoints.size(), 0);
  for (const kernels::CodeMatch& match : matches) {
    query_shared[static_cast<std::size_t>(match.query)] = 1;
    hit_shared[static_cast<std::size_t>(match.candidate)] = 1;
  }
  // Sizes halfway between the two photos, so that neither decides what is fine.
  MouldDetails details;
  count_side(query, hit_photo, hit_from_query, query_shared, std::sqrt(scale), details);
  count_side(hit, query_photo, inverse(hit_from_query), hit_shared, 1 / std::sqrt(scale), details);
  return details;
}

// Few of few say little: the share is drawn towards one tenth.
double log_share(int shared, int all) {
  return std::log((shared + 0.5) / (all + 5.0));
}

}  // namespace

LocalCodes with_inverted_contrast(const LocalCodes& local, int even_size) {
  LocalCodes result = local;
  for (Keypoint& keypoint : result.keypoints) {
    const float turned = keypoint.angle_rad + std::numbers::pi_v<float>;
    constexpr float kFullTurn = 2 * std::numbers::pi_v<float>;
    keypoint.angle_rad = turned >= kFullTurn ? turned - kFullTurn : turned;
  }
  for (std::size_t i = 0; i < result.codes.size(); ++i) {
    if (static_cast<int>(i % kLocalCodeSize) >= even_size) {
      result.codes[i] = static_cast<std::int8_t>(-result.codes[i]);
    }
  }
  return result;
}

void count_details(const kernels::Backend& backend, const models::ModelData& model,
                   const Description& query, const Description& hit, const Matrix3& hit_from_query,
                   double radius_px, MouldAnswer& answer) {
  double scale, rotation_deg;
  local_scale_rotation(hit_from_query, {0.5 * query.width_px, 0.5 * query.height_px}, scale,
                       rotation_deg);
  for (const Channel channel : kChannels) {
    const LocalCodes& codes = query.local(channel);
    const LocalCodes inverted = with_inverted_contrast(codes, model.local(channel).even_size);
    const GuidedMatches same = guided_match(codes, hit.local(channel), hit_from_query, radius_px);
    const GuidedMatches other =
        guided_match(inverted, hit.local(channel), hit_from_query, radius_px);
    const auto& matches = other.matches.size() > same.matches.size() ? other.matches : same.matches;
    answer.details(channel) =
        details_of(codes, query, hit.local(channel), hit, hit_from_query, scale, matches);
  }
  const auto has_code = [](const Description& photo) {
    return photo.detail.size() == detail_bytes(photo.width_px, photo.height_px);
  };
  if (has_code(query) && has_code(hit)) {
    const kernels::DetailAgreement agreement =
        backend.compare_details({query.width_px, query.height_px, query.detail},
                                {hit.width_px, hit.height_px, hit.detail}, hit_from_query);
    answer.detail_patches = agreement.patches;
    answer.detail_strength = agreement.strength;
  }
  if (query.light.sure && hit.light.sure) {
    const double turned = query.light.azimuth_rad + rotation_deg * std::numbers::pi / 180;
    answer.light_gap_deg =
        std::abs(std::remainder(turned - hit.light.azimuth_rad, std::numbers::pi)) * 180 /
        std::numbers::pi;
  }
}

MouldFeatures mould_features(const Verification& v, const Description& query,
                             const Description& hit) {
  const std::size_t keypoints =
      std::min({query.raw.keypoints.size(), hit.raw.keypoints.size(), kCounted});
  MouldFeatures features{std::log1p(v.raw.agreeing), std::log1p(v.relit.agreeing),
                         std::log1p(v.inlier_count), std::log1p(v.log_false_alarms),
                         std::log1p(static_cast<double>(keypoints))};
  if (v.mould.raw == MouldDetails{} && v.mould.relit == MouldDetails{}) return features;
  const double canonical_scale = v.transform.scale * query.photo_scale / hit.photo_scale;
  // An unknown gap between the lights is taken as the mean of all.
  const double gap_rad = v.mould.light_gap_deg.value_or(45) * std::numbers::pi / 180;
  features[5] = std::sqrt(std::sqrt(v.area_query * v.area_hit));
  features[6] = std::cos(2 * gap_rad);
  features[7] = log_share(v.mould.raw.fine_shared, v.mould.raw.fine);
  features[8] = log_share(v.mould.raw.coarse_shared, v.mould.raw.coarse);
  features[9] = log_share(v.mould.relit.fine_shared, v.mould.relit.fine);
  features[10] = log_share(v.mould.relit.coarse_shared, v.mould.relit.coarse);
  features[11] = std::abs(std::log(canonical_scale));
  if (v.mould.detail_patches == 0) return features;
  features[12] = v.mould.detail_strength;
  features[13] = 1;
  return features;
}

double mould_evidence(const models::MouldModel& model, const MouldFeatures& features) {
  if (!model.is_taught()) return 0;
  assert(model.weights.size() == features.size() + 1);
  double sum = model.weights.back();
  for (std::size_t i = 0; i < features.size(); ++i) sum += model.weights[i] * features[i];
  return sum;
}

MouldDoubt doubt_of(const Verification& v) {
  if (!v.verified) return MouldDoubt::kNotVerified;
  if (std::min(v.area_query, v.area_hit) < kMinArea) return MouldDoubt::kSmallArea;
  if (v.mould.raw.fine + v.mould.raw.coarse + v.mould.relit.fine + v.mould.relit.coarse <
          kMinDetails ||
      v.mould.detail_patches < kMinPatches) {
    return MouldDoubt::kFewDetails;
  }
  return MouldDoubt::kNone;
}

void judge_mould(const models::MouldModel& model, Verification& verification) {
  MouldAnswer& answer = verification.mould;
  answer.verdict = MouldVerdict::kCannotTell;
  answer.doubt = model.is_taught() ? doubt_of(verification) : MouldDoubt::kNotTaught;
  if (answer.doubt != MouldDoubt::kNone) return;
  if (answer.evidence >= model.same_from) {
    answer.verdict = MouldVerdict::kSame;
  } else if (answer.evidence > model.different_to) {
    answer.doubt = MouldDoubt::kUndecided;
  } else if (!answer.light_gap_deg) {
    // What is missing in one of them may be there and unlit.
    answer.doubt = MouldDoubt::kUnsureLight;
  } else {
    answer.verdict = MouldVerdict::kDifferent;
  }
}

}  // namespace pressmark::verify
