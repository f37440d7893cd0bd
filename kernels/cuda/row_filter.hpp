// SPDX-License-Identifier: Apache-2.0
//
// The second half of a separable filter: along the rows of a tile in shared memory.
#pragma once

#include <cuda_runtime.h>

namespace pressmark::kernels::cuda {

// Four neighbouring sums of a symmetric filter, taps[|i|] for i from -kRadius to kRadius. quads:
// the row from kMargin (a multiple of 4, >= kRadius) values before the first sum on.
template <int kRadius, int kMargin, int kTaps>
__device__ __forceinline__ float4 filter_four(const float4* quads, const float (&taps)[kTaps]) {
  static_assert(kMargin % 4 == 0 && kMargin >= kRadius && kTaps > kRadius);
  constexpr int kSpan = 2 * kMargin + 4;
  float window[kSpan];
#pragma unroll
  for (int q = 0; q < kSpan / 4; ++q) {
    const float4 four = quads[q];
    window[4 * q] = four.x;
    window[4 * q + 1] = four.y;
    window[4 * q + 2] = four.z;
    window[4 * q + 3] = four.w;
  }
  float sums[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    sums[j] = taps[0] * window[kMargin + j];
#pragma unroll
    for (int i = 1; i <= kRadius; ++i) {
      sums[j] = sums[j] + taps[i] * (window[kMargin + j - i] + window[kMargin + j + i]);
    }
  }
  return make_float4(sums[0], sums[1], sums[2], sums[3]);
}

}  // namespace pressmark::kernels::cuda
