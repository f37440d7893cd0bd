// SPDX-License-Identifier: Apache-2.0
//
// 1. median = (b + 1/2) / scale, b the first bin up to which a histogram holds half of its counts.
// 2. histograms: n x 1024 counts; scales, medians: n floats.
// 3. A block of 256 threads owns a histogram, a thread four bins of it.
// 4. 32 bytes, for the sums of the warps.
// 5. 4 kB read per item: bound by latency.
// 6. Integers, and one division: the CPU's bits.
// 7. No paper.
#include "kernels/cuda/absolute_median.hpp"

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBinsPerThread = kMedianBins / kThreads;

struct WarpCounts {
  unsigned values[kThreads / 32];
};

__global__ void __launch_bounds__(kThreads)
    find_medians(const unsigned* d_histograms, const float* d_scales, float* d_medians) {
  WarpCounts& warps = shared_memory<WarpCounts>();
  const unsigned lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const unsigned* d_counts = d_histograms + std::size_t{blockIdx.x} * kMedianBins;
  unsigned counts[kBinsPerThread], mine = 0;
  for (int i = 0; i < kBinsPerThread; ++i) {
    counts[i] = d_counts[threadIdx.x * kBinsPerThread + static_cast<unsigned>(i)];
    mine += counts[i];
  }
  unsigned below = mine;  // with this thread's own, of the warp
  for (unsigned delta = 1; delta < 32; delta *= 2) {
    const unsigned other = __shfl_up_sync(kWholeWarp, below, delta);
    if (lane >= delta) below += other;
  }
  if (lane == 31) warps.values[warp] = below;
  __syncthreads();
  unsigned total = 0;
  for (unsigned other = 0; other < kThreads / 32; ++other) {
    if (other < warp) below += warps.values[other];
    total += warps.values[other];
  }
  below -= mine;
  // An empty histogram's first bin is its median.
  bool reached = threadIdx.x > 0 && 2 * below >= total;
  for (int i = 0; i < kBinsPerThread; ++i) {
    below += counts[i];
    if (reached || 2 * below < total) continue;
    reached = true;
    const unsigned bin = threadIdx.x * kBinsPerThread + static_cast<unsigned>(i);
    d_medians[blockIdx.x] = (static_cast<float>(bin) + 0.5f) / fmaxf(d_scales[blockIdx.x], 1e-20f);
  }
}

}  // namespace

DeviceBuffer<float> find_absolute_medians(Lane& lane, const DeviceBuffer<unsigned>& histograms,
                                          const DeviceBuffer<float>& scales) {
  DeviceBuffer<float> medians = lane.allocate<float>(scales.size());
  launch(lane.stream(), {dim3(static_cast<unsigned>(scales.size())), dim3(kThreads)}, find_medians,
         histograms.data(), scales.data(), medians.data());
  return medians;
}

}  // namespace pressmark::kernels::cuda
