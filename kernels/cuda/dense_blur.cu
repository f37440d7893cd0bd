// SPDX-License-Identifier: Apache-2.0
//
// 1. target_s(x, y) = sum over i, j of g_s(i) g_s(j) source(x + i, y + j) for two Gaussians g_s,
//    sigma 1.5 and 3 px, cut at 4 sigma; edges replicated; along y first.
// 2. In: float planes of any sizes without padding. Out: BlurredShape.
// 3. Grid: x tiles of the largest image, y images. A block of 256 threads owns a tile of 104 x 32
//    pixels, for both scales. First a thread filters 16 pixels of one of 128 columns, read from
//    device memory once for both; then four neighbours of a row at a time.
// 4. 32 KB: the tile after the vertical filters.
// 5. Per pixel 4 bytes read (2.9 times through the caches, for the margins) and 8 written, 100
//    operations: bound by arithmetic and device memory about alike.
// 6. Every sum in the CPU's order, products and sums rounded apart: its bits.
// 7. No paper.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_gradients.hpp"
#include "kernels/cuda/row_filter.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/math/gaussian_taps.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kRadii[] = {5, 11};
constexpr int kMaxRadius = 11;
constexpr int kColumns = 128, kRowsPerThread = 16, kRows = 2 * kRowsPerThread;
constexpr int kThreads = kColumns * (kRows / kRowsPerThread);
// Columns on either side of a tile: a multiple of 4, so that quads of pixels stay aligned.
constexpr int kMargin = 12;
constexpr int kTileWidth = kColumns - 2 * kMargin;
constexpr int kQuads = kTileWidth / 4;

struct Taps {
  float values[kDenseScales][kMaxRadius + 1];
};

struct VerticalSums {
  float4 quads[kDenseScales][kRows][kColumns / 4];
};

template <int kScale>
__device__ __forceinline__ void filter_column(
    const float (&window)[kRowsPerThread + 2 * kMaxRadius], const Taps& taps, float* to) {
  constexpr int kRadius = kRadii[kScale];
#pragma unroll
  for (int j = 0; j < kRowsPerThread; ++j) {
    float sum = taps.values[kScale][0] * window[j + kMaxRadius];
#pragma unroll
    for (int i = 1; i <= kRadius; ++i) {
      sum =
          sum + taps.values[kScale][i] * (window[j + kMaxRadius - i] + window[j + kMaxRadius + i]);
    }
    to[j * kColumns] = sum;
  }
}

template <int kScale>
__device__ __forceinline__ void filter_rows(const VerticalSums& shared, const Taps& taps, int left,
                                            int top, const BlurredShape& shape, float* d_target) {
  constexpr int kRadius = kRadii[kScale];
  for (int task = static_cast<int>(threadIdx.x); task < kRows * kQuads; task += kThreads) {
    const int row = task / kQuads, quad = task % kQuads;
    const int x = left + 4 * quad, y = top + row;
    if (x >= shape.width || y >= shape.height) continue;
    *reinterpret_cast<float4*>(d_target + std::int64_t{y} * shape.stride + x) =
        filter_four<kRadius, kMargin>(&shared.quads[kScale][row][quad], taps.values[kScale]);
  }
}

__global__ void __launch_bounds__(kThreads)
    blur(PlanesView<const float> images, BlurredView blurred, Taps taps) {
  const PlaneShape source = images.shapes[blockIdx.y];
  const BlurredShape shape = blurred.shapes[blockIdx.y];
  const int across = (source.width + kTileWidth - 1) / kTileWidth;
  if (across == 0) return;
  const auto tile = static_cast<int>(blockIdx.x);
  const int left = tile % across * kTileWidth, top = tile / across * kRows;
  if (top >= source.height) return;  // the grid is made for the largest image
  VerticalSums& shared = shared_memory<VerticalSums>();
  {
    const int column = static_cast<int>(threadIdx.x) % kColumns;
    const int first = static_cast<int>(threadIdx.x) / kColumns * kRowsPerThread;
    const float* d_source =
        images.values + source.offset + std::clamp(left - kMargin + column, 0, source.width - 1);
    float window[kRowsPerThread + 2 * kMaxRadius];
#pragma unroll
    for (int j = 0; j < kRowsPerThread + 2 * kMaxRadius; ++j) {
      const int y = std::clamp(top + first + j - kMaxRadius, 0, source.height - 1);
      window[j] = d_source[std::int64_t{y} * source.width];
    }
    filter_column<0>(window, taps, reinterpret_cast<float*>(shared.quads[0][first]) + column);
    filter_column<1>(window, taps, reinterpret_cast<float*>(shared.quads[1][first]) + column);
  }
  __syncthreads();
  float* d_target = blurred.values + shape.offset;
  filter_rows<0>(shared, taps, left, top, shape, d_target);
  filter_rows<1>(shared, taps, left, top, shape,
                 d_target + std::int64_t{shape.height} * shape.stride);
}

}  // namespace

BlurredImages blur_for_gradients(Lane& lane, const Planes<float>& images) {
  static_assert(kDenseScales == 2);
  BlurredImages blurred;
  std::int64_t offset = 0, tiles = 0;
  for (const PlaneShape& shape : images.shapes) {
    const BlurredShape to{shape.width, shape.height, (shape.width + 3) / 4 * 4, offset};
    offset += kDenseScales * to.plane();
    tiles = std::max<std::int64_t>(
        tiles, std::int64_t{blocks_for(shape.width, kTileWidth)} * blocks_for(shape.height, kRows));
    blurred.shapes.push_back(to);
  }
  blurred.device_shapes = lane.upload(blurred.shapes);
  blurred.values = lane.allocate<float>(static_cast<std::size_t>(offset));
  Taps taps{};
  for (int scale = 0; scale < kDenseScales; ++scale) {
    const std::vector<float> values =
        gaussian_taps(dense_code::kSigmas[static_cast<std::size_t>(scale)]);
    assert(static_cast<int>(values.size()) == kRadii[scale] + 1);
    std::copy(values.begin(), values.end(), taps.values[scale]);
  }
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(images.size())), dim3(kThreads)},
         blur, images.view(), blurred.view(), taps);
  return blurred;
}

}  // namespace pressmark::kernels::cuda
