// SPDX-License-Identifier: Apache-2.0
//
// The transforms of a search for dense codes in floats (dense_spectra.cpp, dense_window.cpp):
// length 48, sixteen signals side by side, an element being 16 real and 16 imaginary parts. To be
// included in files that Highway compiles once for each instruction set.
//
// What FftPlan (fft.hpp) computes of length 48, operation by operation, so that the results are its
// bits: stages of radix 4, 4 and 3. The last two run over the same values of registers, and so does
// what is done with the outputs.
#if defined(PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL
#undef PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL
#else
#define PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "kernels/cpu/butterfly-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

constexpr std::size_t kSearchLanes = 16;
constexpr std::size_t kSearchElement = 2 * kSearchLanes;  // floats

using PeriodTag = hwy::HWY_NAMESPACE::CappedTag<float, kSearchLanes>;
using PeriodLanes = hwy::HWY_NAMESPACE::Vec<PeriodTag>;

struct PeriodComplex {
  PeriodLanes re, im;
};

HWY_INLINE PeriodComplex operator+(const PeriodComplex& a, const PeriodComplex& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}

HWY_INLINE PeriodComplex operator-(const PeriodComplex& a, const PeriodComplex& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}

HWY_INLINE void multiply(PeriodComplex& a, const float* factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  const PeriodTag tag;
  const auto re = hn::Set(tag, factor[0]), im = hn::Set(tag, factor[1]);
  a = {hn::Sub(hn::Mul(a.re, re), hn::Mul(a.im, im)),
       hn::Add(hn::Mul(a.re, im), hn::Mul(a.im, re))};
}

HWY_INLINE PeriodComplex scaled(const PeriodComplex& a, float factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto by = hn::Set(PeriodTag(), factor);
  return {hn::Mul(a.re, by), hn::Mul(a.im, by)};
}

struct PeriodArithmetic {
  HWY_INLINE PeriodComplex turned(const PeriodComplex& a) const {
    return {a.im, hwy::HWY_NAMESPACE::Neg(a.re)};
  }
};

// Of the lanes from `lane` on, as many as a vector has: take(index, element) for each of the 48
// outputs. kReal, kImaginary: where the parts of an input begin; swapped, and so are those of what
// take gets: the inverse. twiddles: of FftTables, of all stages.
template <std::size_t kReal, std::size_t kImaginary, class Take>
HWY_INLINE void transform_period(const float* input, std::ptrdiff_t step, const float* twiddles,
                                 std::size_t lane, const Take& take) {
  namespace hn = hwy::HWY_NAMESPACE;
  const PeriodTag tag;
  const PeriodArithmetic in;
  PeriodComplex values[48];
  for (std::ptrdiff_t p = 0; p < 12; ++p) {
    PeriodComplex x[4];
    for (std::ptrdiff_t j = 0; j < 4; ++j) {
      const float* from = input + (p + 12 * j) * step + lane;
      x[j] = {hn::LoadU(tag, from + kReal), hn::LoadU(tag, from + kImaginary)};
    }
    butterfly(in, x);
    for (std::ptrdiff_t k = 1; p > 0 && k < 4; ++k) multiply(x[k], twiddles + 6 * p + 2 * k - 2);
    for (std::ptrdiff_t k = 0; k < 4; ++k) values[4 * p + k] = x[k];
  }
  const float* second = twiddles + 12 * 6;
  for (std::ptrdiff_t q = 0; q < 4; ++q) {
    PeriodComplex x[3][4];
    for (std::ptrdiff_t p = 0; p < 3; ++p) {
      for (std::ptrdiff_t j = 0; j < 4; ++j) x[p][j] = values[q + 4 * p + 12 * j];
      butterfly(in, x[p]);
      for (std::ptrdiff_t k = 1; p > 0 && k < 4; ++k) {
        multiply(x[p][k], second + 6 * p + 2 * k - 2);
      }
    }
    for (std::ptrdiff_t k = 0; k < 4; ++k) {
      PeriodComplex last[3] = {x[0][k], x[1][k], x[2][k]};
      butterfly(in, last);
      for (std::ptrdiff_t j = 0; j < 3; ++j) take(q + 4 * k + 16 * j, last[j]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL
