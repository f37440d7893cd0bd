// SPDX-License-Identifier: Apache-2.0
//
// 1. target(x, y) = sum over |i|, |j| <= r of t_|i| t_|j| source(x + i, y + j), t a Gaussian cut at
//    4 sigma, coordinates clamped to the plane; along y first.
// 2. A batch of float planes of any sizes without row padding; any alignment.
// 3. Grid: 64 x 32 tiles of the largest plane, planes along z. A block of 256 threads owns a tile.
//    Along y a thread owns 8 rows of one column and keeps the column in registers; along x a thread
//    owns one column of every fourth row.
// 4. The tile with a margin of r on all sides and what the first pass makes of it: at r = 9, 28 kB.
// 5. 4 bytes read and 4 written per sample, the margins again from L2 (1.6 times at r = 5); 6 r
//    operations per sample: bound by device memory at r = 5.
// 6. Every sum in the CPU's order: its bits.
// 7. No paper.
#include "kernels/cuda/gaussian_blur.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/math/gaussian_taps.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kTileWidth = 64, kTileHeight = 32;
constexpr int kRowsPerThread = 8;
constexpr int kMaxRadius = 9;

struct Taps {
  float values[kMaxRadius + 1];
};

// Odd strides keep a warp's columns in different banks whatever the row.
template <int kRadius>
struct BlurTile {
  static constexpr int kWidth = kTileWidth + 2 * kRadius, kHeight = kTileHeight + 2 * kRadius;
  float source[kHeight][kWidth + 1];
  float vertical[kTileHeight][kWidth + 1];
};

template <int kRadius>
__global__ void __launch_bounds__(kThreads)
    blur(PlanesView<const float> sources, PlanesView<float> targets, Taps taps) {
  using Tile = BlurTile<kRadius>;
  const PlaneShape shape = sources.shapes[blockIdx.z];
  const int left = static_cast<int>(blockIdx.x) * kTileWidth,
            top = static_cast<int>(blockIdx.y) * kTileHeight;
  if (left >= shape.width || top >= shape.height) return;
  Tile& tile = shared_memory<Tile>();
  const float* d_source = sources.values + shape.offset;
  const int thread = static_cast<int>(threadIdx.x);
  for (int i = thread; i < Tile::kHeight * Tile::kWidth; i += kThreads) {
    const int y = i / Tile::kWidth, x = i - y * Tile::kWidth;
    const int from_x = std::clamp(left + x - kRadius, 0, shape.width - 1),
              from_y = std::clamp(top + y - kRadius, 0, shape.height - 1);
    tile.source[y][x] = d_source[std::int64_t{from_y} * shape.width + from_x];
  }
  __syncthreads();

  constexpr int kGroups = kTileHeight / kRowsPerThread;
  for (int i = thread; i < kGroups * Tile::kWidth; i += kThreads) {
    const int group = i / Tile::kWidth, x = i - group * Tile::kWidth;
    float column[kRowsPerThread + 2 * kRadius];
#pragma unroll
    for (int y = 0; y < kRowsPerThread + 2 * kRadius; ++y) {
      column[y] = tile.source[group * kRowsPerThread + y][x];
    }
#pragma unroll
    for (int y = 0; y < kRowsPerThread; ++y) {
      float sum = taps.values[0] * column[y + kRadius];
#pragma unroll
      for (int j = 1; j <= kRadius; ++j) {
        sum = sum + taps.values[j] * (column[y + kRadius - j] + column[y + kRadius + j]);
      }
      tile.vertical[group * kRowsPerThread + y][x] = sum;
    }
  }
  __syncthreads();

  const int x = thread % kTileWidth;
  if (left + x >= shape.width) return;
  float* d_target = targets.values + targets.shapes[blockIdx.z].offset;
  for (int y = thread / kTileWidth; y < std::min(int{kTileHeight}, shape.height - top);
       y += kThreads / kTileWidth) {
    const float* line = tile.vertical[y] + x + kRadius;
    float sum = taps.values[0] * line[0];
#pragma unroll
    for (int i = 1; i <= kRadius; ++i) sum = sum + taps.values[i] * (line[-i] + line[i]);
    d_target[std::int64_t{top + y} * shape.width + left + x] = sum;
  }
}

}  // namespace

Planes<float> gaussian_blur(Lane& lane, const Planes<float>& sources, float sigma) {
  const std::vector<float> values = gaussian_taps(sigma);
  const auto radius = static_cast<int>(values.size()) - 1;
  assert(radius <= kMaxRadius);
  // Beyond the Gaussian's end: adding 0 times a sample changes no sum.
  Taps taps{};
  std::copy(values.begin(), values.end(), taps.values);
  std::vector<std::pair<int, int>> sizes;
  for (const PlaneShape& shape : sources.shapes) sizes.emplace_back(shape.width, shape.height);
  Planes<float> targets = allocate_planes<float>(lane, sizes);
  launch(lane.stream(), {plane_tiles(sources.shapes, kTileWidth, kTileHeight), dim3(kThreads)},
         radius <= 5 ? blur<5> : blur<kMaxRadius>, sources.view(), targets.view(), taps);
  return targets;
}

}  // namespace pressmark::kernels::cuda
