// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/relight.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <vector>

#include "kernels/cpu/absolute_median.hpp"
#include "kernels/cpu/fft.hpp"
#include "kernels/cpu/illumination.hpp"
#include "kernels/cpu/light.hpp"
#include "kernels/cpu/masked_rows.hpp"
#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/periodic_continuation.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/relight.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/unmasked-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One element per kx of a block of eight rows: times -i gain c / (c^2 + eps), c = (x dx + y dy) /
// |w|.
void divide_out_light(float* elements, int width, const float* frequency_x,
                      const float* frequency_y, float dx, float dy, float eps, float gain) {
  const hn::CappedTag<float, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto eps_lanes = hn::Set(tag, eps), gain_lanes = hn::Set(tag, gain);
  const auto tiny = hn::Set(tag, 1e-12f);
  for (int kx = 0; kx < width; ++kx, elements += 16) {
    const auto x = hn::Set(tag, frequency_x[kx]);
    for (std::size_t half = 0; half < 8; half += lanes) {
      const auto y = hn::LoadU(tag, frequency_y + half);
      const auto along = hn::Add(hn::Mul(x, hn::Set(tag, dx)), hn::Mul(y, hn::Set(tag, dy)));
      const auto squared = hn::Add(hn::Add(hn::Mul(x, x), hn::Mul(y, y)), tiny);
      // c / (c^2 + eps) = along |w| / (along^2 + eps |w|^2)
      const auto factor = hn::Div(hn::Mul(gain_lanes, hn::Mul(along, hn::Sqrt(squared))),
                                  hn::Add(hn::Mul(along, along), hn::Mul(eps_lanes, squared)));
      const auto re = hn::LoadU(tag, elements + half), im = hn::LoadU(tag, elements + 8 + half);
      hn::StoreU(hn::Mul(im, factor), tag, elements + half);
      hn::StoreU(hn::Neg(hn::Mul(re, factor)), tag, elements + 8 + half);
    }
  }
}

void multiply(const float* values, float factor, int count, float* products) {
  const hn::CappedTag<float, 8> tag;
  for (int i = 0; i < count; i += static_cast<int>(hn::Lanes(tag))) {
    hn::StoreU(hn::Mul(hn::LoadU(tag, values + i), hn::Set(tag, factor)), tag, products + i);
  }
}

// Adds |values| that are not masked, and their number, to eight sums each.
void add_sizes(const float* values, const std::uint8_t* mask, int count, float* sums,
               float* counts) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int half = 0; half < 8; half += lanes) {
    auto sum = hn::Zero(tag), number = sum;
    for (int i = half; i < count; i += 8) {
      const auto keep = unmasked(tag, mask + i);
      sum = hn::Add(sum, hn::IfThenElseZero(keep, hn::Abs(hn::LoadU(tag, values + i))));
      number = hn::Add(number, hn::IfThenElseZero(keep, hn::Set(tag, 1.0f)));
    }
    hn::StoreU(sum, tag, sums + half);
    hn::StoreU(number, tag, counts + half);
  }
}

// 128 + scale * value, rounded and clamped; 128 where masked.
void to_grey(const float* values, const std::uint8_t* mask, int count, float scale,
             std::uint8_t* grey) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> wide;
  const hn::Rebind<std::uint8_t, decltype(tag)> narrow;
  const auto low = hn::Zero(tag), high = hn::Set(tag, 255.0f), middle = hn::Set(tag, 128.5f);
  for (int i = 0; i < count; i += static_cast<int>(hn::Lanes(tag))) {
    const auto value = hn::Add(middle, hn::Mul(hn::Set(tag, scale), hn::LoadU(tag, values + i)));
    const auto clamped = hn::ConvertTo(wide, hn::Min(hn::Max(value, low), high));
    const auto keep = unmasked(wide, mask + i);
    hn::StoreU(hn::DemoteTo(narrow, hn::IfThenElse(keep, clamped, hn::Set(wide, 128))), narrow,
               grey + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(divide_out_light);
HWY_EXPORT(multiply);
HWY_EXPORT(add_sizes);
HWY_EXPORT(to_grey);

constexpr float kRegularisation = 0.1f;
constexpr int kBorderPx = 24;
constexpr float kGreyPerSpread = 20.0f;

struct Continuation {
  std::vector<int> from;
  std::vector<float> weight;

  Continuation(int size, int period) {
    for (int i = 0; i < period; ++i) {
      const ContinuedSample sample = continued_sample(i, size, period);
      from.push_back(sample.from);
      weight.push_back(fade_weight(sample.outside, period - size));
    }
  }
};

void continue_periodically(const Plane& detail, const Continuation& columns,
                           const Continuation& rows, Plane& padded) {
  padded.resize(static_cast<int>(columns.from.size()), static_cast<int>(rows.from.size()));
  for (int y = 0; y < padded.height; ++y) {
    const auto row = static_cast<std::size_t>(y);
    const float* from = detail.row(rows.from[row]);
    float* to = padded.row(y);
    HWY_DYNAMIC_DISPATCH(multiply)(from, rows.weight[row], detail.width, to);
    for (int x = detail.width; x < padded.width; ++x) {
      const auto column = static_cast<std::size_t>(x);
      to[x] = from[columns.from[column]] * (rows.weight[row] * columns.weight[column]);
    }
  }
}

std::vector<float> frequencies(int length, int padded_to) {
  std::vector<float> values(static_cast<std::size_t>(padded_to), 0.0f);
  for (int k = 0; k < length; ++k) {
    values[static_cast<std::size_t>(k)] =
        static_cast<float>(2 * k < length ? k : k - length) / static_cast<float>(length);
  }
  // The highest frequency has no sign: a derivative cannot be seen there.
  if (length % 2 == 0) values[static_cast<std::size_t>(length / 2)] = 0;
  return values;
}

void relight_detail(const Plane& detail, const GreyImage& masked, float azimuth_rad,
                    GreyImage& relit) {
  const int width = detail.width, height = detail.height;
  relit.width = width;
  relit.height = height;
  relit.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 128);
  if (relit.pixels.empty()) return;
  const int padded_width = fft_length(width + 2 * kBorderPx, Plane::kRowPad);
  const int padded_height = fft_length(height + 2 * kBorderPx, 2);
  thread_local Plane padded;
  continue_periodically(detail, Continuation(width, padded_width),
                        Continuation(height, padded_height), padded);
  const ImageFft fft(padded_width, padded_height);
  thread_local Spectrum spectrum;
  fft.forward(padded, spectrum);
  const std::vector<float> x = frequencies(padded_width, padded_width);
  const std::vector<float> y = frequencies(padded_height, padded_height + kFftLanes);
  const float gain = 1.0f / (static_cast<float>(padded_width) * static_cast<float>(padded_height));
  for (int block = 0; block < spectrum.blocks; ++block) {
    HWY_DYNAMIC_DISPATCH(divide_out_light)
    (spectrum.element(block, 0), padded_width, x.data(), y.data() + block * kFftLanes,
     std::cos(azimuth_rad), std::sin(azimuth_rad), kRegularisation, gain);
  }
  fft.inverse(spectrum, padded);

  MaskedRows mask(masked, width);
  // Every other row is enough for the spread.
  double mean = 0, count = 0;
  for (int py = 0; py < height; py += 2) {
    std::array<float, 8> sums, counts;
    HWY_DYNAMIC_DISPATCH(add_sizes)
    (padded.row(py), mask.row(py), width, sums.data(), counts.data());
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      mean += static_cast<double>(sums[lane]);
      count += static_cast<double>(counts[lane]);
    }
  }
  mean = count > 0 ? mean / count : 0;
  if (!(mean > 1e-6)) return;
  AbsoluteMedian median(mean);
  for (int py = 0; py < height; py += 2) median.add(padded.row(py), mask.row(py), width);
  const float scale = kGreyPerSpread / (1.48f * median.median());
  std::vector<std::uint8_t> line(static_cast<std::size_t>(width) + 8);
  for (int py = 0; py < height; ++py) {
    HWY_DYNAMIC_DISPATCH(to_grey)(padded.row(py), mask.row(py), width, scale, line.data());
    std::copy_n(line.data(), width, relit.pixels.data() + static_cast<std::ptrdiff_t>(py) * width);
  }
}

}  // namespace

Light estimate_light(const GreyImage& image, const GreyImage& masked) {
  thread_local Plane detail;
  flatten_illumination(image, masked, detail);
  return light_of(detail, masked);
}

Light relight(const GreyImage& image, const GreyImage& masked, GreyImage& relit) {
  thread_local Plane detail;
  flatten_illumination(image, masked, detail);
  const Light light = light_of(detail, masked);
  relight_detail(detail, masked, light.azimuth_rad, relit);
  return light;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
