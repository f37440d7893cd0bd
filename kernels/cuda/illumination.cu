// SPDX-License-Identifier: Apache-2.0
//
// 1. detail = clip((I - m) / (a + .25 A), -3, 3), 0 where masked, m and a the means of I and of
//    |I - m| over cells of 8 x 8 px, blurred by 2.5 cells and interpolated between their centres, A
//    the mean of |I - m| over the image; 0 where A < .05 grey levels. I in grey levels.
// 2. A batch of 8-bit images of any sizes and their masks without row padding; float planes of the
//    same sizes out.
// 3. Grid: pieces of 256 columns of the widest image, rows of cells of the tallest, images along z.
//    A block of 256 threads owns 32 cells side by side, a thread one column of 8 px, eight lanes a
//    cell. One block per image sums up its cells.
// 4. Means of the 3 x 34 cells around a block's, two times: 816 bytes.
// 5. Three passes over image and mask and one over the detail: 10 bytes per pixel. The residue is
//    computed twice rather than kept, which would cost 8. Bound by device memory.
// 6. Counts are integers; sums of a cell in the CPU's order: its bits. A's sum, of floats in double
//    precision, is exact in any order unless cells differ by more than 2^17; then A may differ by
//    1e-16 of itself.
// 7. No paper.
#include "kernels/cuda/illumination.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/block_sum.hpp"
#include "kernels/cuda/gaussian_blur.hpp"
#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

// As in kernels/cpu/illumination.cpp.
constexpr int kCellPx = 8;
constexpr float kMeanSigma = 2.5f;
constexpr double kGlobalShare = 0.25;
constexpr float kClip = 3.0f;
constexpr double kFlat = 0.05;

constexpr int kThreads = 256;
constexpr int kCellsPerBlock = kThreads / kCellPx;
// A block for each image: 16,384 cells at most of 1000 px, so many threads that none has many.
constexpr int kSumThreads = 1024;

// The 8 x 1 px of a cell that a thread owns.
struct Column {
  int x, top, rows;   // rows: of the image
  std::int64_t cell;  // index in a plane of cells

  __device__ Column(const PlaneShape& image, int columns)
      : x(static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x)),
        top(static_cast<int>(blockIdx.y) * kCellPx),
        rows(x < image.width ? std::min(int{kCellPx}, image.height - top) : 0),
        cell(std::int64_t{blockIdx.y} * columns + x / kCellPx) {}

  // Of eight lanes, those of a cell, one speaks for it.
  __device__ bool ends_sum() const { return threadIdx.x % kCellPx == 0 && rows > 0; }
};

// The pixels of a column; negative where masked or outside. All loads are under way at once.
struct Pixels {
  int values[kCellPx];

  __device__ Pixels(const Column& column, int width, const std::uint8_t* d_image,
                    const std::uint8_t* d_mask) {
    const std::int64_t first = std::int64_t{column.top} * width + column.x;
#pragma unroll
    for (int y = 0; y < kCellPx; ++y) {
      values[y] = y < column.rows ? d_image[first + std::int64_t{y} * width] : -1;
    }
    if (d_mask == nullptr) return;
#pragma unroll
    for (int y = 0; y < kCellPx; ++y) {
      const bool masked = y < column.rows && d_mask[first + std::int64_t{y} * width] != 0;
      values[y] = masked ? -1 : values[y];
    }
  }
};

__device__ bool is_outside(const PlaneShape& image) {
  return static_cast<int>(blockIdx.x) * kThreads >= image.width ||
         static_cast<int>(blockIdx.y) * kCellPx >= image.height;
}

// Planes of cells: the sums of all images, then the numbers of unmasked pixels of all images.
__global__ void __launch_bounds__(kThreads)
    sum_cells(PlanesView<const std::uint8_t> images, PlanesView<const std::uint8_t> masks,
              PlanesView<float> cells) {
  const unsigned item = blockIdx.z;
  const PlaneShape image = images.shapes[item];
  if (is_outside(image)) return;
  const PlaneShape sums = cells.shapes[item], weights = cells.shapes[gridDim.z + item];
  const Column column(image, sums.width);
  const Pixels pixels(column, image.width, images.values + image.offset, mask_of(masks, item));
  unsigned sum = 0, weight = 0;
#pragma unroll
  for (int y = 0; y < kCellPx; ++y) {
    if (pixels.values[y] < 0) continue;
    sum += static_cast<unsigned>(pixels.values[y]);
    ++weight;
  }
  for (int lanes = 1; lanes < kCellPx; lanes *= 2) {
    sum += __shfl_xor_sync(kWholeWarp, sum, lanes);
    weight += __shfl_xor_sync(kWholeWarp, weight, lanes);
  }
  if (!column.ends_sum()) return;
  cells.values[sums.offset + column.cell] = static_cast<float>(sum);
  cells.values[weights.offset + column.cell] = static_cast<float>(weight);
}

// Means of the cells around those of a block: of three rows of cells, one more at both ends,
// the outermost ones repeated beyond the borders.
struct CellMeans {
  float values[3][kCellsPerBlock + 2];
};

__device__ void load_means(const PlaneShape& cells, const float* d_sums, const float* d_weights,
                           CellMeans& means) {
  for (int i = static_cast<int>(threadIdx.x); i < 3 * (kCellsPerBlock + 2); i += kThreads) {
    const int row = i / (kCellsPerBlock + 2), column = i - row * (kCellsPerBlock + 2);
    const int y = std::clamp(static_cast<int>(blockIdx.y) + row - 1, 0, cells.height - 1);
    const int x =
        std::clamp(static_cast<int>(blockIdx.x) * kCellsPerBlock + column - 1, 0, cells.width - 1);
    const std::int64_t at = std::int64_t{y} * cells.width + x;
    const float weight = d_weights[at];
    means.values[row][column] = weight > 1e-3f ? d_sums[at] / weight : 0.0f;
  }
}

// Bilinear interpolation of the cells' means in a thread's column: along y, then along x.
class ColumnInterpolator {
 public:
  __device__ explicit ColumnInterpolator(const CellMeans& means) {
    // Half a cell on the left of the column, cells[0] being the one before the block's first.
    const unsigned from_centre = threadIdx.x + kCellPx / 2, left = from_centre / kCellPx;
    share_ = (static_cast<float>(from_centre % kCellPx) + 0.5f) / kCellPx;
    for (int row = 0; row < 3; ++row) {
      left_[row] = means.values[row][left];
      right_[row] = means.values[row][left + 1];
    }
  }

  // y: row of the cell's, 0 .. 7.
  __device__ float at(int y) const {
    const bool upper = y < kCellPx / 2;
    const float share =
        (static_cast<float>(upper ? y + kCellPx / 2 : y - kCellPx / 2) + 0.5f) / kCellPx;
    const float left_low = upper ? left_[0] : left_[1], left_high = upper ? left_[1] : left_[2];
    const float right_low = upper ? right_[0] : right_[1],
                right_high = upper ? right_[1] : right_[2];
    const float left = left_low + share * (left_high - left_low);
    const float right = right_low + share * (right_high - right_low);
    return left + share_ * (right - left);
  }

 private:
  float share_, left_[3], right_[3];
};

// amplitudes: sum over each cell of |I - m|.
__global__ void __launch_bounds__(kThreads)
    sum_amplitudes(PlanesView<const std::uint8_t> images, PlanesView<const std::uint8_t> masks,
                   PlanesView<const float> blurred, PlanesView<float> amplitudes) {
  const unsigned item = blockIdx.z;
  const PlaneShape image = images.shapes[item];
  if (is_outside(image)) return;
  const PlaneShape cells = amplitudes.shapes[item];
  struct Level {
    CellMeans means;
  };
  Level& level = shared_memory<Level>();
  load_means(cells, blurred.values + blurred.shapes[item].offset,
             blurred.values + blurred.shapes[gridDim.z + item].offset, level.means);
  __syncthreads();
  const ColumnInterpolator mean(level.means);
  const Column column(image, cells.width);
  const Pixels pixels(column, image.width, images.values + image.offset, mask_of(masks, item));
  float size = 0;
#pragma unroll
  for (int y = 0; y < kCellPx; ++y) {
    const float rest = static_cast<float>(pixels.values[y]) - mean.at(y);
    size += pixels.values[y] < 0 ? 0.0f : fabsf(rest);
  }
  // One column after the other, as on the CPU.
  float sum = size;
  for (unsigned other = 1; other < kCellPx; ++other) {
    sum += __shfl_down_sync(kWholeWarp, size, other, kCellPx);
  }
  if (column.ends_sum()) amplitudes.values[cells.offset + column.cell] = sum;
}

// floors[i]: .25 A of image i; negative where the image holds nothing.
__global__ void __launch_bounds__(kSumThreads)
    find_floors(PlanesView<const float> amplitudes, PlanesView<const float> cells,
                float* d_floors) {
  const unsigned item = blockIdx.x;
  const PlaneShape shape = amplitudes.shapes[item];
  const float* d_amplitudes = amplitudes.values + shape.offset;
  const float* d_weights = cells.values + cells.shapes[gridDim.x + item].offset;
  const int size = shape.width * shape.height;
  double total = 0, count = 0;
  for (int i = static_cast<int>(threadIdx.x); i < size; i += kSumThreads) {
    total += static_cast<double>(d_amplitudes[i]);
    count += static_cast<double>(d_weights[i]);
  }
  total = block_sum<kSumThreads>(total);
  count = block_sum<kSumThreads>(count);
  if (threadIdx.x > 0) return;
  const double global = count > 0 ? total / count : 0;
  d_floors[item] = global < kFlat ? -1.0f : static_cast<float>(kGlobalShare * global);
}

// blurred: as for sum_amplitudes; spreads: the blurred amplitudes.
__global__ void __launch_bounds__(kThreads)
    divide_and_clip(PlanesView<const std::uint8_t> images, PlanesView<const std::uint8_t> masks,
                    PlanesView<const float> blurred, PlanesView<const float> spreads,
                    const float* d_floors, PlanesView<float> details) {
  const unsigned item = blockIdx.z;
  const PlaneShape image = images.shapes[item];
  if (is_outside(image)) return;
  const PlaneShape cells = spreads.shapes[item];
  const float* d_weights = blurred.values + blurred.shapes[gridDim.z + item].offset;
  struct LevelAndSpread {
    CellMeans level, spread;
  };
  LevelAndSpread& means = shared_memory<LevelAndSpread>();
  load_means(cells, blurred.values + blurred.shapes[item].offset, d_weights, means.level);
  load_means(cells, spreads.values + cells.offset, d_weights, means.spread);
  __syncthreads();
  const ColumnInterpolator mean(means.level), spread(means.spread);
  const Column column(image, cells.width);
  const Pixels pixels(column, image.width, images.values + image.offset, mask_of(masks, item));
  float* d_detail = details.values + details.shapes[item].offset;
  const float floor = d_floors[item];
#pragma unroll
  for (int y = 0; y < kCellPx; ++y) {
    if (y >= column.rows) break;
    const float rest = static_cast<float>(pixels.values[y]) - mean.at(y);
    const float detail = rest / (spread.at(y) + floor);
    const bool holds = floor >= 0 && pixels.values[y] >= 0;
    d_detail[std::int64_t{column.top + y} * image.width + column.x] =
        holds ? fminf(fmaxf(detail, -kClip), kClip) : 0.0f;
  }
}

}  // namespace

Planes<float> flatten_illumination(Lane& lane, const Planes<std::uint8_t>& images,
                                   const Planes<std::uint8_t>& masks) {
  assert(masks.size() == images.size());
  std::vector<std::pair<int, int>> sizes, cell_sizes;
  for (const PlaneShape& shape : images.shapes) {
    sizes.emplace_back(shape.width, shape.height);
    cell_sizes.emplace_back(blocks_for(shape.width, kCellPx), blocks_for(shape.height, kCellPx));
  }
  Planes<float> details = allocate_planes<float>(lane, sizes);
  Planes<float> amplitudes = allocate_planes<float>(lane, cell_sizes);
  std::vector<std::pair<int, int>> both_sizes = cell_sizes;
  both_sizes.insert(both_sizes.end(), cell_sizes.begin(), cell_sizes.end());
  Planes<float> cells = allocate_planes<float>(lane, both_sizes);
  DeviceBuffer<float> floors = lane.allocate<float>(images.size());

  const LaunchShape over_images{plane_tiles(images.shapes, kThreads, kCellPx), dim3(kThreads)};
  launch(lane.stream(), over_images, sum_cells, images.view(), masks.view(), cells.view());
  const Planes<float> blurred = gaussian_blur(lane, cells, kMeanSigma);
  launch(lane.stream(), over_images, sum_amplitudes, images.view(), masks.view(), blurred.view(),
         amplitudes.view());
  launch(lane.stream(), {dim3(static_cast<unsigned>(images.size())), dim3(kSumThreads)},
         find_floors, std::as_const(amplitudes).view(), std::as_const(cells).view(), floors.data());
  const Planes<float> spreads = gaussian_blur(lane, amplitudes, kMeanSigma);
  launch(lane.stream(), over_images, divide_and_clip, images.view(), masks.view(), blurred.view(),
         spreads.view(), floors.data(), details.view());
  return details;
}

}  // namespace pressmark::kernels::cuda
