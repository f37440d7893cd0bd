// SPDX-License-Identifier: Apache-2.0
//
// 1. Structure tensors (gx^2 - gy^2, 2 gx gy, gx^2 + gy^2) of the detail blurred by 1.5 px, damped
//    to 9 medians of their size, summed over cells of 16 x 16 px; azimuth = half the angle of the
//    cells' mean, each over its energy, times count (1 - coherence)^2 exp(-d^2 / 2), d its distance
//    from the centre in fifths of the long side. Radians.
// 2. A batch of float planes of any sizes and their masks without row padding; one light each.
// 3. Grid: pieces of 256 columns of the widest plane, rows of cells of the tallest, planes along z.
//    A block of 256 threads owns 16 cells side by side, a thread one column of 16 px. One block per
//    plane sums up its cells.
// 4. Sums of 256 columns, three at most: 3 kB; for medians the histogram: 4 kB.
// 5. The blurred plane and the mask are read two and a half times: 12 bytes per pixel, beside the
//    blur's 8; gradients are computed again rather than kept. Device memory bounds it.
// 6. Sums of a cell in the CPU's order: its bits. Those over cells are in double precision in a
//    fixed order of their own; together with exp and atan2 by series that changes the azimuth by
//    about 1e-15, so that it is the CPU's after rounding but in one of 10^7 images. Cosine and sine
//    are rounded correctly, the C library's are not always: they differ by one unit in the last
//    place for one image of a hundred.
// 7. No paper; kernels/cpu/light.cpp.
#include "kernels/cuda/light.hpp"

#include <algorithm>
#include <cassert>
#include <numbers>

#include "kernels/cuda/absolute_median.hpp"
#include "kernels/cuda/block_sum.hpp"
#include "kernels/cuda/gaussian_blur.hpp"
#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/math/elementary.hpp"

namespace pressmark::kernels::cuda {
namespace {

// As in kernels/cpu/light.cpp.
constexpr float kGradientSigma = 1.5f;
constexpr float kDamping = 3.0f;
constexpr int kCellPx = 16;
constexpr double kCentreSigma = 0.2;
constexpr float kSureCoherence = 0.1f;

constexpr int kThreads = 256;
constexpr int kCellsPerBlock = kThreads / kCellPx;
// Every other row is enough for a median. So many of them that a block's histogram holds more than
// it costs to add up.
constexpr int kMedianRows = 16;

struct CellTensor {
  double difference, cross, energy, count;
};

// A plane's values around a thread's pixel, going down a column that has neighbours on both sides.
class GradientColumn {
 public:
  // y: the first pixel's row, 1 at least.
  __device__ GradientColumn(const float* d_plane, int width, int x, int y)
      : d_next_(d_plane + std::int64_t{y} * width + x),
        width_(width),
        above_(d_next_[-width]),
        here_(d_next_[0]) {}

  __device__ float2 next() {
    const float below = d_next_[width_];
    const float2 gradient{d_next_[1] - d_next_[-1], below - above_};
    above_ = here_;
    here_ = below;
    d_next_ += width_;
    return gradient;
  }

 private:
  const float* d_next_;
  int width_;
  float above_, here_;
};

__device__ __forceinline__ float squared(float2 gradient) {
  return gradient.x * gradient.x + gradient.y * gradient.y;
}

// The pixels with a gradient in the part of a column that a thread owns.
struct CellColumn {
  int x, first, last;  // last: beyond; no rows where the column has no neighbours
  std::int64_t offset;

  __device__ explicit CellColumn(const PlaneShape& plane)
      : x(static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x)),
        first(std::max(static_cast<int>(blockIdx.y) * kCellPx, 1)),
        last(x > 0 && x + 1 < plane.width
                 ? std::min(static_cast<int>(blockIdx.y + 1) * kCellPx, plane.height - 1)
                 : first),
        offset(std::int64_t{first} * plane.width + x) {}
};

__device__ bool is_outside(const PlaneShape& plane, int rows) {
  return static_cast<int>(blockIdx.x) * kThreads >= plane.width ||
         static_cast<int>(blockIdx.y) * rows >= plane.height;
}

// Sums of a thread's column, to be added up by cells.
template <int kSums>
struct ColumnSums {
  float values[kSums][kThreads];

  // In threads 0 .. 16 kSums - 1: the sum of number thread / 16 in cell thread % 16 of the block,
  // column by column as on the CPU.
  __device__ double of_cell() const {
    const float* from =
        values[threadIdx.x / kCellsPerBlock] + threadIdx.x % kCellsPerBlock * kCellPx;
    double sum = 0;
    for (int column = 0; column < kCellPx; ++column) sum += static_cast<double>(from[column]);
    return sum;
  }
};

// The cell of a thread of which ColumnSums speaks; null beyond the plane.
__device__ CellTensor* cell_of_sum(const PlanesView<CellTensor>& cells, unsigned item) {
  const PlaneShape shape = cells.shapes[item];
  const int column = static_cast<int>(blockIdx.x * kCellsPerBlock + threadIdx.x % kCellsPerBlock);
  if (column >= shape.width) return nullptr;
  return cells.values + shape.offset + std::int64_t{blockIdx.y} * shape.width + column;
}

// count, and energy before damping, of each cell.
__global__ void __launch_bounds__(kThreads)
    sum_energies(PlanesView<const float> smooth, PlanesView<const std::uint8_t> masks,
                 PlanesView<CellTensor> cells) {
  const unsigned item = blockIdx.z;
  const PlaneShape plane = smooth.shapes[item];
  if (is_outside(plane, kCellPx)) return;
  ColumnSums<2>& sums = shared_memory<ColumnSums<2>>();
  const CellColumn column(plane);
  float energy = 0, count = 0;
  if (column.first < column.last) {
    const std::uint8_t* d_mask = mask_of(masks, item);
    GradientColumn gradients(smooth.values + plane.offset, plane.width, column.x, column.first);
    std::int64_t i = column.offset;
#pragma unroll 4
    for (int y = column.first; y < column.last; ++y, i += plane.width) {
      const float size = squared(gradients.next());
      const bool keep = !is_masked(d_mask, i);
      energy += keep ? size : 0.0f;
      count += keep ? 1.0f : 0.0f;
    }
  }
  sums.values[0][threadIdx.x] = energy;
  sums.values[1][threadIdx.x] = count;
  __syncthreads();
  if (threadIdx.x >= 2 * kCellsPerBlock) return;
  CellTensor* const cell = cell_of_sum(cells, item);
  if (cell == nullptr) return;
  (threadIdx.x < kCellsPerBlock ? cell->energy : cell->count) = sums.of_cell();
}

// scales[i]: of the median of plane i; 0 where it holds nothing.
__global__ void __launch_bounds__(kThreads)
    find_scales(PlanesView<const CellTensor> cells, float* d_scales) {
  const PlaneShape shape = cells.shapes[blockIdx.x];
  const CellTensor* d_cells = cells.values + shape.offset;
  const int size = shape.width * shape.height;
  double energy = 0, count = 0;
  for (int i = static_cast<int>(threadIdx.x); i < size; i += kThreads) {
    energy += d_cells[i].energy;
    count += d_cells[i].count;
  }
  energy = block_sum<kThreads>(energy);
  count = block_sum<kThreads>(count);
  if (threadIdx.x == 0) d_scales[blockIdx.x] = energy > 0 ? median_scale(energy / count) : 0.0f;
}

// Of every other row's squared gradients.
__global__ void __launch_bounds__(kThreads)
    count_gradients(PlanesView<const float> smooth, PlanesView<const std::uint8_t> masks,
                    const float* d_scales, unsigned* d_histograms) {
  const unsigned item = blockIdx.z;
  const PlaneShape plane = smooth.shapes[item];
  if (is_outside(plane, 2 * kMedianRows)) return;
  MedianHistogram& histogram = shared_memory<MedianHistogram>();
  histogram.clear();
  const int x = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  const int first = static_cast<int>(blockIdx.y) * 2 * kMedianRows + 1;
  if (x > 0 && x + 1 < plane.width) {
    const float scale = d_scales[item];
    const std::uint8_t* d_mask = mask_of(masks, item);
    const float* d_plane = smooth.values + plane.offset;
    const int last = std::min(first + 2 * kMedianRows, plane.height - 1);
#pragma unroll 4
    for (int y = first; y < last; y += 2) {
      const std::int64_t i = std::int64_t{y} * plane.width + x;
      const float2 gradient{d_plane[i + 1] - d_plane[i - 1],
                            d_plane[i + plane.width] - d_plane[i - plane.width]};
      if (!is_masked(d_mask, i)) histogram.count(squared(gradient), scale);
    }
  }
  histogram.add_to(d_histograms + std::size_t{item} * kMedianBins);
}

// difference, cross and energy of each cell, damped.
__global__ void __launch_bounds__(kThreads)
    sum_tensors(PlanesView<const float> smooth, PlanesView<const std::uint8_t> masks,
                const float* d_medians, PlanesView<CellTensor> cells) {
  const unsigned item = blockIdx.z;
  const PlaneShape plane = smooth.shapes[item];
  if (is_outside(plane, kCellPx)) return;
  ColumnSums<3>& sums = shared_memory<ColumnSums<3>>();
  const CellColumn column(plane);
  float difference = 0, cross = 0, energy = 0;
  if (column.first < column.last) {
    const float limit = kDamping * kDamping * d_medians[item];
    const std::uint8_t* d_mask = mask_of(masks, item);
    GradientColumn gradients(smooth.values + plane.offset, plane.width, column.x, column.first);
    std::int64_t i = column.offset;
#pragma unroll 4
    for (int y = column.first; y < column.last; ++y, i += plane.width) {
      const float2 gradient = gradients.next();
      const float size = squared(gradient);
      float weight = size > limit ? limit / size : 1.0f;
      if (!(size > 0) || is_masked(d_mask, i)) weight = 0;
      difference += weight * (gradient.x * gradient.x - gradient.y * gradient.y);
      cross += weight * (2.0f * (gradient.x * gradient.y));
      energy += weight * size;
    }
  }
  sums.values[0][threadIdx.x] = difference;
  sums.values[1][threadIdx.x] = cross;
  sums.values[2][threadIdx.x] = energy;
  __syncthreads();
  if (threadIdx.x >= 3 * kCellsPerBlock) return;
  CellTensor* const cell = cell_of_sum(cells, item);
  if (cell == nullptr) return;
  const unsigned which = threadIdx.x / kCellsPerBlock;
  (which == 0 ? cell->difference : which == 1 ? cell->cross : cell->energy) = sums.of_cell();
}

__device__ DirectedLight light_from(double difference, double cross, double total) {
  DirectedLight result{{0, 0, false}, 1, 0};
  if (!(total > 0)) return result;
  constexpr auto kPi = std::numbers::pi_v<float>;
  double azimuth = 0.5 * angle_of(cross, difference);
  if (azimuth < 0) azimuth += std::numbers::pi;
  result.light.azimuth_rad = static_cast<float>(azimuth);
  if (result.light.azimuth_rad >= kPi) result.light.azimuth_rad = 0;
  result.light.coherence =
      static_cast<float>(sqrt(difference * difference + cross * cross) / total);
  result.light.sure = result.light.coherence >= kSureCoherence;
  const SineCosine direction = sine_cosine(static_cast<double>(result.light.azimuth_rad));
  result.cosine = static_cast<float>(direction.cosine);
  result.sine = static_cast<float>(direction.sine);
  return result;
}

__global__ void __launch_bounds__(kThreads)
    vote(PlanesView<const float> smooth, PlanesView<const CellTensor> cells, const float* d_scales,
         DirectedLight* d_lights) {
  const PlaneShape plane = smooth.shapes[blockIdx.x], shape = cells.shapes[blockIdx.x];
  const CellTensor* d_cells = cells.values + shape.offset;
  const bool holds_something = d_scales[blockIdx.x] > 0;
  const int size = holds_something ? shape.width * shape.height : 0;
  const double side = kCentreSigma * std::max(plane.width, plane.height);
  double difference = 0, cross = 0, total = 0;
  for (int i = static_cast<int>(threadIdx.x); i < size; i += kThreads) {
    const CellTensor cell = d_cells[i];
    if (!(cell.energy > 1e-6 * cell.count)) continue;
    const double along = sqrt(cell.difference * cell.difference + cell.cross * cell.cross);
    const double isotropy = fmax(0.0, 1 - along / cell.energy);
    const int row = i / shape.width, column = i - row * shape.width;
    const double x = ((column + 0.5) * kCellPx - 0.5 * plane.width) / side;
    const double y = ((row + 0.5) * kCellPx - 0.5 * plane.height) / side;
    const double trust = cell.count * isotropy * isotropy * exponential(-0.5 * (x * x + y * y));
    difference += trust * cell.difference / cell.energy;
    cross += trust * cell.cross / cell.energy;
    total += trust;
  }
  difference = block_sum<kThreads>(difference);
  cross = block_sum<kThreads>(cross);
  total = block_sum<kThreads>(total);
  if (threadIdx.x == 0) d_lights[blockIdx.x] = light_from(difference, cross, total);
}

}  // namespace

DeviceBuffer<DirectedLight> find_lights(Lane& lane, const Planes<float>& details,
                                        const Planes<std::uint8_t>& masks) {
  assert(masks.size() == details.size());
  std::vector<std::pair<int, int>> sizes;
  for (const PlaneShape& shape : details.shapes) {
    sizes.emplace_back(blocks_for(shape.width, kCellPx), blocks_for(shape.height, kCellPx));
  }
  Planes<CellTensor> cells = allocate_planes<CellTensor>(lane, sizes);
  const Planes<float> smooth = gaussian_blur(lane, details, kGradientSigma);
  DeviceBuffer<float> scales = lane.allocate<float>(details.size());
  DeviceBuffer<unsigned> histograms = lane.allocate_zeros<unsigned>(details.size() * kMedianBins);
  DeviceBuffer<DirectedLight> lights = lane.allocate<DirectedLight>(details.size());

  const dim3 threads(kThreads), per_plane(static_cast<unsigned>(details.size()));
  const dim3 over_cells = plane_tiles(details.shapes, kThreads, kCellPx);
  launch(lane.stream(), {over_cells, threads}, sum_energies, smooth.view(), masks.view(),
         cells.view());
  launch(lane.stream(), {per_plane, threads}, find_scales, std::as_const(cells).view(),
         scales.data());
  launch(lane.stream(), {plane_tiles(details.shapes, kThreads, 2 * kMedianRows), threads},
         count_gradients, smooth.view(), masks.view(), scales.data(), histograms.data());
  const DeviceBuffer<float> medians = find_absolute_medians(lane, histograms, scales);
  launch(lane.stream(), {over_cells, threads}, sum_tensors, smooth.view(), masks.view(),
         medians.data(), cells.view());
  launch(lane.stream(), {per_plane, threads}, vote, smooth.view(), std::as_const(cells).view(),
         scales.data(), lights.data());
  return lights;
}

}  // namespace pressmark::kernels::cuda
