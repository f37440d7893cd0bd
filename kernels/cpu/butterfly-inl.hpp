// SPDX-License-Identifier: Apache-2.0
//
// Butterflies of the transforms of fft.cpp and period_fft-inl.hpp, forward. To be included in files
// that Highway compiles once for each instruction set.
#if defined(PRESSMARK_KERNELS_CPU_BUTTERFLY_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PRESSMARK_KERNELS_CPU_BUTTERFLY_INL
#undef PRESSMARK_KERNELS_CPU_BUTTERFLY_INL
#else
#define PRESSMARK_KERNELS_CPU_BUTTERFLY_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {

// Complex: vectors of complex values, with + and - and, found beside it, scaled(a, factor).
// in.turned(a): a times -i.
template <int kRadix, class Arithmetic, class Complex>
HWY_INLINE void butterfly(const Arithmetic& in, Complex (&x)[kRadix]) {
  if constexpr (kRadix == 2) {
    const Complex sum = x[0] + x[1];
    x[1] = x[0] - x[1];
    x[0] = sum;
  } else if constexpr (kRadix == 3) {
    constexpr float kSine = 0.866025403784438647f;
    const Complex sum = x[1] + x[2], turn = in.turned(scaled(x[1] - x[2], kSine));
    const Complex middle = x[0] - scaled(sum, 0.5f);
    x[0] = x[0] + sum;
    x[1] = middle + turn;
    x[2] = middle - turn;
  } else if constexpr (kRadix == 4) {
    const Complex a = x[0] + x[2], b = x[0] - x[2], c = x[1] + x[3], d = in.turned(x[1] - x[3]);
    x[0] = a + c;
    x[1] = b + d;
    x[2] = a - c;
    x[3] = b - d;
  } else {
    constexpr float kCosine1 = 0.309016994374947424f, kCosine2 = -0.809016994374947424f;
    constexpr float kSine1 = 0.951056516295153572f, kSine2 = 0.587785252292473129f;
    const Complex s14 = x[1] + x[4], s23 = x[2] + x[3], d14 = x[1] - x[4], d23 = x[2] - x[3];
    const Complex a = x[0] + (scaled(s14, kCosine1) + scaled(s23, kCosine2));
    const Complex b = x[0] + (scaled(s14, kCosine2) + scaled(s23, kCosine1));
    const Complex c = in.turned(scaled(d14, kSine1) + scaled(d23, kSine2));
    const Complex d = in.turned(scaled(d14, kSine2) - scaled(d23, kSine1));
    x[0] = x[0] + (s14 + s23);
    x[1] = a + c;
    x[2] = b + d;
    x[3] = b - d;
    x[4] = a - c;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#endif  // PRESSMARK_KERNELS_CPU_BUTTERFLY_INL
