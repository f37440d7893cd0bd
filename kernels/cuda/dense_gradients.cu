// SPDX-License-Identifier: Apache-2.0
//
// 1. Sum over the pixels of each cell and over both scales of w u: u = g^2 / |g|^2 the doubled
// angle
//    of the gradient g (differences of neighbours) as a complex number of unit length, w = |g|^2 /
//    (|g|^2 + b(u)), b the photo's background, fitted to all its gradients of the scale
//    (kernels/math/dense_code.hpp).
// 2. Planes as BlurredShape says, masks of the images' sizes without padding; 64 x 64 float2 for
//    each image.
// 3. sum_background: a block of 256 threads owns 32 rows of one image at one scale, eight
// neighbours
//    a row, of which each goes through every eighth pixel, like the CPU's lanes. fit: a warp owns
//    an image at one scale. sum_cells: a block of 128 threads owns eight cells side by side, a
//    thread every 128th column of theirs.
// 4. Sums of warps, 512 bytes; sums of columns, 8 bytes for each of the widest image's eight cells.
// 5. Both passes read 4 bytes per pixel and scale (each three times through the first cache) and
// the
//    mask; 30 operations and a division. Bound by device memory and the first cache.
// 6. Sums of floats in the CPU's order: its bits. Sums of doubles over rows in another one, which
//    matters to one rounding to float in about 2^25.
// 7. No paper; kernels/cpu/dense_code.cpp.
#include "kernels/cuda/dense_gradients.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_code;

// As many as the CPU sums up by themselves in a row.
constexpr int kLanes = 8;
constexpr int kRowThreads = 256, kRowsPerBlock = kRowThreads / kLanes, kWarps = kRowThreads / 32;
constexpr int kQuantities = 8;

constexpr int kCellThreads = 128;
constexpr int kCellsPerBlock = 8;

struct Gradient {
  float ur, ui, energy;
  bool present;
};

// Of differences to both sides: dx, dy.
__device__ __forceinline__ Gradient gradient_of(float dx, float dy) {
  const float xx = dx * dx, yy = dy * dy, energy = xx + yy;
  const float inverse = 1.0f / energy;
  return {(xx - yy) * inverse, 2.0f * dx * dy * inverse, energy, energy > kTiny};
}

struct WarpSums {
  double values[kWarps][kQuantities];
};

// d_sums: by image, scale, block of rows.
__global__ void __launch_bounds__(kRowThreads)
    sum_background(BlurredView images, PlanesView<const std::uint8_t> masks, double* d_sums) {
  WarpSums& shared = shared_memory<WarpSums>();
  const BlurredShape shape = images.shapes[blockIdx.z];
  const auto thread = static_cast<int>(threadIdx.x);
  const int y = static_cast<int>(blockIdx.x) * kRowsPerBlock + thread / kLanes + 1;
  float sums[kQuantities] = {};
  if (y + 1 < shape.height) {
    const float* row =
        images.values + shape.offset + (std::int64_t{blockIdx.y} * shape.height + y) * shape.stride;
    const std::uint8_t* mask = mask_of(masks, blockIdx.z);
    if (mask != nullptr) mask += std::int64_t{y} * shape.width;
    // The columns at both ends count as masked.
    const int first = thread % kLanes;
#pragma unroll 4
    for (int x = first == 0 ? kLanes : first; x + 1 < shape.width; x += kLanes) {
      const float dx = row[x + 1] - row[x - 1];
      const float dy = row[x + shape.stride] - row[x - shape.stride];
      const Gradient at = gradient_of(dx, dy);
      if (!at.present || is_masked(mask, x)) continue;
      sums[0] += 1.0f;
      sums[1] += at.ur;
      sums[2] += at.ui;
      sums[3] += at.ur * at.ur;
      sums[4] += at.ur * at.ui;
      sums[5] += at.energy;
      sums[6] += at.energy * at.ur;
      sums[7] += at.energy * at.ui;
    }
  }
  for (int quantity = 0; quantity < kQuantities; ++quantity) {
    auto sum = static_cast<double>(sums[quantity]);
    for (int lanes = 1; lanes < 32; lanes *= 2) sum += __shfl_xor_sync(kWholeWarp, sum, lanes);
    if (thread % 32 == 0) shared.values[thread / 32][quantity] = sum;
  }
  __syncthreads();
  if (thread >= kQuantities) return;
  double sum = 0;
  for (int warp = 0; warp < kWarps; ++warp) sum += shared.values[warp][thread];
  const std::int64_t block =
      (std::int64_t{blockIdx.z} * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  d_sums[block * kQuantities + thread] = sum;
}

// blocks: of rows, for each image and scale; a lane for each of them in turn.
__global__ void __launch_bounds__(32)
    fit(const double* d_sums, int blocks, BackgroundEnergy* d_backgrounds) {
  const double* from = d_sums + std::int64_t{blockIdx.x} * blocks * kQuantities;
  double totals[kQuantities] = {};
  for (int block = static_cast<int>(threadIdx.x); block < blocks; block += 32) {
    for (int quantity = 0; quantity < kQuantities; ++quantity) {
      totals[quantity] += from[block * kQuantities + quantity];
    }
  }
  for (double& total : totals) {
    for (int lanes = 1; lanes < 32; lanes *= 2) total += __shfl_xor_sync(kWholeWarp, total, lanes);
  }
  if (threadIdx.x != 0) return;
  d_backgrounds[blockIdx.x] = fit_background(
      {totals[0], totals[1], totals[2], totals[3], totals[4], totals[5], totals[6], totals[7]});
}

// d_fields: images x kDenseSide x kDenseSide.
__global__ void __launch_bounds__(kCellThreads)
    sum_cells(BlurredView images, PlanesView<const std::uint8_t> masks,
              const BackgroundEnergy* d_backgrounds, float2* d_fields) {
  float2* const columns = dynamic_shared_memory<float2>();
  const BlurredShape shape = images.shapes[blockIdx.z];
  const auto thread = static_cast<int>(threadIdx.x);
  const int frame = std::max(shape.width, shape.height);
  const int before_x = pixels_before(shape.width, frame);
  const int before_y = pixels_before(shape.height, frame);
  const auto cell_row = static_cast<int>(blockIdx.y);
  const auto first_cell = static_cast<int>(blockIdx.x) * kCellsPerBlock;
  const int left = std::clamp(first_pixel(first_cell, frame) - before_x, 0, shape.width);
  const int right =
      std::clamp(first_pixel(first_cell + kCellsPerBlock, frame) - before_x, 0, shape.width);
  const int top = std::max(first_pixel(cell_row, frame) - before_y, 1);
  const int bottom = std::min(first_pixel(cell_row + 1, frame) - before_y, shape.height - 1);
  const std::uint8_t* mask = mask_of(masks, blockIdx.z);

  // Of the cell that this thread sums up in the end.
  const int first = std::clamp(first_pixel(first_cell + thread, frame) - before_x, left, right);
  const int last = std::clamp(first_pixel(first_cell + thread + 1, frame) - before_x, left, right);
  float2 cell = make_float2(0, 0);
  for (int scale = 0; scale < kDenseScales; ++scale) {
    const BackgroundEnergy background =
        d_backgrounds[blockIdx.z * static_cast<unsigned>(kDenseScales) +
                      static_cast<unsigned>(scale)];
    const float* plane =
        images.values + shape.offset + std::int64_t{scale} * shape.height * shape.stride;
    for (int x = left + thread; x < right; x += kCellThreads) {
      float real = 0, imaginary = 0;
      if (x >= 1 && x + 1 < shape.width && top < bottom) {
        const float* at = plane + std::int64_t{top} * shape.stride + x;
        float above = at[-shape.stride], here = at[0];
        for (int y = top; y < bottom; ++y, at += shape.stride) {
          const float below = at[shape.stride];
          const Gradient gradient = gradient_of(at[1] - at[-1], below - above);
          above = here;
          here = below;
          if (!gradient.present || is_masked(mask, std::int64_t{y} * shape.width + x)) continue;
          const float slope = background.constant + background.along_r * gradient.ur +
                              background.along_i * gradient.ui;
          const float weight = gradient.energy / (gradient.energy + fmaxf(background.least, slope));
          real += weight * gradient.ur;
          imaginary += weight * gradient.ui;
        }
      }
      columns[x - left] = make_float2(real, imaginary);
    }
    __syncthreads();
    if (thread < kCellsPerBlock) {
      for (int x = first; x < last; ++x) {
        cell.x += columns[x - left].x;
        cell.y += columns[x - left].y;
      }
    }
    __syncthreads();
  }
  if (thread >= kCellsPerBlock) return;
  d_fields[(std::int64_t{blockIdx.z} * kDenseSide + cell_row) * kDenseSide + first_cell + thread] =
      cell;
}

}  // namespace

DeviceBuffer<float2> sum_gradients(Lane& lane, BlurredImages& images,
                                   const Planes<std::uint8_t>& masks) {
  assert(images.shapes.size() == masks.size());
  const auto count = static_cast<unsigned>(images.shapes.size());
  int height = 1, frame = 1;
  for (const BlurredShape& shape : images.shapes) {
    height = std::max(height, shape.height);
    frame = std::max({frame, shape.width, shape.height});
  }
  const unsigned row_blocks = blocks_for(height, kRowsPerBlock);
  DeviceBuffer<double> sums =
      lane.allocate<double>(std::size_t{count} * kDenseScales * row_blocks * kQuantities);
  launch(lane.stream(), {dim3(row_blocks, kDenseScales, count), dim3(kRowThreads)}, sum_background,
         images.view(), masks.view(), sums.data());
  DeviceBuffer<BackgroundEnergy> backgrounds =
      lane.allocate<BackgroundEnergy>(std::size_t{count} * kDenseScales);
  launch(lane.stream(), {dim3(count * kDenseScales), dim3(32)}, fit, sums.data(),
         static_cast<int>(row_blocks), backgrounds.data());
  DeviceBuffer<float2> fields = lane.allocate<float2>(std::size_t{count} * kDenseSide * kDenseSide);
  const auto columns = static_cast<std::size_t>(first_pixel(kCellsPerBlock, frame) + 1);
  launch(lane.stream(),
         {dim3(kDenseSide / kCellsPerBlock, kDenseSide, count), dim3(kCellThreads),
          columns * sizeof(float2)},
         sum_cells, images.view(), masks.view(), backgrounds.data(), fields.data());
  return fields;
}

}  // namespace pressmark::kernels::cuda
