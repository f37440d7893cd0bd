// SPDX-License-Identifier: Apache-2.0
//
// The transforms of a search for dense codes (dense_search.cpp): length 48, sixteen signals side by
// side, an element being 16 real and 16 imaginary parts. To be included in files that Highway
// compiles once for each instruction set.
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

HWY_INLINE void butterfly4(PeriodComplex& x0, PeriodComplex& x1, PeriodComplex& x2,
                           PeriodComplex& x3) {
  namespace hn = hwy::HWY_NAMESPACE;
  const PeriodComplex a = x0 + x2, b = x0 - x2, c = x1 + x3, difference = x1 - x3;
  const PeriodComplex d = {difference.im, hn::Neg(difference.re)};
  x0 = a + c;
  x1 = b + d;
  x2 = a - c;
  x3 = b - d;
}

HWY_INLINE void butterfly3(PeriodComplex& x0, PeriodComplex& x1, PeriodComplex& x2) {
  namespace hn = hwy::HWY_NAMESPACE;
  const PeriodTag tag;
  const auto sine = hn::Set(tag, 0.866025403784438647f), half = hn::Set(tag, 0.5f);
  const PeriodComplex sum = x1 + x2, difference = x1 - x2;
  const PeriodComplex turn = {hn::Mul(difference.im, sine), hn::Neg(hn::Mul(difference.re, sine))};
  const PeriodComplex middle = x0 - PeriodComplex{hn::Mul(sum.re, half), hn::Mul(sum.im, half)};
  x0 = x0 + sum;
  x1 = middle + turn;
  x2 = middle - turn;
}

// Of the lanes from `lane` on, as many as a vector has: take(index, element) for each of the 48
// outputs. kReal, kImaginary: where the parts of an input begin; swapped, and so are those of what
// take gets: the inverse. twiddles: of FftTables, of all stages.
template <std::size_t kReal, std::size_t kImaginary, class Take>
HWY_INLINE void transform_period(const float* input, std::ptrdiff_t step, const float* twiddles,
                                 std::size_t lane, const Take& take) {
  namespace hn = hwy::HWY_NAMESPACE;
  const PeriodTag tag;
  PeriodComplex values[48];
  for (std::ptrdiff_t p = 0; p < 12; ++p) {
    PeriodComplex x[4];
    for (std::ptrdiff_t j = 0; j < 4; ++j) {
      const float* from = input + (p + 12 * j) * step + lane;
      x[j] = {hn::LoadU(tag, from + kReal), hn::LoadU(tag, from + kImaginary)};
    }
    butterfly4(x[0], x[1], x[2], x[3]);
    for (std::ptrdiff_t k = 1; p > 0 && k < 4; ++k) multiply(x[k], twiddles + 6 * p + 2 * k - 2);
    for (std::ptrdiff_t k = 0; k < 4; ++k) values[4 * p + k] = x[k];
  }
  const float* second = twiddles + 12 * 6;
  for (std::ptrdiff_t q = 0; q < 4; ++q) {
    PeriodComplex x[3][4];
    for (std::ptrdiff_t p = 0; p < 3; ++p) {
      for (std::ptrdiff_t j = 0; j < 4; ++j) x[p][j] = values[q + 4 * p + 12 * j];
      butterfly4(x[p][0], x[p][1], x[p][2], x[p][3]);
      for (std::ptrdiff_t k = 1; p > 0 && k < 4; ++k) {
        multiply(x[p][k], second + 6 * p + 2 * k - 2);
      }
    }
    for (std::ptrdiff_t k = 0; k < 4; ++k) {
      butterfly3(x[0][k], x[1][k], x[2][k]);
      for (std::ptrdiff_t j = 0; j < 3; ++j) take(q + 4 * k + 16 * j, x[j][k]);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_PERIOD_FFT_INL
