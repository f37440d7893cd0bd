// SPDX-License-Identifier: Apache-2.0
//
// All fields lie side by side in lanes (period_fft-inl.hpp); there is no fused multiplication and
// addition: all instruction sets give the same spectra, and so does the CUDA backend.
#include "kernels/cpu/dense_spectra.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/math/dense_search.hpp"
#include "kernels/math/fft_tables.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_spectra.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/period_fft-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using namespace dense_search;

// One element more than the period, so that a column does not fall into few sets of the cache.
constexpr std::ptrdiff_t kElementStep = kSearchElement;
constexpr std::ptrdiff_t kRowStep = (kPeriod + 1) * kElementStep;

HWY_INLINE void transform_elements(const float* input, std::ptrdiff_t step, const float* twiddles,
                                   float* output) {
  const PeriodTag tag;
  for (std::size_t lane = 0; lane < kSearchLanes; lane += hn::Lanes(tag)) {
    transform_period<0, kSearchLanes>(input, step, twiddles, lane,
                                      [&](std::ptrdiff_t i, const PeriodComplex& value) HWY_ATTR {
                                        float* to = output + i * step + lane;
                                        hn::StoreU(value.re, tag, to);
                                        hn::StoreU(value.im, tag, to + kSearchLanes);
                                      });
  }
}

// Rows without cells are zeros, and so are their spectra.
void transform_plane(const float* cells, const float* twiddles, int middle, float* plane) {
  alignas(64) float row[kPeriod * kElementStep] = {};
  for (int y = 0; y < kSide; ++y) {
    for (std::ptrdiff_t lane = 0; lane < kElementStep; ++lane) {
      const auto field = static_cast<std::size_t>(lane) % kSearchLanes;
      const auto part = static_cast<std::size_t>(lane) / kSearchLanes;
      const float* from = cells + (2 * field + part) * kFieldCells + y * kSide;
      for (int x = 0; x < kSide; ++x) row[place_of(x, middle) * kElementStep + lane] = from[x];
    }
    transform_elements(row, kElementStep, twiddles, plane + place_of(y, middle) * kRowStep);
  }
  for (int y = kSide; y < kPeriod; ++y) {
    std::fill_n(plane + place_of(y, middle) * kRowStep, kRowStep, 0.0f);
  }
  for (std::ptrdiff_t x = 0; x < kPeriod; ++x) {
    float* column = plane + x * kElementStep;
    transform_elements(column, kRowStep, twiddles, column);
  }
}

// From the spectra of complex fields to those of their parts, times a factor for each lane.
void separate_parts(const float* plane, std::ptrdiff_t ky, const float* factors,
                    std::int32_t* values) {
  const PeriodTag tag;
  const hn::RebindToSigned<PeriodTag> integers;
  const auto half = hn::Set(tag, 0.5f);
  for (std::ptrdiff_t kx = 0; kx < kPeriod; ++kx, values += kSearchElement) {
    const float* z = plane + ky * kRowStep + kx * kElementStep;
    const float* m =
        plane + (kPeriod - ky) % kPeriod * kRowStep + (kPeriod - kx) % kPeriod * kElementStep;
    for (std::size_t lane = 0; lane < kSearchLanes; lane += hn::Lanes(tag)) {
      const auto zr = hn::LoadU(tag, z + lane), zi = hn::LoadU(tag, z + kSearchLanes + lane);
      const auto mr = hn::LoadU(tag, m + lane), mi = hn::LoadU(tag, m + kSearchLanes + lane);
      const auto factor = hn::LoadU(tag, factors + lane);
      const auto xr = hn::Mul(half, hn::Add(zr, mr)), xi = hn::Mul(half, hn::Sub(zi, mi));
      const auto yr = hn::Mul(half, hn::Add(zi, mi)), yi = hn::Mul(half, hn::Sub(mr, zr));
      hn::StoreU(hn::NearestInt(hn::Mul(hn::Sub(xr, xi), factor)), integers, values + lane);
      hn::StoreU(hn::NearestInt(hn::Mul(hn::Sub(yr, yi), factor)), integers,
                 values + kSearchLanes + lane);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(transform_plane);
HWY_EXPORT(separate_parts);

using namespace dense_search;

constexpr std::size_t kElement = 2 * FieldSpectra::kLanes;  // floats: real parts, imaginary parts
constexpr std::size_t kRow = (kPeriod + 1) * kElement;      // see kRowStep

// In several sums: exact, so that their order does not matter.
double norm_in_units(const float* cells) {
  constexpr std::size_t kSums = 8;
  std::array<double, kSums> sums{};
  for (std::size_t i = 0; i < 2 * kFieldCells; i += kSums) {
    for (std::size_t j = 0; j < kSums; ++j) {
      const double rounded = std::nearbyint(kNormUnit * static_cast<double>(cells[i + j]));
      sums[j] += rounded * rounded;
    }
  }
  double sum = 0;
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

}  // namespace

FieldSpectra::FieldSpectra(int middle)
    : middle_(middle),
      cells_(kLanes * 2 * kFieldCells),
      plane_(kPeriod * kRow),
      row_(kPeriod * kElement) {}

void FieldSpectra::transform(std::size_t lanes) {
  static const FftTables tables = make_fft_tables(kPeriod);
  factors_.fill(0);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    factors_[lane] = static_cast<float>(spectrum_factor(norm_in_units(cells(lane))));
  }
  HWY_DYNAMIC_DISPATCH(transform_plane)
  (cells_.data(), tables.twiddles.data(), middle_, plane_.data());
}

const std::int32_t* FieldSpectra::row(int ky) {
  HWY_DYNAMIC_DISPATCH(separate_parts)(plane_.data(), ky, factors_.data(), row_.data());
  return row_.data();
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
