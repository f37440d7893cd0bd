// SPDX-License-Identifier: Apache-2.0
//
// Sums and maxima over the lanes of a whole warp, which all lanes must call and all get. Halves are
// joined first, so that sums of floating point have one fixed order.
#pragma once

#include <cuda_runtime.h>

namespace pressmark::kernels::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffu;

template <class Value>
__device__ __forceinline__ Value warp_sum(Value value) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kWholeWarp, value, lanes);
  return value;
}

// Numbers alone: no NaN.
template <class Value>
__device__ __forceinline__ Value warp_max(Value value) {
#pragma unroll
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const Value other = __shfl_xor_sync(kWholeWarp, value, lanes);
    value = value < other ? other : value;
  }
  return value;
}

}  // namespace pressmark::kernels::cuda
