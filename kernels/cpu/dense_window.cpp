// SPDX-License-Identifier: Apache-2.0
//
// Sixteen rows, then sixteen columns lie side by side in lanes (period_fft-inl.hpp); there is no
// fused multiplication and addition: all instruction sets give the same correlations, and so does
// the CUDA backend.
#include "kernels/cpu/dense_window.hpp"

#include <algorithm>

#include "kernels/cpu/aligned.hpp"
#include "kernels/math/fft_tables.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_window.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/period_fft-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// In place, inverse.
void transform_lanes(const float* twiddles, float* elements) {
  const PeriodTag tag;
  constexpr std::ptrdiff_t kStep = kSearchElement;
  for (std::size_t lane = 0; lane < kSearchLanes; lane += hn::Lanes(tag)) {
    transform_period<kSearchLanes, 0>(elements, kStep, twiddles, lane,
                                      [&](std::ptrdiff_t i, const PeriodComplex& value) HWY_ATTR {
                                        float* to = elements + i * kStep + lane;
                                        hn::StoreU(value.im, tag, to);
                                        hn::StoreU(value.re, tag, to + kSearchLanes);
                                      });
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(transform_lanes);

using namespace dense_search;

constexpr std::size_t kLanes = 16, kPart = kPeriod, kElement = 2 * kLanes;
constexpr std::size_t kBlock = kPart * kElement;  // floats of sixteen rows or columns
constexpr std::size_t kFirst = kMiddle - kReach - 1;
static_assert(kPeriod % kLanes == 0);

// Rows side by side: row ky in lane ky % kLanes of block ky / kLanes.
void multiply(const SpectrumLane& query, const SpectrumLane& candidate, float* rows) {
  const auto float_at = [](const SpectrumLane& spectrum, std::size_t i) {
    return static_cast<float>(spectrum.values[i * spectrum.step]);
  };
  std::array<float, 2 * kPart * kPart> second;
  for (std::size_t i = 0; i < second.size(); ++i) second[i] = float_at(candidate, i);
  for (std::size_t ky = 0; ky < kPart; ++ky) {
    float* row = rows + ky / kLanes * kBlock + ky % kLanes;
    for (std::size_t kx = 0; kx < kPart; ++kx) {
      const std::size_t at = 2 * (ky * kPart + kx);
      const std::size_t opposite = 2 * ((kPart - ky) % kPart * kPart + (kPart - kx) % kPart);
      const float real = float_at(query, at), imaginary = float_at(query, at + 1);
      row[kx * kElement] = real * second[at] + imaginary * second[at + 1];
      row[kx * kElement + kLanes] = real * second[opposite] + imaginary * second[opposite + 1];
    }
  }
}

}  // namespace

CorrelationWindow correlation_window(const SpectrumLane& query, const SpectrumLane& candidate,
                                     bool by_pi) {
  static const FftTables tables = make_fft_tables(kPeriod);
  const auto transform = [](float* blocks) {
    for (std::size_t i = 0; i < kPart / kLanes; ++i) {
      HWY_DYNAMIC_DISPATCH(transform_lanes)(tables.twiddles.data(), blocks + i * kBlock);
    }
  };
  thread_local AlignedVector<float> rows(kPart * 2 * kPart), columns(kPart * 2 * kPart);
  multiply(query, candidate, rows.data());
  transform(rows.data());
  for (std::size_t ky = 0; ky < kPart; ++ky) {
    const float* row = rows.data() + ky / kLanes * kBlock + ky % kLanes;
    for (std::size_t i = 0; i < kWindow; ++i) {
      const float* from = row + (kFirst + i) * kElement;
      float* to = columns.data() + i / kLanes * kBlock + ky * kElement + i % kLanes;
      to[0] = from[0];
      to[kLanes] = from[kLanes];
    }
  }
  transform(columns.data());
  CorrelationWindow window;
  for (std::size_t y = 0; y < kWindow; ++y) {
    for (std::size_t x = 0; x < kWindow; ++x) {
      window[y][x] = columns[x / kLanes * kBlock + (kFirst + y) * kElement + x % kLanes +
                             (by_pi ? kLanes : 0)];
    }
  }
  return window;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
