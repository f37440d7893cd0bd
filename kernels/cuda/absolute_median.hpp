// SPDX-License-Identifier: Apache-2.0
//
// Medians of |values| by histograms up to 16 means; exact to 1/64 of the mean.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

inline constexpr int kMedianBins = 1024;

// Bins per unit of the values; 0 where the mean is.
__device__ __forceinline__ float median_scale(double mean) {
  return mean > 0 ? static_cast<float>(64 / mean) : 0.0f;
}

// A block's part of a histogram, in shared memory. All threads must call clear() and add_to().
struct MedianHistogram {
  unsigned counts[kMedianBins];

  __device__ __forceinline__ void clear() {
    for (unsigned bin = threadIdx.x; bin < kMedianBins; bin += blockDim.x) counts[bin] = 0;
    __syncthreads();
  }
  __device__ __forceinline__ void count(float value, float scale) {
    const float bin = fminf(fabsf(value) * scale, static_cast<float>(kMedianBins - 1));
    atomicAdd(&counts[static_cast<int>(bin)], 1u);
  }
  __device__ __forceinline__ void add_to(unsigned* d_counts) {
    __syncthreads();
    for (unsigned bin = threadIdx.x; bin < kMedianBins; bin += blockDim.x) {
      if (counts[bin] > 0) atomicAdd(&d_counts[bin], counts[bin]);
    }
  }
};

// histograms: scales.size() x kMedianBins. One median for each.
DeviceBuffer<float> find_absolute_medians(Lane& lane, const DeviceBuffer<unsigned>& histograms,
                                          const DeviceBuffer<float>& scales);

}  // namespace pressmark::kernels::cuda
