// SPDX-License-Identifier: Apache-2.0
//
// Bins and weighted magnitudes are worked out eight pixels at a time and added to eight histograms,
// because neighbouring pixels mostly share a bin: additions to one place would wait for each other.
// Multiplications and additions are kept apart, so that all instruction sets give the same bits.
#include "kernels/cpu/orientation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>

#include "kernels/math/orientation.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/orientation.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kBins = kOrientationBins;

// polynomial_atan2 of kernels/math/angle.hpp, step by step.
template <typename Tag>
HWY_INLINE hn::Vec<Tag> angle_of(const Tag& tag, hn::Vec<Tag> y, hn::Vec<Tag> x) {
  constexpr auto kPi = std::numbers::pi_v<float>;
  const auto ax = hn::Abs(x), ay = hn::Abs(y), zero = hn::Zero(tag);
  const auto high = hn::Max(ax, ay), t = hn::Div(hn::Min(ax, ay), high), t2 = hn::Mul(t, t);
  auto sum = hn::Set(tag, 0.0208351f);
  for (const float coefficient : {-0.0851330f, 0.1801410f, -0.3302995f, 0.9998660f}) {
    sum = hn::Add(hn::Set(tag, coefficient), hn::Mul(t2, sum));
  }
  auto angle = hn::Mul(t, sum);
  angle = hn::IfThenElse(hn::Gt(ay, ax), hn::Sub(hn::Set(tag, 0.5f * kPi), angle), angle);
  angle = hn::IfThenElse(hn::Lt(x, zero), hn::Sub(hn::Set(tag, kPi), angle), angle);
  angle = hn::IfThenElse(hn::Lt(y, zero), hn::Sub(hn::Set(tag, 2.0f * kPi), angle), angle);
  return hn::IfThenElseZero(hn::Gt(high, zero), angle);
}

// Adds the gradients of a window to eight histograms, by column: histograms[column % 8 * kBins +
// bin] += row weight * column weight * magnitude. Rows are readable 16 floats beyond the last
// pixel's neighbour, weights to the next multiple of 16.
void add_gradients(const OrientationWindow& window, float* histograms) {
  const hn::CappedTag<float, 16> tag;
  const hn::RebindToSigned<decltype(tag)> index_tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 16>()));
  HWY_ALIGN float value[16];
  HWY_ALIGN std::int32_t bin[16];
  const auto full_turn = hn::Set(index_tag, kBins), no_bin = hn::Zero(index_tag);
  const int count = window.columns;
  const float* here = window.first;
  for (int row = 0; row < window.rows; ++row, here += window.stride) {
    const float *above = here - window.stride, *below = here + window.stride;
    const auto row_weight = hn::Set(tag, window.row_weights[row]);
    for (int x = 0; x < count; x += kLanes) {
      const auto gx = hn::Sub(hn::LoadU(tag, here + x + 1), hn::LoadU(tag, here + x - 1));
      const auto gy = hn::Sub(hn::LoadU(tag, below + x), hn::LoadU(tag, above + x));
      const auto magnitude = hn::Sqrt(hn::Add(hn::Mul(gx, gx), hn::Mul(gy, gy)));
      const auto position =
          hn::Add(hn::Mul(angle_of(tag, gy, gx), hn::Set(tag, kBinsPerRad)), hn::Set(tag, 0.5f));
      auto whole = hn::ConvertTo(index_tag, position);
      whole = hn::IfThenElse(hn::Lt(whole, full_turn), whole, hn::Sub(whole, full_turn));
      auto vote =
          hn::Mul(hn::Mul(row_weight, hn::LoadU(tag, window.column_weights + x)), magnitude);
      if (x + kLanes > count) {
        // What lies beyond the window may be anything.
        const auto inside = hn::FirstN(tag, static_cast<std::size_t>(count - x));
        vote = hn::IfThenElseZero(inside, vote);
        whole = hn::IfThenElse(hn::RebindMask(index_tag, inside), whole, no_bin);
      }
      hn::Store(vote, tag, value);
      hn::Store(whole, index_tag, bin);
      float* columns = histograms + (kLanes < 8 ? x % 8 : 0) * kBins;
      for (int first = 0; first < kLanes && x + first < count; first += 8) {
        for (int lane = 0; lane < std::min(kLanes, 8); ++lane) {
          columns[lane * kBins + bin[first + lane]] += value[first + lane];
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(add_gradients);

constexpr int kMaxRadius = 64;  // samples; an octave's sigmas stay below 5

}  // namespace

void prefetch_orientations(const Plane& image, float x, float y, float sigma) {
  const int radius = std::min(kMaxRadius, orientation_radius(orientation_window(sigma))) + 1;
  const int cx = static_cast<int>(std::lround(x)), cy = static_cast<int>(std::lround(y));
  prefetch(image, cx - radius, cy - radius, cx + radius, cy + radius);
}

std::vector<float> orientations(const Plane& image, float x, float y, float sigma) {
  const float window = orientation_window(sigma);
  const int radius = std::min(kMaxRadius, orientation_radius(window));
  const int cx = static_cast<int>(std::lround(x)), cy = static_cast<int>(std::lround(y));
  // weights[kMaxRadius + i]: of a distance of i samples.
  std::array<float, 2 * kMaxRadius + 17> weights{};
  float* const weight = weights.data() + kMaxRadius;
  for (int i = 0; i <= radius; ++i) {
    weight[i] = weight[-i] = orientation_weight(i, window);
  }
  constexpr std::size_t n = kOrientationBins;
  std::array<float, 8 * n> histograms{};
  std::array<float, n> raw, histogram{};
  const int left = std::max(-radius, 1 - cx), right = std::min(radius, image.width - 2 - cx);
  const int top = std::max(-radius, 1 - cy), bottom = std::min(radius, image.height - 2 - cy);
  if (left <= right && top <= bottom) {
    HWY_DYNAMIC_DISPATCH(add_gradients)
    ({image.row(cy + top) + cx + left, image.stride, right - left + 1, bottom - top + 1,
      weight + left, weight + top},
     histograms.data());
  }
  for (std::size_t b = 0; b < n; ++b) {
    const auto of = [&](std::size_t lane) { return histograms[lane * n + b]; };
    raw[b] = ((of(0) + of(1)) + (of(2) + of(3))) + ((of(4) + of(5)) + (of(6) + of(7)));
  }
  for (std::size_t b = 0; b < n; ++b) {
    histogram[b] = smoothed_bin(raw[(b + n - 2) % n], raw[(b + n - 1) % n], raw[b],
                                raw[(b + 1) % n], raw[(b + 2) % n]);
  }
  const float highest = *std::max_element(histogram.begin(), histogram.end());
  std::vector<std::pair<float, float>> peaks;
  for (std::size_t b = 0; b < n && highest > 0; ++b) {
    const float before = histogram[(b + n - 1) % n], here = histogram[b],
                after = histogram[(b + 1) % n];
    if (!is_orientation_peak(before, here, after, highest)) continue;
    peaks.emplace_back(-here, peak_angle(static_cast<int>(b), before, here, after));
  }
  std::sort(peaks.begin(), peaks.end());
  std::vector<float> angles;
  for (const auto& peak : peaks) angles.push_back(peak.second);
  return angles;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
