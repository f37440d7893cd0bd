// SPDX-License-Identifier: Apache-2.0
//
// Sums over the threads of a block in one fixed order.
#pragma once

#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {

// In thread 0; undefined elsewhere. All threads of a one-dimensional block of kThreads (a multiple
// of 32, at most 1024) must call. Halves are added in each warp, then the warps one by one.
template <int kThreads>
__device__ __forceinline__ double block_sum(double value) {
  struct WarpSums {
    double values[kThreads / 32];
  };
  for (unsigned delta = 16; delta > 0; delta /= 2) {
    value += __shfl_down_sync(kWholeWarp, value, delta);
  }
  WarpSums& sums = shared_memory<WarpSums>();
  __syncthreads();  // an earlier call's sums have been read
  if (threadIdx.x % 32 == 0) sums.values[threadIdx.x / 32] = value;
  __syncthreads();
  if (threadIdx.x > 0) return 0;
  for (int warp = 1; warp < kThreads / 32; ++warp) value += sums.values[warp];
  return value;
}

}  // namespace pressmark::kernels::cuda
