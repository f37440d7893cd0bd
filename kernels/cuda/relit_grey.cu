// SPDX-License-Identifier: Apache-2.0
//
// 1. grey = 128 + 20 J / (1.48 median |J|), rounded and clamped to 0 .. 255; 128 where masked. The
//    median is that of every other row.
// 2. A batch of float planes of any sizes and their masks without row padding; 8-bit images of the
//    same sizes out.
// 3. A thread owns an eighth of a row for the mean, as a lane of the CPU's vectors does; one column
//    of 16 rows for the median and of 8 for the grey levels; blocks have 256. Planes along y or z.
// 4. The histogram: 4 kB.
// 5. J and its mask are read twice and the image is written: 11 bytes per pixel. Device memory
//    bounds it.
// 6. Sums of rows in the CPU's order: its bits. The mean of these floats, in double precision, is
//    exact in any order unless rows differ by more than 2^17; then it may differ by 1e-16.
// 7. No paper; kernels/cpu/relight.cpp.
#include "kernels/cuda/relit_grey.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/absolute_median.hpp"
#include "kernels/cuda/block_sum.hpp"
#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr float kGreyPerSpread = 20.0f;  // as in kernels/cpu/relight.cpp

constexpr int kThreads = 256;
constexpr int kLanes = 8;  // of the CPU's vectors: a sum of each row in every one
constexpr int kSumRows = kThreads / kLanes;
// Half the rows are enough for the spread. So many of them that a block's histogram holds more than
// it costs to add up.
constexpr int kMedianRows = 16;
constexpr int kGreyRows = 8;

struct RowSum {
  double size;
  std::int64_t count;
};

// sums: of |J| and of the unmasked pixels of every other row, `rows` per image.
__global__ void __launch_bounds__(kThreads)
    add_sizes(PlanesView<const float> values, PlanesView<const std::uint8_t> masks, int rows,
              RowSum* d_sums) {
  const unsigned item = blockIdx.y;
  const PlaneShape plane = values.shapes[item];
  const int row = static_cast<int>(blockIdx.x) * kSumRows + static_cast<int>(threadIdx.x) / kLanes;
  const int y = 2 * row;
  float sum = 0;
  int count = 0;
  if (y < plane.height) {
    const std::int64_t first = std::int64_t{y} * plane.width;
    const float* d_row = values.values + plane.offset + first;
    const std::uint8_t* d_mask = mask_of(masks, item);
#pragma unroll 8
    for (int x = static_cast<int>(threadIdx.x) % kLanes; x < plane.width; x += kLanes) {
      const bool keep = !is_masked(d_mask, first + x);
      sum += keep ? fabsf(d_row[x]) : 0.0f;
      count += keep ? 1 : 0;
    }
  }
  RowSum total{static_cast<double>(sum), count};
  for (unsigned lane = 1; lane < kLanes; ++lane) {
    total.size += static_cast<double>(__shfl_down_sync(kWholeWarp, sum, lane, kLanes));
    total.count += __shfl_down_sync(kWholeWarp, count, lane, kLanes);
  }
  if (y < plane.height && threadIdx.x % kLanes == 0) {
    d_sums[std::int64_t{item} * rows + row] = total;
  }
}

// scales[i]: of the median of image i; 0 where it holds nothing.
__global__ void __launch_bounds__(kThreads)
    find_scales(PlanesView<const float> values, int rows, const RowSum* d_sums, float* d_scales) {
  const int count = (values.shapes[blockIdx.x].height + 1) / 2;
  double size = 0, pixels = 0;
  for (int row = static_cast<int>(threadIdx.x); row < count; row += kThreads) {
    const RowSum sum = d_sums[std::int64_t{blockIdx.x} * rows + row];
    size += sum.size;
    pixels += static_cast<double>(sum.count);
  }
  size = block_sum<kThreads>(size);
  pixels = block_sum<kThreads>(pixels);
  if (threadIdx.x > 0) return;
  const double mean = pixels > 0 ? size / pixels : 0;
  d_scales[blockIdx.x] = mean > 1e-6 ? median_scale(mean) : 0.0f;
}

__global__ void __launch_bounds__(kThreads)
    count_sizes(PlanesView<const float> values, PlanesView<const std::uint8_t> masks,
                const float* d_scales, unsigned* d_histograms) {
  const unsigned item = blockIdx.z;
  const PlaneShape plane = values.shapes[item];
  const int x = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  const int first = static_cast<int>(blockIdx.y) * 2 * kMedianRows;
  if (static_cast<int>(blockIdx.x) * kThreads >= plane.width || first >= plane.height) return;
  MedianHistogram& histogram = shared_memory<MedianHistogram>();
  histogram.clear();
  if (x < plane.width) {
    const float scale = d_scales[item];
    const float* d_values = values.values + plane.offset;
    const std::uint8_t* d_mask = mask_of(masks, item);
    const int last = std::min(first + 2 * kMedianRows, plane.height);
#pragma unroll 4
    for (int y = first; y < last; y += 2) {
      const std::int64_t i = std::int64_t{y} * plane.width + x;
      const float value = d_values[i];
      if (!is_masked(d_mask, i)) histogram.count(value, scale);
    }
  }
  histogram.add_to(d_histograms + std::size_t{item} * kMedianBins);
}

__global__ void __launch_bounds__(kThreads)
    to_grey(PlanesView<const float> values, PlanesView<const std::uint8_t> masks,
            const float* d_scales, const float* d_medians, PlanesView<std::uint8_t> relit) {
  const unsigned item = blockIdx.z;
  const PlaneShape plane = values.shapes[item];
  const int x = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (x >= plane.width) return;
  const bool holds_something = d_scales[item] > 0;
  const float scale = kGreyPerSpread / (1.48f * d_medians[item]);
  const float* d_values = values.values + plane.offset;
  const std::uint8_t* d_mask = mask_of(masks, item);
  std::uint8_t* const d_relit = relit.values + relit.shapes[item].offset;
  const int top = static_cast<int>(blockIdx.y) * kGreyRows;
#pragma unroll
  for (int row = 0; row < kGreyRows; ++row) {
    if (top + row >= plane.height) break;
    const std::int64_t i = std::int64_t{top + row} * plane.width + x;
    const float value = fminf(fmaxf(128.5f + scale * d_values[i], 0.0f), 255.0f);
    const bool shown = holds_something && !is_masked(d_mask, i);
    d_relit[i] = static_cast<std::uint8_t>(shown ? static_cast<int>(value) : 128);
  }
}

}  // namespace

Planes<std::uint8_t> show_values(Lane& lane, const Planes<float>& values,
                                 const Planes<std::uint8_t>& masks) {
  assert(masks.size() == values.size());
  std::vector<std::pair<int, int>> sizes;
  int rows = 0;
  for (const PlaneShape& shape : values.shapes) {
    sizes.emplace_back(shape.width, shape.height);
    rows = std::max(rows, (shape.height + 1) / 2);
  }
  Planes<std::uint8_t> relit = allocate_planes<std::uint8_t>(lane, sizes);
  DeviceBuffer<RowSum> sums = lane.allocate<RowSum>(values.size() * static_cast<std::size_t>(rows));
  DeviceBuffer<float> scales = lane.allocate<float>(values.size());
  DeviceBuffer<unsigned> histograms = lane.allocate_zeros<unsigned>(values.size() * kMedianBins);

  const auto count = static_cast<unsigned>(values.size());
  const dim3 threads(kThreads);
  launch(lane.stream(), {dim3(blocks_for(rows, kSumRows), count), threads}, add_sizes,
         values.view(), masks.view(), rows, sums.data());
  launch(lane.stream(), {dim3(count), threads}, find_scales, values.view(), rows, sums.data(),
         scales.data());
  launch(lane.stream(), {plane_tiles(values.shapes, kThreads, 2 * kMedianRows), threads},
         count_sizes, values.view(), masks.view(), scales.data(), histograms.data());
  const DeviceBuffer<float> medians = find_absolute_medians(lane, histograms, scales);
  launch(lane.stream(), {plane_tiles(values.shapes, kThreads, kGreyRows), threads}, to_grey,
         values.view(), masks.view(), scales.data(), medians.data(), relit.view());
  return relit;
}

}  // namespace pressmark::kernels::cuda
