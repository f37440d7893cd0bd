// SPDX-License-Identifier: Apache-2.0
//
// 1. s = P (x - m), code = round(127 s / |s|): whitened descriptors at 127 per unit of length.
// 2. x: rows x 128 floats; m: 128; P: 128 x 64, transposed; codes: rows x 64 int8. All rows aligned
//    to 16 bytes.
// 3. Grid: x tiles of 64 rows. A block of 256 owns a tile, a thread 4 rows x 4 elements of the
// codes
//    and all 128 terms of each; then a row's length; then 16 elements of a row.
// 4. Shared memory: 66 KB: the tile, rows padded by 16 bytes, and P. Three blocks an SM (A100:
// two).
// 5. Per row 512 bytes read, 64 written, 16 400 operations, unfused: bound by arithmetic.
// 6. Sums in the CPU's order, products and sums rounded apart: the CPU's bits.
// 7. No paper.
#include "kernels/cuda/embed.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256, kTileRows = 64;
constexpr int kRowFloats = kDescriptorSize + 4;  // rows that are read side by side differ in bank
constexpr int kSumFloats = kLocalCodeSize + 1;
constexpr int kPerThread = 4;
constexpr int kColumnThreads = kLocalCodeSize / kPerThread;
static_assert(kThreads == kColumnThreads * (kTileRows / kPerThread));
static_assert(kTileRows * kSumFloats <= kTileRows * kRowFloats);
static_assert(kThreads * 16 == kTileRows * kLocalCodeSize);
constexpr std::size_t kSharedBytes =
    (kTileRows * kRowFloats + kDescriptorSize * kLocalCodeSize) * sizeof(float);

struct Scales {
  float values[kTileRows];
};

__device__ const float4& four_at(const float* address) {
  return *reinterpret_cast<const float4*>(address);
}

__device__ int rounded(float value) {
  return std::min(std::max(static_cast<int>(rintf(value)), -127), 127);
}

__global__ void __launch_bounds__(kThreads)
    project(const float* d_descriptors, const int* d_rows, const float* d_mean,
            const float* d_projection, std::int8_t* d_codes) {
  const int first = static_cast<int>(blockIdx.x) * kTileRows,
            rows = std::min(*d_rows - first, int{kTileRows});
  if (rows <= 0) return;
  const auto thread = static_cast<int>(threadIdx.x);
  float* const tile = dynamic_shared_memory<float>();
  float* const projection = tile + kTileRows * kRowFloats;
  auto& scales = shared_memory<Scales>();
  constexpr int kRowQuads = kDescriptorSize / 4;
  for (int n = thread; n < kTileRows * kRowQuads; n += kThreads) {
    const int row = n / kRowQuads, d = n % kRowQuads * 4;
    float4 value{};
    if (row < rows) {
      value = four_at(d_descriptors + (std::int64_t{first} + row) * kDescriptorSize + d);
      const float4& mean = four_at(d_mean + d);
      value.x -= mean.x;
      value.y -= mean.y;
      value.z -= mean.z;
      value.w -= mean.w;
    }
    *reinterpret_cast<float4*>(tile + row * kRowFloats + d) = value;
  }
  for (int n = 4 * thread; n < kDescriptorSize * kLocalCodeSize; n += 4 * kThreads) {
    *reinterpret_cast<float4*>(projection + n) = four_at(d_projection + n);
  }
  __syncthreads();

  const int column = thread % kColumnThreads * kPerThread;
  const int row = thread / kColumnThreads * kPerThread;
  float sums[kPerThread][kPerThread] = {};
#pragma unroll 2
  for (int d = 0; d < kDescriptorSize; d += 4) {
    float4 values[kPerThread], weights[4];
#pragma unroll
    for (int r = 0; r < kPerThread; ++r) values[r] = four_at(tile + (row + r) * kRowFloats + d);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      weights[k] = four_at(projection + (d + k) * kLocalCodeSize + column);
    }
#pragma unroll
    for (int r = 0; r < kPerThread; ++r) {
      const float terms[4] = {values[r].x, values[r].y, values[r].z, values[r].w};
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        sums[r][0] = sums[r][0] + terms[k] * weights[k].x;
        sums[r][1] = sums[r][1] + terms[k] * weights[k].y;
        sums[r][2] = sums[r][2] + terms[k] * weights[k].z;
        sums[r][3] = sums[r][3] + terms[k] * weights[k].w;
      }
    }
  }
  __syncthreads();  // the sums take the tile's place
#pragma unroll
  for (int r = 0; r < kPerThread; ++r) {
#pragma unroll
    for (int c = 0; c < kPerThread; ++c) tile[(row + r) * kSumFloats + column + c] = sums[r][c];
  }
  __syncthreads();
  if (thread < kTileRows) {
    float squared = 0;
#pragma unroll 16
    for (int o = 0; o < kLocalCodeSize; ++o) {
      const float value = tile[thread * kSumFloats + o];
      squared = squared + value * value;
    }
    scales.values[thread] = squared > 0 ? 127.0f / sqrtf(squared) : 0.0f;
  }
  __syncthreads();
  constexpr int kPerRow = kLocalCodeSize / 16;
  const int own = thread / kPerRow, part = thread % kPerRow * 16;
  if (own >= rows) return;
  const float scale = scales.values[own];
  const float* from = tile + own * kSumFloats + part;
  unsigned words[4];
#pragma unroll
  for (int w = 0; w < 4; ++w) {
    words[w] = 0;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      words[w] |= (static_cast<unsigned>(rounded(from[4 * w + k] * scale)) & 0xffu) << (8 * k);
    }
  }
  *reinterpret_cast<uint4*>(d_codes + (std::int64_t{first} + own) * kLocalCodeSize + part) =
      make_uint4(words[0], words[1], words[2], words[3]);
}

}  // namespace

DeviceWhitening upload_whitening(Lane& lane, const Whitening& whitening) {
  assert(whitening.mean.size() == kDescriptorSize);
  assert(whitening.projection.size() == std::size_t{kLocalCodeSize} * kDescriptorSize);
  std::vector<float> transposed(whitening.projection.size());
  for (std::size_t o = 0; o < kLocalCodeSize; ++o) {
    for (std::size_t d = 0; d < kDescriptorSize; ++d) {
      transposed[d * kLocalCodeSize + o] = whitening.projection[o * kDescriptorSize + d];
    }
  }
  return {lane.upload(whitening.mean), lane.upload(transposed)};
}

DeviceBuffer<std::int8_t> embed(Lane& lane, const DeviceBuffer<float>& descriptors,
                                const int* d_rows, const DeviceWhitening& whitening) {
  const std::size_t rows = descriptors.size() / kDescriptorSize;
  DeviceBuffer<std::int8_t> codes = lane.allocate<std::int8_t>(rows * kLocalCodeSize);
  launch(
      lane.stream(),
      {dim3(blocks_for(static_cast<std::int64_t>(rows), kTileRows)), dim3(kThreads), kSharedBytes},
      project, descriptors.data(), d_rows, whitening.mean.data(), whitening.projection.data(),
      codes.data());
  return codes;
}

void embed(Lane& lane, std::span<const LocalFeatures> features, const Whitening& whitening,
           std::span<std::vector<std::int8_t>> outputs) {
  assert(features.size() == outputs.size());
  std::size_t rows = 0;
  for (const LocalFeatures& of : features) rows += of.keypoints.size();
  DeviceBuffer<float> descriptors = lane.allocate<float>(rows * kDescriptorSize);
  float* d_next = descriptors.data();
  for (const LocalFeatures& of : features) {
    assert(of.descriptors.size() == of.keypoints.size() * kDescriptorSize);
    lane.copy_to(d_next, std::span<const float>(of.descriptors));
    d_next += of.descriptors.size();
  }
  const std::vector<int> count{static_cast<int>(rows)};
  const DeviceBuffer<int> d_rows = lane.upload(count);
  const DeviceBuffer<std::int8_t> codes =
      embed(lane, descriptors, d_rows.data(), upload_whitening(lane, whitening));
  const std::span<const std::int8_t> all = lane.download(codes);
  lane.synchronise();
  auto from = all.begin();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto size = static_cast<std::ptrdiff_t>(features[i].keypoints.size() * kLocalCodeSize);
    outputs[i].assign(from, from + size);
    from += size;
  }
}

}  // namespace pressmark::kernels::cuda
