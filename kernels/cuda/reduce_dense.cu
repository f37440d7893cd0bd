// SPDX-License-Identifier: Apache-2.0
//
// 1. Means of 2 x 2 and of 4 x 4 cells of a dense code, each field scaled so that its largest part
//    becomes 127, rounded to even.
// 2. Codes of 8 KB, pyramids of 2.5 KB, one after the other.
// 3. A block of 256 threads owns one code: four cells each of the halved field, one of the
//    quartered one.
// 4. 8 KB for the halved field.
// 5. 8 KB read, 2.5 KB written per code: bound by device memory.
// 6. Sums of small integers, exact; then the CPU's operations: its values.
// 7. No paper; kernels/cpu/dense_alignment.cpp.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_field.hpp"
#include "kernels/cuda/reduce_dense.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kHalfCells = kHalvedSide * kHalvedSide;
constexpr int kCellsOfThread = kHalfCells / kThreads;
static_assert(kQuarteredSide * kQuarteredSide == kThreads);

struct Reduction {
  ComplexValue half[kHalfCells];
  float largest[kWarps];
};

// Of the block; every thread gets it.
__device__ __forceinline__ float largest_of(float largest, Reduction& shared) {
  largest = warp_max(largest);
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared.largest[threadIdx.x / 32] = largest;
  __syncthreads();
  for (const float other : shared.largest) largest = fmaxf(largest, other);
  return largest;
}

__device__ __forceinline__ float largest_part(const ComplexValue& value) {
  return fmaxf(fabsf(value.re), fabsf(value.im));
}

// 127 for the largest part.
__device__ __forceinline__ void round_to_int8(const ComplexValue& value, float largest, int cell,
                                              int cells, std::int8_t* to) {
  const float factor = largest > 0 ? 127 / largest : 0;
  to[cell] = static_cast<std::int8_t>(rintf(value.re * factor));
  to[cell + cells] = static_cast<std::int8_t>(rintf(value.im * factor));
}

__global__ void __launch_bounds__(kThreads)
    reduce(const DenseCode* d_codes, DensePyramid* d_pyramids) {
  Reduction& shared = shared_memory<Reduction>();
  const auto thread = static_cast<int>(threadIdx.x);
  const DenseCode& code = d_codes[blockIdx.x];
  auto* const half = reinterpret_cast<std::int8_t*>(d_pyramids + blockIdx.x);
  std::int8_t* const quarter = half + 2 * kHalfCells;

  float largest = 0;
  for (int i = 0; i < kCellsOfThread; ++i) {
    const int cell = i * kThreads + thread;
    shared.half[cell] = halved_at(code, cell % kHalvedSide, cell / kHalvedSide);
    largest = fmaxf(largest, largest_part(shared.half[cell]));
  }
  largest = largest_of(largest, shared);
  for (int i = 0; i < kCellsOfThread; ++i) {
    const int cell = i * kThreads + thread;
    round_to_int8(shared.half[cell], largest, cell, kHalfCells, half);
  }

  const ComplexValue* above =
      shared.half + thread / kQuarteredSide * 2 * kHalvedSide + thread % kQuarteredSide * 2;
  const ComplexValue* below = above + kHalvedSide;
  const ComplexValue mean{0.25f * (above[0].re + above[1].re + below[0].re + below[1].re),
                          0.25f * (above[0].im + above[1].im + below[0].im + below[1].im)};
  round_to_int8(mean, largest_of(largest_part(mean), shared), thread, kThreads, quarter);
}

}  // namespace

DeviceBuffer<DensePyramid> reduce_dense(Lane& lane, const DenseCode* codes, std::size_t count) {
  static_assert(sizeof(DensePyramid) == 2 * (kHalfCells + kThreads));
  DeviceBuffer<DensePyramid> pyramids = lane.allocate<DensePyramid>(count);
  launch(lane.stream(), {dim3(static_cast<unsigned>(count)), dim3(kThreads)}, reduce, codes,
         pyramids.data());
  return pyramids;
}

void reduce_dense(Lane& lane, std::span<const DenseCode> codes, std::span<DensePyramid> outputs) {
  assert(codes.size() == outputs.size());
  const DeviceBuffer<DenseCode> uploaded = lane.upload(codes);
  const std::span<const DensePyramid> pyramids =
      lane.download(reduce_dense(lane, uploaded.data(), codes.size()));
  lane.synchronise();
  std::copy(pyramids.begin(), pyramids.end(), outputs.begin());
}

}  // namespace pressmark::kernels::cuda
