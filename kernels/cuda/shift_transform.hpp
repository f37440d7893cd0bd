// SPDX-License-Identifier: Apache-2.0
//
// sum_n f(n) exp(2 pi i k n / 48) of integers of 16 bits, in one thread's registers, of two signals
// at a time: the operations of kernels/cpu/shift_transform-inl.hpp, so that the results are its
// numbers. Two signals share a word, as first + 2^16 second: one addition of words adds both. All
// indices and factors are constants once loops are unrolled; what a caller does not use is not
// computed.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/math/shift_transform.hpp"

namespace pressmark::kernels::cuda {

// Both numbers of 16 bits, and sums of words as well.
struct SignalPair {
  int word;
};

__device__ __forceinline__ SignalPair pair_of(int first, int second) {
  return {second * 65536 + first};
}
__device__ __forceinline__ int first_of(const SignalPair& pair) {
  return static_cast<std::int16_t>(pair.word);
}
__device__ __forceinline__ int second_of(const SignalPair& pair) {
  return (pair.word - first_of(pair)) >> 16;
}
__device__ __forceinline__ SignalPair operator+(const SignalPair& a, const SignalPair& b) {
  return {a.word + b.word};
}
__device__ __forceinline__ SignalPair operator-(const SignalPair& a, const SignalPair& b) {
  return {a.word - b.word};
}
__device__ __forceinline__ SignalPair times(const SignalPair& a, int factor) {
  return pair_of(shift_transform::product(first_of(a), factor),
                 shift_transform::product(second_of(a), factor));
}

struct ComplexPair {
  SignalPair re, im;
};

__device__ __forceinline__ ComplexPair operator+(const ComplexPair& a, const ComplexPair& b) {
  return {a.re + b.re, a.im + b.im};
}
__device__ __forceinline__ ComplexPair operator-(const ComplexPair& a, const ComplexPair& b) {
  return {a.re - b.re, a.im - b.im};
}
// a + i b and a - i b.
__device__ __forceinline__ ComplexPair plus_turned(const ComplexPair& a, const ComplexPair& b) {
  return {a.re - b.im, a.im + b.re};
}
__device__ __forceinline__ ComplexPair minus_turned(const ComplexPair& a, const ComplexPair& b) {
  return {a.re + b.im, a.im - b.re};
}
// a (re + i im).
__device__ __forceinline__ ComplexPair times(const ComplexPair& a, int re, int im) {
  return {times(a.re, re) - times(a.im, im), times(a.re, im) + times(a.im, re)};
}

__device__ __forceinline__ void transform_of_4(ComplexPair& x0, ComplexPair& x1, ComplexPair& x2,
                                               ComplexPair& x3) {
  const ComplexPair a = x0 + x2, b = x0 - x2, c = x1 + x3, d = x1 - x3;
  x0 = a + c;
  x1 = plus_turned(b, d);
  x2 = a - c;
  x3 = minus_turned(b, d);
}

// Of x[4 a + b]; frequency a + 4 b is left at 4 a + b.
__device__ __forceinline__ void transform_of_16(ComplexPair (&x)[16]) {
  using namespace shift_transform;
#pragma unroll
  for (int i = 0; i < 4; ++i) transform_of_4(x[i], x[4 + i], x[8 + i], x[12 + i]);
  const auto by_2 = [](const ComplexPair& a) {
    return ComplexPair{times(a.re - a.im, kDiagonal), times(a.re + a.im, kDiagonal)};
  };
  const auto by_6 = [](const ComplexPair& a) {
    return ComplexPair{times(a.re + a.im, -kDiagonal), times(a.re - a.im, kDiagonal)};
  };
  x[5] = times(x[5], kCosine16, kSine16);
  x[6] = by_2(x[6]);
  x[7] = times(x[7], kSine16, kCosine16);
  x[9] = by_2(x[9]);
  x[11] = by_6(x[11]);
  x[13] = times(x[13], kSine16, kCosine16);
  x[14] = by_6(x[14]);
  x[15] = times(x[15], -kCosine16, -kSine16);
  transform_of_4(x[0], x[1], x[2], x[3]);
  transform_of_4(x[4], x[5], x[6], x[7]);
  // x[10] is yet to be multiplied by i.
  const ComplexPair a = plus_turned(x[8], x[10]), b = minus_turned(x[8], x[10]);
  const ComplexPair c = x[9] + x[11], d = x[9] - x[11];
  x[8] = a + c;
  x[9] = plus_turned(b, d);
  x[10] = a - c;
  x[11] = minus_turned(b, d);
  transform_of_4(x[12], x[13], x[14], x[15]);
}

// Of f(n) = x[n % 3][11 n % 16], which is overwritten: shift_transform::input_of.
__device__ __forceinline__ void transform_shifts(ComplexPair (&x)[3][16],
                                                 ComplexPair (&result)[48]) {
  using namespace shift_transform;
#pragma unroll
  for (int i = 0; i < 3; ++i) transform_of_16(x[i]);
#pragma unroll
  for (int k = 0; k < 16; ++k) {
    const int at = k % 4 * 4 + k / 4;
    const ComplexPair &x0 = x[0][at], &x1 = x[1][at], &x2 = x[2][at];
    const ComplexPair sum = x1 + x2, apart = x1 - x2;
    const ComplexPair middle = x0 - ComplexPair{times(sum.re, kHalf), times(sum.im, kHalf)};
    const ComplexPair turn{times(apart.re, kSine3), times(apart.im, kSine3)};
    result[frequency_of(k, 0)] = x0 + sum;
    result[frequency_of(k, 1)] = plus_turned(middle, turn);
    result[frequency_of(k, 2)] = minus_turned(middle, turn);
  }
}

}  // namespace pressmark::kernels::cuda
