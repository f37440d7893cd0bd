// SPDX-License-Identifier: Apache-2.0
//
// 1. Histograms of gradient orientation, max(0, cos d)^8 for the angle d to a bin's centre, in 4 x
// 4
//    cells x 8 bins of 32 x 32 samples around a keypoint; clipped, divided by their sum, square
//    roots: rows of unit length.
// 2. In: ScaleSpaces, places. Out: rows x kDescriptorSize floats.
// 3. A warp owns a keypoint, a block of 256 eight of them. Sampling: lanes share out the 34 x 34
//    samples. Pooling: a lane owns a column of samples, then one cell row and bin.
// 4. Shared memory: 4.6 KB for each warp: the patch, then, from its first rows on as they are done
//    with, sums of columns. 37 KB a block: six blocks an SM.
// 5. A patch of 42 to 88 samples of the image, squared: 7 to 31 KB from the caches; 512 bytes
//    written; some 140 000 operations: bound by arithmetic (no fused ones) and its latency.
// 6. Operations and sums in the CPU's order, cosines from a table that the host made: the CPU's
//    bits.
// 7. Lowe, IJCV 60(2), 2004, section 6; Arandjelovic and Zisserman, CVPR 2012. Patches of twice the
//    size, bins without an arc tangent.
#include "kernels/cuda/patch_descriptor.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kWarps = 8, kThreads = 32 * kWarps;
constexpr int kSide = kPatchSide, kRing = kSide + 2, kPatchFloats = kRing * kRing;
constexpr int kPairs = kPatchBins / 2;    // a direction and its opposite
constexpr int kColumnFloats = kSide + 1;  // one more: lanes that read side by side differ in bank
static_assert(kSide == 32 && kPatchCells * kPatchBins == 32);
static_assert(kPatchCells * kPatchBins * kColumnFloats <= kPatchFloats);
// Columns of a row of cells fit into the rows of samples that it was made of.
static_assert(kPatchBins * kColumnFloats <= cell_start(1) * kRing &&
              2 * kPatchBins * kColumnFloats <= cell_start(2) * kRing);

struct Patches {
  float values[kWarps][kPatchFloats];
};

// patch[j * kRing + i]: image at the keypoint + rotation * (i - 16.5, j - 16.5) * spacing;
// bilinear, edges replicated.
__device__ void sample_patch(const float* d_image, const OctaveShape& shape, float x, float y,
                             float step_cos, float step_sin, int lane, float* patch) {
  const auto right = static_cast<float>(shape.width - 1);
  const auto bottom = static_cast<float>(shape.height - 1);
#pragma unroll 4
  for (int n = lane; n < kPatchFloats; n += 32) {
    const int j = n / kRing, i = n % kRing;
    const float u = static_cast<float>(i) - 16.5f, v = static_cast<float>(j) - 16.5f;
    const float px = fminf(fmaxf((x - step_sin * v) + u * step_cos, 0.0f), right);
    const float py = fminf(fmaxf((y + step_cos * v) + u * step_sin, 0.0f), bottom);
    const int column = std::min(static_cast<int>(px), shape.width - 2);
    const int row = std::min(static_cast<int>(py), shape.height - 2);
    const float fx = px - static_cast<float>(column), fy = py - static_cast<float>(row);
    const float* d_sample = d_image + row * shape.stride + column;
    const float a = d_sample[0], b = d_sample[1];
    const float c = d_sample[shape.stride], d = d_sample[shape.stride + 1];
    const float upper = a + fx * (b - a), lower = c + fx * (d - c);
    patch[n] = upper + fy * (lower - upper);
  }
}

// Sums over the rows of each row of cells: patch[(cell row * kPatchBins + bin) * kColumnFloats +
// lane]. A direction and its opposite share the eighth power of their cosine, which the sign gives
// to one of them.
__device__ void pool_columns(const PoolingTables& tables, int lane, float* patch) {
  float upper[kPatchBins] = {}, lower[kPatchBins] = {};
  const auto finish = [&](int cell_row) {
    __syncwarp();
#pragma unroll
    for (int b = 0; b < kPatchBins; ++b) {
      patch[(cell_row * kPatchBins + b) * kColumnFloats + lane] = upper[b];
      upper[b] = lower[b];
      lower[b] = 0;
    }
  };
#pragma unroll
  for (int cell = 0; cell < kPatchCells - 1; ++cell) {
    for (int y = cell_start(cell); y < cell_start(cell + 1); ++y) {
      const float* sample = patch + (y + 1) * kRing + lane + 1;
      const float gx = sample[1] - sample[-1], gy = sample[kRing] - sample[-kRing];
      const float magnitude = sqrtf(gx * gx + gy * gy);
      const float inverse = 1.0f / fmaxf(magnitude, 1e-6f);
      const float direction_x = gx * inverse, direction_y = gy * inverse;
      const float first = tables.weights[2 * y], second = tables.weights[2 * y + 1];
#pragma unroll
      for (int b = 0; b < kPairs; ++b) {
        const float t = direction_x * tables.bin_cos[b] + direction_y * tables.bin_sin[b];
        const float t2 = t * t, t4 = t2 * t2, vote = t4 * t4 * magnitude;
        const float along = t > 0 ? vote : 0.0f, opposite = vote - along;
        upper[b] = upper[b] + along * first;
        upper[b + kPairs] = upper[b + kPairs] + opposite * first;
        lower[b] = lower[b] + along * second;
        lower[b + kPairs] = lower[b + kPairs] + opposite * second;
      }
    }
    finish(cell);
  }
  finish(kPatchCells - 1);
  __syncwarp();
}

// cells[c]: of the lane's cell row and bin, lane = cell row * kPatchBins + bin.
__device__ void pool_rows(const PoolingTables& tables, const float* columns, int lane,
                          float (&cells)[kPatchCells]) {
  float left = 0, right = 0;
#pragma unroll
  for (int cell = 0; cell < kPatchCells - 1; ++cell) {
    for (int x = cell_start(cell); x < cell_start(cell + 1); ++x) {
      const float value = columns[lane * kColumnFloats + x];
      left = left + value * tables.weights[2 * x];
      right = right + value * tables.weights[2 * x + 1];
    }
    cells[cell] = left;
    left = right;
    right = 0;
  }
  cells[kPatchCells - 1] = left;
}

// Sum of element(value) over the descriptor: over the cells of each bin in turn, then the bins.
// `values`: room for a descriptor.
template <class Function>
__device__ float sum_descriptor(const float (&cells)[kPatchCells], int lane, float* values,
                                const Function& element) {
  const int cell_row = lane / kPatchBins, bin = lane % kPatchBins;
  __syncwarp();
#pragma unroll
  for (int c = 0; c < kPatchCells; ++c) {
    values[(cell_row * kPatchCells + c) * kPatchBins + bin] = element(cells[c]);
  }
  __syncwarp();
  float own = 0;
#pragma unroll
  for (int cell = 0; cell < kPatchCells * kPatchCells; ++cell) {
    own = own + values[cell * kPatchBins + bin];
  }
  float of_bin[kPatchBins];
#pragma unroll
  for (int b = 0; b < kPatchBins; ++b) of_bin[b] = __shfl_sync(kWholeWarp, own, b);
  return ((of_bin[0] + of_bin[4]) + (of_bin[1] + of_bin[5])) +
         ((of_bin[2] + of_bin[6]) + (of_bin[3] + of_bin[7]));
}

__global__ void __launch_bounds__(kThreads)
    describe(ScaleSpacesView spaces, const PatchPlace* d_places, const int* d_rows,
             const float2* d_rotations, PoolingTables tables, float* d_descriptors) {
  const auto warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t row = std::int64_t{blockIdx.x} * kWarps + warp;
  auto& patches = shared_memory<Patches>();
  if (row >= *d_rows) return;  // the whole warp
  const PatchPlace place = d_places[row];
  const OctaveShape shape = spaces.shapes[place.shape];
  const float2 rotation = d_rotations[place.angle_steps];
  const Keypoint& keypoint = place.keypoint;
  const float spacing = kPatchSupport * keypoint.size_px / (shape.step_px * kSide);
  float* const patch = patches.values[warp];
  sample_patch(
      spaces.values + shape.offset + std::int64_t{place.level} * shape.stride * shape.height, shape,
      keypoint.x_px / shape.step_px, keypoint.y_px / shape.step_px, spacing * rotation.x,
      spacing * rotation.y, lane, patch);
  __syncwarp();
  pool_columns(tables, lane, patch);
  float cells[kPatchCells];
  pool_rows(tables, patch, lane, cells);

  const float squared =
      sum_descriptor(cells, lane, patch, [](float value) { return value * value; });
  const float limit = kDescriptorClip * sqrtf(squared);
#pragma unroll
  for (float& cell : cells) cell = fminf(cell, limit);
  const float total = sum_descriptor(cells, lane, patch, [](float value) { return value; });
  float* d_target = d_descriptors + row * kDescriptorSize;
  const int cell_row = lane / kPatchBins, bin = lane % kPatchBins;
#pragma unroll
  for (int c = 0; c < kPatchCells; ++c) {
    d_target[(cell_row * kPatchCells + c) * kPatchBins + bin] =
        squared > 0 ? sqrtf(cells[c] / total) : 0.0f;
  }
}

}  // namespace

DeviceBuffer<float2> upload_rotations(Lane& lane) {
  constexpr int kAngles = 1 << 16;
  std::vector<float2> rotations;
  rotations.reserve(kAngles);
  for (int steps = 0; steps < kAngles; ++steps) {
    const float angle_rad = angle_from_grid(static_cast<std::uint16_t>(steps));
    rotations.push_back(make_float2(std::cos(angle_rad), std::sin(angle_rad)));
  }
  return lane.upload(rotations);
}

DeviceBuffer<float> describe_patches(Lane& lane, const ScaleSpaces& spaces,
                                     const DeviceBuffer<PatchPlace>& places, const int* d_rows,
                                     const DeviceBuffer<float2>& rotations) {
  DeviceBuffer<float> descriptors = lane.allocate<float>(places.size() * kDescriptorSize);
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(places.size()), kWarps)), dim3(kThreads)},
         describe, spaces.view(), places.data(), d_rows, rotations.data(), make_pooling_tables(),
         descriptors.data());
  return descriptors;
}

}  // namespace pressmark::kernels::cuda
