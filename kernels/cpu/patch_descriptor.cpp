// SPDX-License-Identifier: Apache-2.0
//
// A patch of 32 x 32 samples. The soft assignment of a gradient to orientation bins is
// max(0, cos d)^8, d the angle to the bin's centre: as wide at half height as SIFT's triangle, but
// without an arc tangent, and eight bins fill one vector. Cells are pooled with SIFT's bilinear
// weights times a Gaussian, both separable.
#include "kernels/cpu/patch_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/patch_descriptor.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kSide = kPatchSide, kRing = kSide + 2, kRowFloats = 48;
// Rows sampled together; kRing is a multiple of it.
constexpr int kBand = 17;
constexpr int kCells = kPatchCells, kBins = kPatchBins;
// Samples at either edge of a patch that count for the outermost cell alone.
constexpr int kOneCell = 4;

#if HWY_CAP_GE512
// Pairs of neighbours at 16 offsets, parted into the first and the second ones.
HWY_INLINE void load_pairs(const float* from, const std::int32_t* offsets,
                           hn::Vec<hn::CappedTag<float, 16>>& first,
                           hn::Vec<hn::CappedTag<float, 16>>& second) {
  const hn::CappedTag<float, 16> tag;
  const hn::CappedTag<double, 8> pairs;
  const hn::RebindToSigned<decltype(pairs)> wide;
  const hn::Rebind<std::int32_t, decltype(pairs)> narrow;
  const auto at = [&](const std::int32_t* o) HWY_ATTR {
    const auto bytes = hn::ShiftLeft<2>(hn::PromoteTo(wide, hn::LoadU(narrow, o)));
    return hn::BitCast(tag, hn::GatherOffset(pairs, reinterpret_cast<const double*>(from), bytes));
  };
  const auto low = at(offsets), high = at(offsets + 8);
  first = hn::ConcatEven(tag, high, low);
  second = hn::ConcatOdd(tag, high, low);
}
#endif

// patch[(j + 1) * kRowFloats + (i + 1)] = image at (x + c u - s v, y + s u + c v), u = (i - 15.5)
// spacing, v = (j - 15.5) spacing, for i, j in [-1, 32]; bilinear, edges replicated. is_inside: all
// samples lie at least one sample within the edges.
//
// The four neighbours of a sample are fetched as two pairs: by gathers of 64 bits with AVX-512,
// else by scalar loads, since narrower gathers take several times as long.
template <bool is_inside>
HWY_INLINE void sample_at(const PatchSource& from, float* patch) {
  const hn::CappedTag<float, 16> tag;
  const hn::RebindToSigned<decltype(tag)> index_tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 16>()));
  const auto zero = hn::Zero(tag);
  const auto right = hn::Set(tag, static_cast<float>(from.width - 1));
  const auto bottom = hn::Set(tag, static_cast<float>(from.height - 1));
  const auto last_column = hn::Set(index_tag, from.width - 2);
  const auto last_row = hn::Set(index_tag, from.height - 2);
  const auto stride_lanes = hn::Set(index_tag, from.stride);
  HWY_ALIGN float along_row_x[kRowFloats], along_row_y[kRowFloats];
  for (int i = 0; i < kRing; i += kLanes) {
    const auto u = hn::Sub(hn::ConvertTo(tag, hn::Iota(index_tag, i)), hn::Set(tag, 16.5f));
    hn::Store(hn::Mul(u, hn::Set(tag, from.step_cos)), tag, along_row_x + i);
    hn::Store(hn::Mul(u, hn::Set(tag, from.step_sin)), tag, along_row_y + i);
  }
  // A band of rows at a time: vectors that were just written in parts could not yet be read.
  HWY_ALIGN float share_x[kBand * kRowFloats], share_y[kBand * kRowFloats];
  HWY_ALIGN std::int32_t offsets[kBand * kRowFloats];
#if !HWY_CAP_GE512
  HWY_ALIGN float upper[kBand * 2 * kRowFloats] = {}, lower[kBand * 2 * kRowFloats] = {};
#endif
  for (int first = 0; first < kRing; first += kBand, patch += kBand * kRowFloats) {
    for (int j = 0; j < kBand; ++j) {
      const float v = static_cast<float>(first + j) - 16.5f;
      const auto row_x = hn::Set(tag, from.x - from.step_sin * v);
      const auto row_y = hn::Set(tag, from.y + from.step_cos * v);
      for (int i = 0; i < kRing; i += kLanes) {
        auto px = hn::Add(row_x, hn::Load(tag, along_row_x + i));
        auto py = hn::Add(row_y, hn::Load(tag, along_row_y + i));
        if constexpr (!is_inside) {
          px = hn::Min(hn::Max(px, zero), right);
          py = hn::Min(hn::Max(py, zero), bottom);
        }
        auto column = hn::ConvertTo(index_tag, px), row = hn::ConvertTo(index_tag, py);
        if constexpr (!is_inside) {
          column = hn::Min(column, last_column);
          row = hn::Min(row, last_row);
        }
        const int at = j * kRowFloats + i;
        hn::Store(hn::Sub(px, hn::ConvertTo(tag, column)), tag, share_x + at);
        hn::Store(hn::Sub(py, hn::ConvertTo(tag, row)), tag, share_y + at);
        hn::Store(hn::IfThenElseZero(hn::Lt(hn::Iota(index_tag, i), hn::Set(index_tag, kRing)),
                                     hn::Add(hn::Mul(row, stride_lanes), column)),
                  index_tag, offsets + at);
      }
    }
#if !HWY_CAP_GE512
    for (int j = 0; j < kBand; ++j) {
      for (int at = j * kRowFloats; at < j * kRowFloats + kRing; ++at) {
        const float* pair = from.values + offsets[at];
        std::memcpy(upper + 2 * at, pair, 2 * sizeof(float));
        std::memcpy(lower + 2 * at, pair + from.stride, 2 * sizeof(float));
      }
    }
#endif
    for (int j = 0; j < kBand; ++j) {
      for (int at = j * kRowFloats; at < j * kRowFloats + kRing; at += kLanes) {
        hn::Vec<decltype(tag)> a, b, c, d;
#if HWY_CAP_GE512
        load_pairs(from.values, offsets + at, a, b);
        load_pairs(from.values + from.stride, offsets + at, c, d);
#else
        hn::LoadInterleaved2(tag, upper + 2 * at, a, b);
        hn::LoadInterleaved2(tag, lower + 2 * at, c, d);
#endif
        const auto fx = hn::Load(tag, share_x + at), fy = hn::Load(tag, share_y + at);
        const auto top = hn::Add(a, hn::Mul(fx, hn::Sub(b, a)));
        const auto low = hn::Add(c, hn::Mul(fx, hn::Sub(d, c)));
        hn::StoreU(hn::Add(top, hn::Mul(fy, hn::Sub(low, top))), tag, patch + at);
      }
    }
  }
}

void sample_patch(const PatchSource& from, float* patch) {
  const float reach = 16.5f * (std::abs(from.step_cos) + std::abs(from.step_sin)) + 1;
  const bool is_inside = from.x - reach > 0 && from.y - reach > 0 &&
                         from.x + reach < static_cast<float>(from.width - 1) &&
                         from.y + reach < static_cast<float>(from.height - 1);
  return is_inside ? sample_at<true>(from, patch) : sample_at<false>(from, patch);
}

// Gradients of the patch, kSide x kSide each: direction of unit length, magnitude.
void patch_gradients(const float* patch, float* direction_x, float* direction_y, float* magnitude) {
  const hn::CappedTag<float, 16> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int y = 0; y < kSide; ++y) {
    const float* row = patch + (y + 1) * kRowFloats + 1;
    for (int x = 0; x < kSide; x += lanes) {
      const auto gx = hn::Sub(hn::LoadU(tag, row + x + 1), hn::LoadU(tag, row + x - 1));
      const auto gy =
          hn::Sub(hn::LoadU(tag, row + x + kRowFloats), hn::LoadU(tag, row + x - kRowFloats));
      const auto m = hn::Sqrt(hn::Add(hn::Mul(gx, gx), hn::Mul(gy, gy)));
      const auto inverse = hn::Div(hn::Set(tag, 1.0f), hn::Max(m, hn::Set(tag, 1e-6f)));
      hn::Store(hn::Mul(gx, inverse), tag, direction_x + y * kSide + x);
      hn::Store(hn::Mul(gy, inverse), tag, direction_y + y * kSide + x);
      hn::Store(m, tag, magnitude + y * kSide + x);
    }
  }
}

// weights, bin_cos, bin_sin: of PoolingTables.
//
// A direction and its opposite share the eighth power of their cosine, which the sign gives to one
// of them. Columns of samples are summed over the rows of each row of cells first, then over the
// samples of each cell.
void pool_patch(const float* patch, const float* weights, const float* bin_cos,
                const float* bin_sin, float* histogram) {
  const hn::CappedTag<float, 16> tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 16>()));
  HWY_ALIGN float direction_x[kSide * kSide], direction_y[kSide * kSide];
  HWY_ALIGN float magnitude[kSide * kSide];
  patch_gradients(patch, direction_x, direction_y, magnitude);
  // columns[(cell row * kBins + bin) * kSide + x]
  HWY_ALIGN float columns[kCells * kBins * kSide];
  const auto zero = hn::Zero(tag);
  constexpr std::true_type yes;
  constexpr std::false_type no;
  for (int b = 0; b < kBins / 2; ++b) {
    const auto cos_b = hn::Set(tag, bin_cos[b]), sin_b = hn::Set(tag, bin_sin[b]);
    for (int x = 0; x < kSide; x += kLanes) {
      auto upper = zero, upper_opposite = zero, lower = zero, lower_opposite = zero;
      const auto add_rows = [&](int from, int to, auto has_first, auto has_second) HWY_ATTR {
        for (int y = from; y < to; ++y) {
          const int at = y * kSide + x;
          const auto t = hn::Add(hn::Mul(hn::Load(tag, direction_x + at), cos_b),
                                 hn::Mul(hn::Load(tag, direction_y + at), sin_b));
          const auto t2 = hn::Mul(t, t), t4 = hn::Mul(t2, t2);
          const auto vote = hn::Mul(hn::Mul(t4, t4), hn::Load(tag, magnitude + at));
          const auto is_along = hn::Gt(t, zero);
          if constexpr (has_first) {
            const auto part = hn::Mul(vote, hn::Set(tag, weights[2 * y]));
            upper = hn::IfThenElse(is_along, hn::Add(upper, part), upper);
            upper_opposite =
                hn::IfThenElse(is_along, upper_opposite, hn::Add(upper_opposite, part));
          }
          if constexpr (has_second) {
            const auto part = hn::Mul(vote, hn::Set(tag, weights[2 * y + 1]));
            lower = hn::IfThenElse(is_along, hn::Add(lower, part), lower);
            lower_opposite =
                hn::IfThenElse(is_along, lower_opposite, hn::Add(lower_opposite, part));
          }
        }
      };
      // A row of cells is whole when the samples go on to the next one.
      const auto finish = [&](int cell_row) HWY_ATTR {
        float* to = columns + (cell_row * kBins + b) * kSide + x;
        hn::Store(upper, tag, to);
        hn::Store(upper_opposite, tag, to + kBins / 2 * kSide);
        upper = lower, upper_opposite = lower_opposite;
        lower = zero, lower_opposite = zero;
      };
      add_rows(0, kOneCell, yes, no);
      add_rows(kOneCell, 12, yes, yes);
      finish(0);
      add_rows(12, 20, yes, yes);
      finish(1);
      add_rows(20, kSide - kOneCell, yes, yes);
      add_rows(kSide - kOneCell, kSide, no, yes);
      finish(2);
      finish(3);
    }
  }
  // Four bins side by side, sample by sample.
  const hn::CappedTag<float, 4> four;
  for (int row = 0; row < kCells; ++row) {
    for (int b = 0; b < kBins; b += 4) {
      HWY_ALIGN float turned[kSide * 4];
      const float* from = columns + (row * kBins + b) * kSide;
      for (int x = 0; x < kSide; x += kLanes) {
        hn::StoreInterleaved4(hn::Load(tag, from + x), hn::Load(tag, from + kSide + x),
                              hn::Load(tag, from + 2 * kSide + x),
                              hn::Load(tag, from + 3 * kSide + x), tag, turned + 4 * x);
      }
      auto left = hn::Zero(four), right = left;
      float* to = histogram + row * kCells * kBins + b;
      const auto add_samples = [&](int first, int last) HWY_ATTR {
        for (int x = first; x < last; ++x) {
          const auto v = hn::Load(four, turned + 4 * x);
          left = hn::Add(left, hn::Mul(v, hn::Set(four, weights[2 * x])));
          right = hn::Add(right, hn::Mul(v, hn::Set(four, weights[2 * x + 1])));
        }
        hn::StoreU(left, four, to);
        left = right;
        right = hn::Zero(four);
        to += kBins;
      };
      add_samples(0, 12);
      add_samples(12, 20);
      add_samples(20, kSide);
      hn::StoreU(left, four, to);
    }
  }
}

// Eight partial sums: the same order on all instruction sets.
HWY_INLINE float sum_of_eight(const float* partial) {
  return ((partial[0] + partial[4]) + (partial[1] + partial[5])) +
         ((partial[2] + partial[6]) + (partial[3] + partial[7]));
}

void root_normalise(float* values) {
  const hn::CappedTag<float, 8> tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 8>()));
  HWY_ALIGN float partial[8];
  for (int half = 0; half < 8; half += kLanes) {
    auto sum = hn::Zero(tag);
    for (int d = half; d < kDescriptorSize; d += 8) {
      const auto value = hn::LoadU(tag, values + d);
      sum = hn::Add(sum, hn::Mul(value, value));
    }
    hn::Store(sum, tag, partial + half);
  }
  const float squared = sum_of_eight(partial);
  if (!(squared > 0)) {
    std::fill(values, values + kDescriptorSize, 0.0f);
    return;
  }
  const auto limit = hn::Set(tag, kDescriptorClip * std::sqrt(squared));
  for (int half = 0; half < 8; half += kLanes) {
    auto sum = hn::Zero(tag);
    for (int d = half; d < kDescriptorSize; d += 8) {
      const auto value = hn::Min(hn::LoadU(tag, values + d), limit);
      hn::StoreU(value, tag, values + d);
      sum = hn::Add(sum, value);
    }
    hn::Store(sum, tag, partial + half);
  }
  const auto total = hn::Set(tag, sum_of_eight(partial));
  for (int d = 0; d < kDescriptorSize; d += kLanes) {
    hn::StoreU(hn::Sqrt(hn::Div(hn::LoadU(tag, values + d), total)), tag, values + d);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(sample_patch);
HWY_EXPORT(pool_patch);
HWY_EXPORT(root_normalise);

constexpr int kPatchFloats = 34 * 48;

}  // namespace

void describe_patch(const Plane& image, float step_px, const Keypoint& keypoint,
                    float* descriptor) {
  static const PoolingTables tables = make_pooling_tables();
  const float spacing = kPatchSupport * keypoint.size_px / (step_px * kPatchSide);
  alignas(64) std::array<float, kPatchFloats> patch;
  const PatchSource source{image.values.data(),
                           image.width,
                           image.height,
                           image.stride,
                           keypoint.x_px / step_px,
                           keypoint.y_px / step_px,
                           spacing * std::cos(keypoint.angle_rad),
                           spacing * std::sin(keypoint.angle_rad)};
  HWY_DYNAMIC_DISPATCH(sample_patch)(source, patch.data());
  HWY_DYNAMIC_DISPATCH(pool_patch)
  (patch.data(), tables.weights.data(), tables.bin_cos.data(), tables.bin_sin.data(), descriptor);
  HWY_DYNAMIC_DISPATCH(root_normalise)(descriptor);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
