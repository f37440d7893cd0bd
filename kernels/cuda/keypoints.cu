// SPDX-License-Identifier: Apache-2.0
//
// 1. Samples of the differences d_s = blurred_(s+1) - blurred_s, s = 1, 2, 3, grey levels, that are
//    strictly greater, or less, than their 26 neighbours and larger than kMinSampleContrast,
//    refined by refine_extremum().
// 2. In: ScaleSpaces. Out: Extremum records, 24 bytes, in a part of one buffer for each image.
// 3. A launch per octave. Grid: x tiles of 32 x 16 samples, y images. A block of 256 owns a tile, a
//    thread two samples of one column at the three scales.
// 4. Shared memory: 12 KB, five differences of the tile and a margin of one sample.
// 5. Per sample 24 bytes read and a few comparisons: bound by device memory. The one sample in
//    hundreds that is an extremum reads 38 values again, which the caches hold.
// 6. Records are appended in order of arrival, their order means nothing; there is room for all
//    that can be. Same operations as on the CPU: the CPU's bits.
// 7. Lowe, IJCV 60(2), 2004, sections 3 and 4.
#include "kernels/cuda/keypoints.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kWidth = 32, kHeight = 16, kThreads = 256;
constexpr int kRowsPerStep = kThreads / kWidth;
constexpr int kDifferences = kScalesPerOctave + 2;

struct DifferenceTile {
  float values[kDifferences][kHeight + 2][kWidth + 2];
};

__device__ bool is_extremum(const DifferenceTile& tile, int level, int y, int x) {
  const float centre = tile.values[level][y][x];
  if (!(fabsf(centre) > kMinSampleContrast)) return false;
  bool greatest = true, least = true;
  // The sample's own image first: most fail there.
  for (int n = 0; n < 3; ++n) {
    const int s = n == 0 ? level : n == 1 ? level - 1 : level + 1;
    for (int j = -1; j <= 1; ++j) {
      for (int i = -1; i <= 1; ++i) {
        if (n == 0 && j == 0 && i == 0) continue;
        const float other = tile.values[s][y + j][x + i];
        greatest = greatest && centre > other;
        least = least && centre < other;
      }
      if (!greatest && !least) return false;
    }
  }
  return true;
}

__global__ void __launch_bounds__(kThreads)
    find_in_octaves(ScaleSpacesView spaces, int octave, PlanesView<const std::uint8_t> masks,
                    const std::int64_t* d_first, int* d_counts, Extremum* d_extrema) {
  const auto image = static_cast<int>(blockIdx.y), images = static_cast<int>(gridDim.y);
  const OctaveShape shape = spaces.shapes[octave * images + image];
  const int inner_width = shape.width - 2 * kExtremumBorder;
  const int inner_height = shape.height - 2 * kExtremumBorder;
  if (inner_width <= 0) return;
  const int across = (inner_width + kWidth - 1) / kWidth;
  const int left = static_cast<int>(blockIdx.x) % across * kWidth + kExtremumBorder;
  const int top = static_cast<int>(blockIdx.x) / across * kHeight + kExtremumBorder;
  if (top - kExtremumBorder >= inner_height) return;  // the grid is made for the largest image

  const float* d_blurred = spaces.values + shape.offset;
  const std::int64_t plane = std::int64_t{shape.stride} * shape.height;
  auto& tile = shared_memory<DifferenceTile>();
  constexpr int kRowFloats = kWidth + 2;
  for (int n = static_cast<int>(threadIdx.x); n < (kHeight + 2) * kRowFloats; n += kThreads) {
    const int row = n / kRowFloats, column = n % kRowFloats;
    const int x = std::min(left - 1 + column, shape.width - 1);
    const int y = std::min(top - 1 + row, shape.height - 1);
    const float* d_sample = d_blurred + std::int64_t{y} * shape.stride + x;
    float values[kDifferences + 1];
#pragma unroll
    for (int s = 0; s <= kDifferences; ++s) values[s] = d_sample[s * plane];
#pragma unroll
    for (int s = 0; s < kDifferences; ++s) tile.values[s][row][column] = values[s + 1] - values[s];
  }
  __syncthreads();

  const int column = static_cast<int>(threadIdx.x) % kWidth, x = left + column;
  if (x >= shape.width - kExtremumBorder) return;
  const auto difference = [&](int s, int row, int at) {
    const float* d_sample = d_blurred + s * plane + std::int64_t{row} * shape.stride + at;
    return d_sample[plane] - d_sample[0];
  };
  for (int row = static_cast<int>(threadIdx.x) / kWidth; row < kHeight; row += kRowsPerStep) {
    const int y = top + row;
    if (y >= shape.height - kExtremumBorder) return;
    for (int level = 1; level <= kScalesPerOctave; ++level) {
      if (!is_extremum(tile, level, row + 1, column + 1)) continue;
      Extremum extremum;
      extremum.octave = octave;
      if (!refine_extremum(difference, shape.width, shape.height, x, y, level, extremum)) continue;
      const PlaneShape mask = masks.shapes[image];
      if (mask.width > 0) {
        const int mask_x = pixel_of(extremum.x, shape.step_px, mask.width);
        const int mask_y = pixel_of(extremum.y, shape.step_px, mask.height);
        if (masks.values[mask.offset + std::int64_t{mask_y} * mask.width + mask_x] != 0) continue;
      }
      d_extrema[d_first[image] + atomicAdd(&d_counts[image], 1)] = extremum;
    }
  }
}

// No two maxima touch, nor do two minima: at most one of each lies in 2 x 2 samples of scales 1 and
// 2, and one of each in those of scale 3.
std::int64_t most_extrema(const OctaveShape& shape) {
  const std::int64_t width = shape.width - 2 * kExtremumBorder;
  const std::int64_t height = shape.height - 2 * kExtremumBorder;
  static_assert(kScalesPerOctave == 3);
  return width <= 0 || height <= 0 ? 0 : 4 * ((width + 1) / 2) * ((height + 1) / 2);
}

}  // namespace

FoundExtrema find_extrema(Lane& lane, const ScaleSpaces& spaces,
                          const Planes<std::uint8_t>& masks) {
  assert(static_cast<int>(masks.size()) == spaces.images);
  std::vector<std::int64_t> first;
  std::int64_t total = 0;
  for (int i = 0; i < spaces.images; ++i) {
    first.push_back(total);
    for (int o = 0; o < spaces.octaves; ++o) total += most_extrema(spaces.shape(o, i));
  }
  FoundExtrema found;
  found.first = lane.upload(first);
  found.counts = lane.allocate_zeros<int>(first.size());
  found.extrema = lane.allocate<Extremum>(static_cast<std::size_t>(total));
  for (int o = 0; o < spaces.octaves; ++o) {
    unsigned most = 0;
    for (int i = 0; i < spaces.images; ++i) {
      const OctaveShape& shape = spaces.shape(o, i);
      if (shape.width == 0) continue;
      most = std::max(most, blocks_for(shape.width - 2 * kExtremumBorder, kWidth) *
                                blocks_for(shape.height - 2 * kExtremumBorder, kHeight));
    }
    launch(lane.stream(), {dim3(most, static_cast<unsigned>(spaces.images)), dim3(kThreads)},
           find_in_octaves, spaces.view(), o, masks.view(), found.first.data(), found.counts.data(),
           found.extrema.data());
  }
  return found;
}

}  // namespace pressmark::kernels::cuda
