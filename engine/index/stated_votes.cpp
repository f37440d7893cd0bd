// SPDX-License-Identifier: Apache-2.0
#include "engine/index/stated_votes.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/index/stated_votes.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::index {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vote agrees with a transform that leads to it within this distance, in pixels of the candidate
// and as a share of the way: keypoints know scale and rotation only roughly.
constexpr float kNearPx = 12.0f;
constexpr float kNearShare = 0.25f;
constexpr float kCosineOfRotation = 0.87758256f;  // half a radian
constexpr float kScaleRatio = 1.5157166f;         // 0.6 octaves

using FloatTag = hn::CappedTag<float, 16>;

std::size_t find_agreeing(const float* values, std::size_t padded, std::size_t tried,
                          std::uint16_t* agreeing) {
  const FloatTag tag;
  const auto of_tried = [&](std::size_t column) { return values[column * padded + tried]; };
  const float scale = of_tried(StatedVotes::kScale);
  const float cosine = of_tried(StatedVotes::kCosine), sine = of_tried(StatedVotes::kSine);
  const auto tried_cosine = hn::Set(tag, cosine), tried_sine = hn::Set(tag, sine);
  const auto along = hn::Set(tag, scale * cosine), across = hn::Set(tag, scale * sine);
  const auto query_x = hn::Set(tag, of_tried(StatedVotes::kQueryX));
  const auto query_y = hn::Set(tag, of_tried(StatedVotes::kQueryY));
  const auto candidate_x = hn::Set(tag, of_tried(StatedVotes::kCandidateX));
  const auto candidate_y = hn::Set(tag, of_tried(StatedVotes::kCandidateY));
  const auto least_cosine = hn::Set(tag, kCosineOfRotation), ratio = hn::Set(tag, kScaleRatio);
  const auto tried_scale = hn::Set(tag, scale), most_scale = hn::Set(tag, scale * kScaleRatio);
  const auto share = hn::Set(tag, kNearShare * scale), near_px = hn::Set(tag, kNearPx);
  std::size_t found = 0;
  for (std::size_t i = 0; i < padded; i += hn::Lanes(tag)) {
    const auto load = [&](std::size_t column)
                          HWY_ATTR { return hn::Load(tag, values + column * padded + i); };
    const auto scales = load(StatedVotes::kScale);
    auto agree = hn::Ge(hn::Add(hn::Mul(load(StatedVotes::kCosine), tried_cosine),
                                hn::Mul(load(StatedVotes::kSine), tried_sine)),
                        least_cosine);
    agree = hn::And(agree, hn::Le(scales, most_scale));
    agree = hn::And(agree, hn::Le(tried_scale, hn::Mul(scales, ratio)));
    // Most agree no further than this.
    if (HWY_LIKELY(hn::AllFalse(tag, agree))) continue;
    const auto dx = hn::Sub(load(StatedVotes::kQueryX), query_x);
    const auto dy = hn::Sub(load(StatedVotes::kQueryY), query_y);
    const auto error_x =
        hn::Sub(hn::Add(candidate_x, hn::Sub(hn::Mul(along, dx), hn::Mul(across, dy))),
                load(StatedVotes::kCandidateX));
    const auto error_y =
        hn::Sub(hn::Add(candidate_y, hn::Add(hn::Mul(across, dx), hn::Mul(along, dy))),
                load(StatedVotes::kCandidateY));
    const auto way = hn::Sqrt(hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy)));
    const auto near = hn::Add(near_px, hn::Mul(share, way));
    agree = hn::And(agree, hn::Le(hn::Add(hn::Mul(error_x, error_x), hn::Mul(error_y, error_y)),
                                  hn::Mul(near, near)));
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(tag, agree, bits);
    for (unsigned rest = bits[0] | static_cast<unsigned>(bits[1]) << 8; rest != 0;
         rest &= rest - 1) {
      agreeing[found++] =
          static_cast<std::uint16_t>(i + static_cast<std::size_t>(__builtin_ctz(rest)));
    }
  }
  return found;
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::index
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::index {

HWY_EXPORT(find_agreeing);

StatedVotes::StatedVotes(std::span<const Vote> votes)
    : size_(votes.size()),
      padded_((size_ + 15) / 16 * 16),
      values_(hwy::AllocateAligned<float>(std::max<std::size_t>(1, kColumns * padded_))) {
  if (values_ == nullptr) throw std::bad_alloc();
  std::fill_n(values_.get(), kColumns * padded_, 0.0f);
  for (std::size_t i = 0; i < size_; ++i) {
    const Keypoint& query = votes[i].query;
    const Keypoint& candidate = votes[i].candidate;
    const float rotation = candidate.angle_rad - query.angle_rad;
    const std::array<float, kColumns> row{query.x_px,
                                          query.y_px,
                                          candidate.x_px,
                                          candidate.y_px,
                                          std::cos(rotation),
                                          std::sin(rotation),
                                          candidate.size_px / query.size_px};
    for (std::size_t c = 0; c < kColumns; ++c) values_[c * padded_ + i] = row[c];
  }
}

std::size_t StatedVotes::find_agreeing(std::size_t tried, std::uint16_t* agreeing) const {
  return HWY_DYNAMIC_DISPATCH(find_agreeing)(values_.get(), padded_, tried, agreeing);
}

}  // namespace pressmark::index
#endif  // HWY_ONCE
