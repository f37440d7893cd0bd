// SPDX-License-Identifier: Apache-2.0
//
// The inverse transform of length 48 of a search for dense codes (dense_correlation.cpp) in
// integers of 16 bits, 32 signals side by side, by the steps of kernels/math/shift_transform.hpp.
// To be included in files that Highway compiles once for each instruction set.
//
// Nothing overflows if the magnitudes of a transform's inputs sum to 2^15 / sqrt(2) at most: every
// value in between is the sum of some inputs times factors of magnitude 1, or, before a product
// with kDiagonal, the sum of such a value's parts.
#if defined(PRESSMARK_KERNELS_CPU_SHIFT_TRANSFORM_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_SHIFT_TRANSFORM_INL
#undef PRESSMARK_KERNELS_CPU_SHIFT_TRANSFORM_INL
#else
#define PRESSMARK_KERNELS_CPU_SHIFT_TRANSFORM_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "kernels/math/shift_transform.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

constexpr std::size_t kSignals = 32;

using SignalTag = hwy::HWY_NAMESPACE::CappedTag<std::int16_t, kSignals>;
using Signals = hwy::HWY_NAMESPACE::Vec<SignalTag>;

struct ComplexSignals {
  Signals re, im;
};

HWY_INLINE ComplexSignals operator+(const ComplexSignals& a, const ComplexSignals& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}

HWY_INLINE ComplexSignals operator-(const ComplexSignals& a, const ComplexSignals& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}

// a + i b and a - i b.
HWY_INLINE ComplexSignals plus_turned(const ComplexSignals& a, const ComplexSignals& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Sub(a.re, b.im), hn::Add(a.im, b.re)};
}

HWY_INLINE ComplexSignals minus_turned(const ComplexSignals& a, const ComplexSignals& b) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Add(a.re, b.im), hn::Sub(a.im, b.re)};
}

HWY_INLINE Signals times(Signals a, std::int16_t factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::MulFixedPoint15(a, hn::Set(SignalTag(), factor));
}

// a (re + i im).
HWY_INLINE ComplexSignals times(const ComplexSignals& a, std::int16_t re, std::int16_t im) {
  namespace hn = hwy::HWY_NAMESPACE;
  return {hn::Sub(times(a.re, re), times(a.im, im)), hn::Add(times(a.re, im), times(a.im, re))};
}

HWY_INLINE void transform_of_4(ComplexSignals& x0, ComplexSignals& x1, ComplexSignals& x2,
                               ComplexSignals& x3) {
  const ComplexSignals a = x0 + x2, b = x0 - x2, c = x1 + x3, d = x1 - x3;
  x0 = a + c;
  x1 = plus_turned(b, d);
  x2 = a - c;
  x3 = minus_turned(b, d);
}

// x[4 a + b] at frequency a + 4 b is left at 4 a + b.
HWY_INLINE void transform_of_16(ComplexSignals (&x)[16]) {
  namespace hn = hwy::HWY_NAMESPACE;
  using namespace shift_transform;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) transform_of_4(x[i], x[4 + i], x[8 + i], x[12 + i]);
  // By exp(2 pi i k / 16), k = 1 2 3, 2 4 6, 3 6 9.
  const auto by_2 = [](ComplexSignals& a) HWY_ATTR {
    a = {times(hn::Sub(a.re, a.im), kDiagonal), times(hn::Add(a.re, a.im), kDiagonal)};
  };
  const auto by_6 = [](ComplexSignals& a) HWY_ATTR {
    a = {times(hn::Add(a.re, a.im), -kDiagonal), times(hn::Sub(a.re, a.im), kDiagonal)};
  };
  x[5] = times(x[5], kCosine16, kSine16);
  by_2(x[6]);
  x[7] = times(x[7], kSine16, kCosine16);
  by_2(x[9]);
  by_6(x[11]);
  x[13] = times(x[13], kSine16, kCosine16);
  by_6(x[14]);
  x[15] = times(x[15], -kCosine16, -kSine16);
  transform_of_4(x[0], x[1], x[2], x[3]);
  transform_of_4(x[4], x[5], x[6], x[7]);
  {
    // x[10] is yet to be multiplied by i.
    const ComplexSignals a = plus_turned(x[8], x[10]), b = minus_turned(x[8], x[10]);
    const ComplexSignals c = x[9] + x[11], d = x[9] - x[11];
    x[8] = a + c;
    x[9] = plus_turned(b, d);
    x[10] = a - c;
    x[11] = minus_turned(b, d);
  }
  transform_of_4(x[12], x[13], x[14], x[15]);
}

// take(k, sum_n x(n) exp(2 pi i k n / 48)), x(n) = load(n), for each k from kFirst to kLast, of as
// many signals as a vector has.
template <int kFirst, int kLast, class Load, class Take>
HWY_INLINE void transform_shifts(const Load& load, const Take& take) {
  using namespace shift_transform;
  ComplexSignals x[3][16];
#pragma GCC unroll 3
  for (int i = 0; i < 3; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) x[i][j] = load(input_of(i, j));
    transform_of_16(x[i]);
  }
#pragma GCC unroll 16
  for (int k = 0; k < 16; ++k) {
    const int at = k % 4 * 4 + k / 4;
    const ComplexSignals &x0 = x[0][at], &x1 = x[1][at], &x2 = x[2][at];
    const ComplexSignals sum = x1 + x2, apart = x1 - x2;
    const ComplexSignals middle = x0 - ComplexSignals{times(sum.re, kHalf), times(sum.im, kHalf)};
    const ComplexSignals turn{times(apart.re, kSine3), times(apart.im, kSine3)};
    const auto wanted = [](int index) { return kFirst <= index && index <= kLast; };
    if (wanted(frequency_of(k, 0))) take(frequency_of(k, 0), x0 + sum);
    if (wanted(frequency_of(k, 1))) take(frequency_of(k, 1), plus_turned(middle, turn));
    if (wanted(frequency_of(k, 2))) take(frequency_of(k, 2), minus_turned(middle, turn));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_SHIFT_TRANSFORM_INL
