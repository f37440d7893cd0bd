// SPDX-License-Identifier: Apache-2.0
//
// 1. mask = dilate(erode(image >= 250, 3 x 3 px), 11 x 11 px), 255 or 0; all 0 where more than a
//    quarter of the image is that bright. What lies outside the image changes nothing.
// 2. Planes of bytes, without padding or alignment.
// 3. First each block counts bright pixels of 4096 of an image. Then a block owns 128 x 32 px of
// the
//    mask; a warp owns rows, its lanes 32 neighbours that one vote makes a word of bits, and in the
//    steps between a thread owns such a word. blockIdx.y: image.
// 4. Under 4 KB of bits.
// 5. Two bytes read (one again from the cache, twice over, for the tiles' margins) and one written
//    per pixel, about 15 instructions: bound by device memory in large batches.
// 6. Integers: the CPU's values exactly; the count is a sum of integers in any order.
// 7. No paper.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/glare.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kSaturated = 250;
constexpr int kErosion = 1;   // radius: removes what is narrower than 3 px
constexpr int kDilation = 5;  // gives back 1 px and adds a margin of 4

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kCounted = 4096;  // pixels of a block

constexpr int kMargin = kErosion + kDilation;
constexpr int kWords = 4, kRows = 32;     // of a tile
constexpr int kLoadedWords = kWords + 2;  // a neighbour on either side
constexpr int kErodedRows = kRows + 2 * kDilation, kLoadedRows = kRows + 2 * kMargin;

__global__ void __launch_bounds__(kThreads)
    count_saturated(PlanesView<const std::uint8_t> images, int* d_counts) {
  const PlaneShape shape = images.shapes[blockIdx.y];
  const std::int64_t pixels = std::int64_t{shape.width} * shape.height;
  const std::int64_t first = std::int64_t{blockIdx.x} * kCounted;
  if (first >= pixels) return;
  const std::uint8_t* d_pixels = images.values + shape.offset + first;
  const int count = static_cast<int>(std::min<std::int64_t>(kCounted, pixels - first));
  int saturated = 0;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += kThreads) {
    saturated += d_pixels[i] >= kSaturated ? 1 : 0;
  }
  saturated = warp_sum(saturated);
  if (threadIdx.x % 32 == 0 && saturated > 0) atomicAdd(&d_counts[blockIdx.y], saturated);
}

struct GlareBits {
  unsigned saturated[kLoadedRows][kLoadedWords];
  unsigned eroded[kErodedRows][kLoadedWords];
  unsigned widened[kErodedRows][kWords];  // dilated along the rows
};

// Bit i: pixel first_x + i is inside.
__device__ __forceinline__ unsigned inside_bits(int first_x, int width) {
  const int low = std::max(-first_x, 0), high = std::min(width - first_x, 32);
  if (low >= 32 || high <= low) return 0;
  return (0xffffffffu << low) & (0xffffffffu >> (32 - high));
}

// Pixels `by` further left or right, by in 1 .. 31, taken from the neighbours' words.
__device__ __forceinline__ unsigned from_left(unsigned left, unsigned word, int by) {
  return word << by | left >> (32 - by);
}
__device__ __forceinline__ unsigned from_right(unsigned word, unsigned right, int by) {
  return word >> by | right << (32 - by);
}

// 1 outside the image, which erosion must not see.
__device__ void load(const std::uint8_t* d_image, const PlaneShape& shape, int x0, int y0,
                     GlareBits& bits) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int i = static_cast<int>(threadIdx.x / 32); i < kLoadedRows * kLoadedWords; i += kWarps) {
    const int row = i / kLoadedWords, word = i % kLoadedWords;
    const int x = x0 + 32 * (word - 1) + lane, y = y0 + row - kMargin;
    const bool inside = x >= 0 && x < shape.width && y >= 0 && y < shape.height;
    const bool set = !inside || d_image[std::int64_t{y} * shape.width + x] >= kSaturated;
    const unsigned votes = __ballot_sync(kWholeWarp, set ? 1 : 0);
    if (lane == 0) bits.saturated[row][word] = votes;
  }
}

// 0 outside the image, which dilation must not see. The outermost pixel on either side is wrong; it
// lies beyond the margin.
__device__ void erode(const PlaneShape& shape, int x0, int y0, GlareBits& bits) {
  for (int i = static_cast<int>(threadIdx.x); i < kErodedRows * kLoadedWords; i += kThreads) {
    const int row = i / kLoadedWords, word = i % kLoadedWords;
    const auto all_three = [&](int w) {
      return bits.saturated[row][w] & bits.saturated[row + 1][w] & bits.saturated[row + 2][w];
    };
    const unsigned middle = all_three(word);
    const unsigned left = all_three(std::max(word - 1, 0));
    const unsigned right = all_three(std::min(word + 1, kLoadedWords - 1));
    const int y = y0 + row - kDilation;
    bits.eroded[row][word] = y >= 0 && y < shape.height
                                 ? middle & from_left(left, middle, 1) &
                                       from_right(middle, right, 1) &
                                       inside_bits(x0 + 32 * (word - 1), shape.width)
                                 : 0;
  }
}

__device__ void widen(GlareBits& bits) {
  for (int i = static_cast<int>(threadIdx.x); i < kErodedRows * kWords; i += kThreads) {
    const int row = i / kWords, word = i % kWords;
    const unsigned left = bits.eroded[row][word], middle = bits.eroded[row][word + 1];
    const unsigned right = bits.eroded[row][word + 2];
    unsigned any = middle;
    for (int by = 1; by <= kDilation; ++by) {
      any |= from_left(left, middle, by) | from_right(middle, right, by);
    }
    bits.widened[row][word] = any;
  }
}

// grid: (tiles of the largest, images).
__global__ void __launch_bounds__(kThreads)
    open_saturated(PlanesView<const std::uint8_t> images, const int* d_counts,
                   std::uint8_t* d_masks) {
  GlareBits& bits = shared_memory<GlareBits>();
  const PlaneShape shape = images.shapes[blockIdx.y];
  const int tiles = (shape.width + 32 * kWords - 1) / (32 * kWords);
  if (tiles == 0) return;
  const int x0 = static_cast<int>(blockIdx.x) % tiles * 32 * kWords;
  const int y0 = static_cast<int>(blockIdx.x) / tiles * kRows;
  if (y0 >= shape.height) return;

  // More than a quarter is a white background.
  const std::int64_t saturated = d_counts[blockIdx.y];
  const bool glare = saturated > 0 && 4 * saturated <= std::int64_t{shape.width} * shape.height;
  if (glare) {
    load(images.values + shape.offset, shape, x0, y0, bits);
    __syncthreads();
    erode(shape, x0, y0, bits);
    __syncthreads();
    widen(bits);
    __syncthreads();
  }
  const int lane = static_cast<int>(threadIdx.x % 32);
  for (int i = static_cast<int>(threadIdx.x / 32); i < kRows * kWords; i += kWarps) {
    const int row = i / kWords, word = i % kWords;
    const int x = x0 + 32 * word + lane, y = y0 + row;
    if (x >= shape.width || y >= shape.height) continue;
    unsigned any = 0;
    if (glare) {
      for (int r = 0; r <= 2 * kDilation; ++r) any |= bits.widened[row + r][word];
    }
    d_masks[shape.offset + std::int64_t{y} * shape.width + x] =
        (any >> lane & 1u) != 0 ? std::uint8_t{255} : std::uint8_t{0};
  }
}

}  // namespace

Planes<std::uint8_t> glare_masks(Lane& lane, const Planes<std::uint8_t>& images) {
  std::vector<std::pair<int, int>> sizes;
  std::int64_t most_pixels = 0;
  unsigned most_tiles = 0;
  for (const PlaneShape& shape : images.shapes) {
    sizes.emplace_back(shape.width, shape.height);
    most_pixels = std::max(most_pixels, std::int64_t{shape.width} * shape.height);
    most_tiles = std::max(most_tiles,
                          blocks_for(shape.width, 32 * kWords) * blocks_for(shape.height, kRows));
  }
  Planes<std::uint8_t> masks = allocate_planes<std::uint8_t>(lane, sizes);
  DeviceBuffer<int> counts = lane.allocate_zeros<int>(images.size());
  const auto count = static_cast<unsigned>(images.size());
  launch(lane.stream(), {dim3(blocks_for(most_pixels, kCounted), count), dim3(kThreads)},
         count_saturated, images.view(), counts.data());
  launch(lane.stream(), {dim3(most_tiles, count), dim3(kThreads)}, open_saturated, images.view(),
         counts.data(), masks.values.data());
  return masks;
}

void mask_glare(Lane& lane, std::span<const GreyImage> images, std::span<GreyImage> masks) {
  assert(images.size() == masks.size());
  download_images(lane, glare_masks(lane, upload_images(lane, images)), masks);
}

}  // namespace pressmark::kernels::cuda
