// SPDX-License-Identifier: Apache-2.0
//
// 1. v = fade (d - mean - g * (d - mean)), d the mean over each cell of the weighted doubled angles
//    (dense_gradients.cu), mean that of the cells that the photo covers, g a Gaussian of 6 cells, *
//    over the grid with its edges replicated; then 127 v / (largest part of v), rounded away from
//    zero.
// 2. In: 64 x 64 sums, float2, for each image. Out: DenseCode.
// 3. A block of 512 threads owns an image: a thread eight rows of one column, then eight columns of
//    one row.
// 4. 66 KB: the field, and the field filtered along y, rows of 65 float2 so that columns and rows
//    are read without conflicts of banks. Two blocks per multiprocessor have registers enough.
// 5. 33 KB read and 8 KB written per image, 1.2 million operations: bound by shared memory, 0.2 us
//    per image on an H100; little beside the gradients.
// 6. Sums of the filter in the CPU's order. The mean is a sum of doubles in another order, which
//    matters to one rounding to float in about 2^25 and hardly to a code: the CPU's values.
// 7. docs/decisions/0004-dense-code.md; kernels/cpu/dense_code.cpp.
#include "kernels/cuda/dense_code.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_gradients.hpp"
#include "kernels/cuda/illumination.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/dense_code.hpp"
#include "kernels/math/gaussian_taps.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_code;

constexpr int kThreads = 512, kWarps = kThreads / 32, kBlocks = 2;
constexpr int kCells = kDenseSide * kDenseSide;
constexpr int kCellsOfThread = kCells / kThreads;
constexpr int kRow = kDenseSide + 1;
constexpr int kRadius = 23;

struct Taps {
  float values[kRadius + 1];
};

struct Field {
  float2 values[kDenseSide * kRow];
  float2 filtered[kDenseSide * kRow];
  double sums[2][kWarps];
  float largest[kWarps];
};

// Away from zero where halfway between integers, as std::lround; |value| < 2^22.
__device__ __forceinline__ std::int8_t rounded(float value) {
  const float whole = truncf(value);
  const float rest = value - whole;
  return static_cast<std::int8_t>(whole + (rest >= 0.5f ? 1.0f : rest <= -0.5f ? -1.0f : 0.0f));
}

// Pixels of the frame in a cell along one axis.
__device__ __forceinline__ int pixels_of(int cell, int frame) {
  return first_pixel(cell + 1, frame) - first_pixel(cell, frame);
}

__device__ __forceinline__ void add_tap(float2& sum, float tap, const float2& a, const float2& b) {
  sum.x = sum.x + tap * (a.x + b.x);
  sum.y = sum.y + tap * (a.y + b.y);
}

// Filters one value of a line of kDenseSide values `step` apart.
__device__ __forceinline__ float2 filter_at(const float2* line, int step, int i, const Taps& taps) {
  const float2 middle = line[i * step];
  float2 sum = make_float2(taps.values[0] * middle.x, taps.values[0] * middle.y);
#pragma unroll
  for (int j = 1; j <= kRadius; ++j) {
    add_tap(sum, taps.values[j], line[std::max(i - j, 0) * step],
            line[std::min(i + j, kDenseSide - 1) * step]);
  }
  return sum;
}

__global__ void __launch_bounds__(kThreads, kBlocks)
    finish(const PlaneShape* d_shapes, const float2* d_sums, const float* d_fade, Taps taps,
           DenseCode* d_codes) {
  Field& shared = *dynamic_shared_memory<Field>();
  const PlaneShape shape = d_shapes[blockIdx.x];
  const auto thread = static_cast<int>(threadIdx.x);
  auto* const code = reinterpret_cast<std::int8_t*>(d_codes + blockIdx.x);
  const int frame = std::max(shape.width, shape.height);
  if (std::min(shape.width, shape.height) < kLeastSizePx) {
    for (int i = thread; i < 2 * kCells; i += kThreads) code[i] = 0;
    return;
  }

  // Where the photo lies; outside the field stays zero.
  const int before_x = pixels_before(shape.width, frame);
  const int before_y = pixels_before(shape.height, frame);
  const int left = cell_of(before_x, frame), right = cell_of(before_x + shape.width - 1, frame);
  const int top = cell_of(before_y, frame), bottom = cell_of(before_y + shape.height - 1, frame);
  double real = 0, imaginary = 0;
  for (int i = thread; i < kCells; i += kThreads) {
    const int x = i % kDenseSide, y = i / kDenseSide;
    float2 value = d_sums[std::int64_t{blockIdx.x} * kCells + i];
    const double pixels = static_cast<double>(pixels_of(x, frame)) * pixels_of(y, frame);
    if (pixels > 0) {
      const auto share = static_cast<float>(1 / pixels);
      value = make_float2(value.x * share, value.y * share);
    }
    shared.values[y * kRow + x] = value;
    if (x < left || x > right || y < top || y > bottom) continue;
    real += static_cast<double>(value.x);
    imaginary += static_cast<double>(value.y);
  }
  real = warp_sum(real);
  imaginary = warp_sum(imaginary);
  if (thread % 32 == 0) {
    shared.sums[0][thread / 32] = real;
    shared.sums[1][thread / 32] = imaginary;
  }
  __syncthreads();
  real = imaginary = 0;
  for (int warp = 0; warp < kWarps; ++warp) {
    real += shared.sums[0][warp];
    imaginary += shared.sums[1][warp];
  }
  const auto covered = static_cast<double>((right - left + 1) * (bottom - top + 1));
  real /= covered;
  imaginary /= covered;
  for (int i = thread; i < kCells; i += kThreads) {
    const int x = i % kDenseSide, y = i / kDenseSide;
    if (x < left || x > right || y < top || y > bottom) continue;
    float2& value = shared.values[y * kRow + x];
    value = make_float2(static_cast<float>(static_cast<double>(value.x) - real),
                        static_cast<float>(static_cast<double>(value.y) - imaginary));
  }
  __syncthreads();

  for (int i = thread; i < kCells; i += kThreads) {
    const int x = i % kDenseSide, y = i / kDenseSide;
    shared.filtered[y * kRow + x] = filter_at(shared.values + x, kRow, y, taps);
  }
  __syncthreads();
  float2 faded[kCellsOfThread];
  float largest = 0;
#pragma unroll
  for (int k = 0; k < kCellsOfThread; ++k) {
    const int i = k * kThreads + thread, x = i % kDenseSide, y = i / kDenseSide;
    const float2 smooth = filter_at(shared.filtered + y * kRow, 1, x, taps);
    const float2 value = shared.values[y * kRow + x];
    const float fade = d_fade[i];
    faded[k] = make_float2(fade * (value.x - smooth.x), fade * (value.y - smooth.y));
    largest = fmaxf(largest, fmaxf(fabsf(faded[k].x), fabsf(faded[k].y)));
  }
  largest = warp_max(largest);
  if (thread % 32 == 0) shared.largest[thread / 32] = largest;
  __syncthreads();
  for (int warp = 0; warp < kWarps; ++warp) largest = fmaxf(largest, shared.largest[warp]);
  const bool empty = !(largest > kEmpty);
  const float factor = empty ? 0.0f : 127 / largest;
#pragma unroll
  for (int k = 0; k < kCellsOfThread; ++k) {
    const int i = k * kThreads + thread;
    code[i] = empty ? std::int8_t{0} : rounded(factor * faded[k].x);
    code[i + kCells] = empty ? std::int8_t{0} : rounded(factor * faded[k].y);
  }
}

const std::vector<float>& fade() {
  static const std::vector<float> values = [] {
    std::vector<float> made;
    for (int i = 0; i < kCells; ++i) made.push_back(fade_at(i % kDenseSide, i / kDenseSide));
    return made;
  }();
  return values;
}

}  // namespace

DeviceBuffer<DenseCode> dense_codes(Lane& lane, const Planes<float>& details,
                                    const Planes<std::uint8_t>& masks) {
  DeviceBuffer<float2> sums;
  {
    BlurredImages blurred = blur_for_gradients(lane, details);
    sums = sum_gradients(lane, blurred, masks);
  }
  const std::vector<float> values = gaussian_taps(kLargeScaleSigma);
  assert(values.size() == kRadius + 1);
  Taps taps{};
  std::copy(values.begin(), values.end(), taps.values);
  const DeviceBuffer<float> fading = lane.upload(fade());
  DeviceBuffer<DenseCode> codes = lane.allocate<DenseCode>(details.size());
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(details.size())), dim3(kThreads), sizeof(Field)}, finish,
         details.device_shapes.data(), sums.data(), fading.data(), taps, codes.data());
  return codes;
}

DeviceBuffer<DenseCode> dense_codes(Lane& lane, const Planes<std::uint8_t>& images,
                                    const Planes<std::uint8_t>& masks) {
  return dense_codes(lane, flatten_illumination(lane, images, masks), masks);
}

void dense_codes(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
                 std::span<DenseCode> outputs) {
  assert(images.size() == masks.size() && images.size() == outputs.size());
  const std::span<const DenseCode> codes =
      lane.download(dense_codes(lane, upload_images(lane, images), upload_images(lane, masks)));
  lane.synchronise();
  std::copy(codes.begin(), codes.end(), outputs.begin());
}

}  // namespace pressmark::kernels::cuda
