// SPDX-License-Identifier: Apache-2.0
//
// Discrete Fourier transform of 48 values in one thread's registers: F(k) = sum_n f(n) exp(-2 pi i
// k n / 48). Stockham's form with radices 4, 4 and 3, each step's operations in the order of
// kernels/cpu/fft.cpp: the same bits. All indices and factors are constants, so that nothing is
// left of the rearrangement but names of registers; what a caller does not use is not computed.
// Swapping real and imaginary parts before and after gives the inverse (without 1 / 48).
#pragma once

#include <cuda_runtime.h>

#include <utility>

namespace pressmark::kernels::cuda {

inline constexpr int kFft48 = 48;

struct ComplexValue {
  float re, im;
};

namespace fft48_detail {

// cos and sin of -2 pi k / 48, computed in double and rounded: also what should be 0.
inline constexpr float kCosines[] = {
    1.0f,          0.9914449f,   0.9659258f,   0.9238795f,   0.8660254f,  0.7933533f,
    0.70710677f,   0.6087614f,   0.5f,         0.38268343f,  0.25881904f, 0.13052619f,
    6.123234e-17f, -0.13052619f, -0.25881904f, -0.38268343f, -0.5f,       -0.6087614f,
    -0.70710677f,  -0.7933533f,  -0.8660254f,  -0.9238795f,  -0.9659258f, -0.9914449f,
    -1.0f,         -0.9914449f,  -0.9659258f,  -0.9238795f,  -0.8660254f, -0.7933533f,
    -0.70710677f,  -0.6087614f,  -0.5f,        -0.38268343f};
inline constexpr float kSines[] = {
    0.0f,        -0.13052619f, -0.25881904f, -0.38268343f, -0.5f,
    -0.6087614f, -0.70710677f, -0.7933533f,  -0.8660254f,  -0.9238795f,
    -0.9659258f, -0.9914449f,  -1.0f,        -0.9914449f,  -0.9659258f,
    -0.9238795f, -0.8660254f,  -0.7933533f,  -0.70710677f, -0.6087614f,
    -0.5f,       -0.38268343f, -0.25881904f, -0.13052619f, -1.2246469e-16f,
    0.13052619f, 0.25881904f,  0.38268343f,  0.5f,         0.6087614f,
    0.70710677f, 0.7933533f,   0.8660254f,   0.9238795f};

__device__ __forceinline__ ComplexValue operator+(const ComplexValue& a, const ComplexValue& b) {
  return {a.re + b.re, a.im + b.im};
}
__device__ __forceinline__ ComplexValue operator-(const ComplexValue& a, const ComplexValue& b) {
  return {a.re - b.re, a.im - b.im};
}
__device__ __forceinline__ ComplexValue scaled(const ComplexValue& a, float factor) {
  return {a.re * factor, a.im * factor};
}
// a times -i.
__device__ __forceinline__ ComplexValue turned(const ComplexValue& a) {
  return {a.im, -a.re};
}
// a times exp(-2 pi i kIndex / 48).
template <int kIndex>
__device__ __forceinline__ ComplexValue twiddled(const ComplexValue& a) {
  if constexpr (kIndex == 0) {
    return a;
  } else {
    constexpr float kRe = kCosines[kIndex], kIm = kSines[kIndex];
    return {a.re * kRe - a.im * kIm, a.re * kIm + a.im * kRe};
  }
}

// y[q + kStride (4 p + k)] = w^(p k) sum_j x[q + kStride (p + j kGroups)] exp(-2 pi i j k / 4).
template <int kGroups, int kStride, int kP, int kQ>
__device__ __forceinline__ void step_of_4(const ComplexValue (&x)[kFft48],
                                          ComplexValue (&y)[kFft48]) {
  constexpr int kFrom = kQ + kStride * kP, kApart = kStride * kGroups;
  constexpr int kTo = kQ + 4 * kStride * kP;
  const ComplexValue &x0 = x[kFrom], &x1 = x[kFrom + kApart];
  const ComplexValue &x2 = x[kFrom + 2 * kApart], &x3 = x[kFrom + 3 * kApart];
  const ComplexValue a = x0 + x2, b = x0 - x2, c = x1 + x3, d = turned(x1 - x3);
  y[kTo] = a + c;
  y[kTo + kStride] = twiddled<kStride * kP>(b + d);
  y[kTo + 2 * kStride] = twiddled<kStride * kP * 2>(a - c);
  y[kTo + 3 * kStride] = twiddled<kStride * kP * 3>(b - d);
}

template <int kQ>
__device__ __forceinline__ void step_of_3(const ComplexValue (&x)[kFft48],
                                          ComplexValue (&y)[kFft48]) {
  constexpr float kSine = 0.866025403784438647f;
  const ComplexValue &x0 = x[kQ], &x1 = x[kQ + 16], &x2 = x[kQ + 32];
  const ComplexValue sum = x1 + x2, turn = turned(scaled(x1 - x2, kSine));
  const ComplexValue middle = x0 - scaled(sum, 0.5f);
  y[kQ] = x0 + sum;
  y[kQ + 16] = middle + turn;
  y[kQ + 32] = middle - turn;
}

template <int kGroups, int kStride, int... kI>
__device__ __forceinline__ void steps_of_4(const ComplexValue (&x)[kFft48],
                                           ComplexValue (&y)[kFft48],
                                           std::integer_sequence<int, kI...>) {
  (step_of_4<kGroups, kStride, kI / kStride, kI % kStride>(x, y), ...);
}

template <int... kI>
__device__ __forceinline__ void steps_of_3(const ComplexValue (&x)[kFft48],
                                           ComplexValue (&y)[kFft48],
                                           std::integer_sequence<int, kI...>) {
  (step_of_3<kI>(x, y), ...);
}

}  // namespace fft48_detail

// Overwrites x.
__device__ __forceinline__ void fft48(ComplexValue (&x)[kFft48], ComplexValue (&result)[kFft48]) {
  fft48_detail::steps_of_4<12, 1>(x, result, std::make_integer_sequence<int, 12>());
  fft48_detail::steps_of_4<3, 4>(result, x, std::make_integer_sequence<int, 12>());
  fft48_detail::steps_of_3(x, result, std::make_integer_sequence<int, 16>());
}

// What turns one direction into the other, before and after.
__device__ __forceinline__ ComplexValue swapped(const ComplexValue& a) {
  return {a.im, a.re};
}

}  // namespace pressmark::kernels::cuda
