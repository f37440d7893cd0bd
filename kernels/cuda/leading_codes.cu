// SPDX-License-Identifier: Apache-2.0
//
// 1. Set i is rows first[i] to first[i + 1]; row i m + j of the result is row first[i] + j, j < m,
//    or zero beyond the set.
// 2. Codes: rows of 64 bytes, aligned to 16; sets: CodeSet; result: images x m rows.
// 3. mark_sets: a thread owns an image. take_leading: a thread owns 16 bytes of a row, x goes along
//    the m rows, y over images.
// 4. No shared memory.
// 5. 64 bytes read and written per row, no arithmetic: launches and latency, no more. Rows at fixed
//    places let the host go on without the numbers of keypoints.
// 6. Copies: exact.
// 7. No paper.
#include "kernels/cuda/leading_codes.hpp"

#include "kernels/cuda/runtime/launch.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kVectors = kLocalCodeSize / 16;  // int4 of a code

__global__ void __launch_bounds__(kThreads)
    mark_sets(const int* d_first, int images, CodeSet* d_sets) {
  const int image = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (image >= images) return;
  d_sets[image] = {d_first[image], d_first[image + 1] - d_first[image]};
}

__global__ void __launch_bounds__(kThreads)
    take_leading(const int4* d_codes, const CodeSet* d_sets, int each, int4* d_leading) {
  const int i = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (i >= each * kVectors) return;
  const CodeSet set = d_sets[blockIdx.y];
  int4 value = make_int4(0, 0, 0, 0);
  if (i < set.count * kVectors) value = d_codes[set.first * kVectors + i];
  d_leading[std::int64_t{blockIdx.y} * each * kVectors + i] = value;
}

}  // namespace

DeviceBuffer<CodeSet> sets_of_rows(Lane& lane, const DeviceBuffer<int>& first) {
  const auto images = static_cast<int>(first.size()) - 1;
  DeviceBuffer<CodeSet> sets = lane.allocate<CodeSet>(static_cast<std::size_t>(images));
  launch(lane.stream(), {dim3(blocks_for(images, kThreads)), dim3(kThreads)}, mark_sets,
         first.data(), images, sets.data());
  return sets;
}

DeviceBuffer<std::int8_t> leading_codes(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                                        const DeviceBuffer<CodeSet>& sets, std::size_t each) {
  DeviceBuffer<std::int8_t> leading =
      lane.allocate<std::int8_t>(sets.size() * each * kLocalCodeSize);
  const auto rows = static_cast<int>(each);
  launch(lane.stream(),
         {dim3(blocks_for(std::int64_t{rows} * kVectors, kThreads),
               static_cast<unsigned>(sets.size())),
          dim3(kThreads)},
         take_leading, reinterpret_cast<const int4*>(codes.data()), sets.data(), rows,
         reinterpret_cast<int4*>(leading.data()));
  return leading;
}

}  // namespace pressmark::kernels::cuda
