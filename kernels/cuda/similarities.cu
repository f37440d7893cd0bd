// SPDX-License-Identifier: Apache-2.0
//
// 1. s_i = sum_k q_k c_ik: dot products of one int8 code with many.
// 2. q: 64 bytes; c: n x 64 bytes, rows aligned to 16 (device memory is); s: n int32.
// 3. A thread owns one code, a warp 32 neighbours, a block 256.
// 4. No shared memory: all lanes of a warp read the same 16 bytes of the query at once, from the
//    first cache.
// 5. 64 bytes read, 4 written per code, 16 instructions dp4a: bound by device memory.
// 6. Integers: the CPU's values exactly.
// 7. No paper.
#include "kernels/cuda/similarities.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/stages.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kVectors = kLocalCodeSize / 16;  // of sixteen elements

__global__ void __launch_bounds__(kThreads)
    multiply_codes(const int4* d_query, const int4* d_codes, std::int64_t count,
                   std::int32_t* d_sums) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= count) return;
  std::int32_t sum = 0;
#pragma unroll
  for (int k = 0; k < kVectors; ++k) {
    const int4 query = d_query[k], code = d_codes[i * kVectors + k];
    sum = __dp4a(query.x, code.x, sum);
    sum = __dp4a(query.y, code.y, sum);
    sum = __dp4a(query.z, code.z, sum);
    sum = __dp4a(query.w, code.w, sum);
  }
  d_sums[i] = sum;
}

}  // namespace

DeviceBuffer<std::int32_t> similarities(Lane& lane, const DeviceBuffer<std::int8_t>& code,
                                        const DeviceBuffer<std::int8_t>& codes) {
  const std::size_t count = codes.size() / kLocalCodeSize;
  DeviceBuffer<std::int32_t> sums = lane.allocate<std::int32_t>(count);
  launch(
      lane.stream(), {dim3(blocks_for(static_cast<std::int64_t>(count), kThreads)), dim3(kThreads)},
      multiply_codes, reinterpret_cast<const int4*>(code.data()),
      reinterpret_cast<const int4*>(codes.data()), static_cast<std::int64_t>(count), sums.data());
  return sums;
}

void similarities(Lane& lane, std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs) {
  assert(code.size() == kLocalCodeSize && codes.size() == outputs.size() * kLocalCodeSize);
  const DeviceBuffer<std::int8_t> query = lane.upload(code), all = lane.upload(codes);
  const std::span<const std::int32_t> results = lane.download(similarities(lane, query, all));
  lane.synchronise();
  std::copy(results.begin(), results.end(), outputs.begin());
}

}  // namespace pressmark::kernels::cuda
