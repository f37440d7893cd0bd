// SPDX-License-Identifier: Apache-2.0
//
// Discrete Fourier transforms by the threads of a block in shared memory, with the CPU's
// butterflies in its order (kernels/cpu/fft.hpp): its bits. For kernels whose first and last steps
// are their own; see relight.cu.
//
// Every signal is worked on by some threads of a block, all of whose signals have one length; two
// buffers in shared memory take turns (Stockham's form, kernels/math/fft_tables.hpp).
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <map>
#include <vector>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

inline constexpr int kMaxFftLength = 4096;

// What a kernel needs to know of a length.
struct FftPlan {
  struct Stage {
    int radix, groups, stride;  // FftStage
    unsigned reciprocal;        // ceil(2^21 / stride)
    int first_twiddle;
  };
  int length, stage_count;
  Stage stages[8];  // 3^7 has most, of lengths up to kMaxFftLength
};

struct FftPlansView {
  const FftPlan* plans;
  const float2* twiddles;
};

// Plans of the lengths of a batch in device memory.
class FftPlans {
 public:
  // Index of the plan of a length (at most kMaxFftLength, no prime factor above 5).
  int index_of(int length);

  // Once all lengths are known.
  void upload(Lane& lane);
  FftPlansView view() const { return {device_plans_.data(), device_twiddles_.data()}; }

 private:
  std::map<int, int> indices_;
  std::vector<FftPlan> plans_;
  std::vector<float2> twiddles_;
  DeviceBuffer<FftPlan> device_plans_;
  DeviceBuffer<float2> device_twiddles_;
};

// Elements that a signal's buffer needs: fft_place() goes up to the next multiple of 16.
inline constexpr int fft_buffer_size(int length) {
  return (length + 15) / 16 * 16;
}

// Where element i of a signal is kept. Elements of 8 bytes that are 4 or 16 apart, which the first
// two stages write side by side, would share a bank: groups of 16 are permuted each by its number.
__device__ __forceinline__ int fft_place(int i) {
  return i ^ (((i >> 4) & 3) * 5);
}

// x: real, y: imaginary part. The inverse is the same with both exchanged before and after.
__device__ __forceinline__ float2 exchanged(float2 a) {
  return {a.y, a.x};
}

namespace fft_detail {

__device__ __forceinline__ float2 sum(float2 a, float2 b) {
  return {a.x + b.x, a.y + b.y};
}
__device__ __forceinline__ float2 difference(float2 a, float2 b) {
  return {a.x - b.x, a.y - b.y};
}
__device__ __forceinline__ float2 product(float2 a, float2 b) {
  return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};
}
__device__ __forceinline__ float2 scaled(float2 a, float factor) {
  return {a.x * factor, a.y * factor};
}
// a times -i.
__device__ __forceinline__ float2 turned(float2 a) {
  return {a.y, -a.x};
}

__device__ __forceinline__ void butterfly(float2 (&x)[2]) {
  const float2 a = sum(x[0], x[1]);
  x[1] = difference(x[0], x[1]);
  x[0] = a;
}

__device__ __forceinline__ void butterfly(float2 (&x)[3]) {
  constexpr float kSine = 0.866025403784438647f;
  const float2 both = sum(x[1], x[2]), turn = turned(scaled(difference(x[1], x[2]), kSine));
  const float2 middle = difference(x[0], scaled(both, 0.5f));
  x[0] = sum(x[0], both);
  x[1] = sum(middle, turn);
  x[2] = difference(middle, turn);
}

__device__ __forceinline__ void butterfly(float2 (&x)[4]) {
  const float2 a = sum(x[0], x[2]), b = difference(x[0], x[2]), c = sum(x[1], x[3]),
               d = turned(difference(x[1], x[3]));
  x[0] = sum(a, c);
  x[1] = sum(b, d);
  x[2] = difference(a, c);
  x[3] = difference(b, d);
}

__device__ __forceinline__ void butterfly(float2 (&x)[5]) {
  constexpr float kCosine1 = 0.309016994374947424f, kCosine2 = -0.809016994374947424f;
  constexpr float kSine1 = 0.951056516295153572f, kSine2 = 0.587785252292473129f;
  const float2 s14 = sum(x[1], x[4]), s23 = sum(x[2], x[3]);
  const float2 d14 = difference(x[1], x[4]), d23 = difference(x[2], x[3]);
  const float2 a = sum(x[0], sum(scaled(s14, kCosine1), scaled(s23, kCosine2)));
  const float2 b = sum(x[0], sum(scaled(s14, kCosine2), scaled(s23, kCosine1)));
  const float2 c = turned(sum(scaled(d14, kSine1), scaled(d23, kSine2)));
  const float2 d = turned(difference(scaled(d14, kSine2), scaled(d23, kSine1)));
  x[0] = sum(x[0], sum(s14, s23));
  x[1] = sum(a, c);
  x[2] = sum(b, d);
  x[3] = difference(b, d);
  x[4] = difference(a, c);
}

template <int kRadix>
__device__ __forceinline__ void run_stage(const FftPlan::Stage& at, const float2* d_twiddles,
                                          const float2* from, float2* to, int thread, int threads) {
  const int butterflies = at.groups * at.stride, stride = at.stride;
  d_twiddles += at.first_twiddle;
  for (int i = thread; i < butterflies; i += threads) {
    // i / stride: exact for i, stride < 2048, and the product fits.
    const auto p = static_cast<int>((static_cast<unsigned>(i) * at.reciprocal) >> 21);
    float2 x[kRadix];
#pragma unroll
    for (int j = 0; j < kRadix; ++j) x[j] = from[fft_place(i + j * butterflies)];
    butterfly(x);
    const int first = i + stride * (kRadix - 1) * p;  // i - p stride + kRadix p stride
#pragma unroll
    for (int k = 0; k < kRadix; ++k) {
      if (k > 0 && p > 0) x[k] = product(x[k], d_twiddles[p * (kRadix - 1) + k - 1]);
      to[fft_place(first + k * stride)] = x[k];
    }
  }
}

}  // namespace fft_detail

// Transforms the signal in `buffer` with the help of `other` and returns the one of them that holds
// the result. All threads of the block must call, `threads` of them with one signal; what they
// wrote before is seen by all, and the result is.
__device__ __forceinline__ float2* transform(const FftPlan& plan, const float2* d_twiddles,
                                             float2* buffer, float2* other, int thread,
                                             int threads) {
  using fft_detail::run_stage;
  __syncthreads();
  for (int i = 0; i < plan.stage_count; ++i) {
    const FftPlan::Stage& at = plan.stages[i];
    if (at.radix == 4) {
      run_stage<4>(at, d_twiddles, buffer, other, thread, threads);
    } else if (at.radix == 2) {
      run_stage<2>(at, d_twiddles, buffer, other, thread, threads);
    } else if (at.radix == 3) {
      run_stage<3>(at, d_twiddles, buffer, other, thread, threads);
    } else {
      run_stage<5>(at, d_twiddles, buffer, other, thread, threads);
    }
    float2* const result = other;
    other = buffer;
    buffer = result;
    __syncthreads();
  }
  return buffer;
}

}  // namespace pressmark::kernels::cuda
