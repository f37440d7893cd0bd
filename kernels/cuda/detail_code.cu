// SPDX-License-Identifier: Apache-2.0
//
// 1. bit(x, y) = [sum over 2 x 2 px of (G(1.5 px) - G(3 px)) * image > 0], grey levels; the image
// is
//    mirrored at its edges.
// 2. Planes of bytes, without padding; a code's bits row by row without gaps, low bits first, each
//    code from a word of its own on.
// 3. A block owns 64 x 32 px. First a thread owns eight rows of a column (of 88) and filters them
//    downwards out of registers; then a warp owns rows of bits, a lane one bit, its four pixels
//    filtered along the row. 32 bits of a row become one or two words by one vote; neighbours share
//    words, and or their bits in. blockIdx.y: image.
// 4. 22 KB: two float lines of 88 columns for each row.
// 5. A byte read (6 times, from the cache) and an eighth written per pixel; 120 operations in float
//    and 10 loads of two floats from shared memory per pixel: bound by arithmetic.
// 6. Sums and products in the CPU's order: its bits exactly.
// 7. No paper.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/detail_code.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/detail_overlay.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32;
constexpr int kFine = detail_tap_radius(kFineDetail_px);
constexpr int kCoarse = detail_tap_radius(kCoarseDetail_px);
static_assert(kFine == 6 && kCoarse == 12, "even, for loads of two floats");

constexpr int kWidth = 64, kHeight = 32;  // of a tile, pixels
constexpr int kLoadedWidth = kWidth + 2 * kCoarse, kLoadedHeight = kHeight + 2 * kCoarse;
constexpr int kRun = 8;  // rows that a thread filters downwards

struct Taps {
  float fine[kFine + 1], coarse[kCoarse + 1];
};

struct Lines {
  float fine[kHeight][kLoadedWidth], coarse[kHeight][kLoadedWidth];
  int rows[kLoadedHeight];  // of the image
};

// The pixel that lies at i when the image is mirrored at its edges again and again.
__device__ __forceinline__ int mirrored(int i, int size) {
  while (i < 0 || i >= size) i = i < 0 ? -1 - i : 2 * size - 1 - i;
  return i;
}

// Tap 0 times the middle, then the pairs around it, from the inside out.
template <int kRadius>
__device__ __forceinline__ float filter(const float* middle, const float (&taps)[kRadius + 1]) {
  float sum = taps[0] * middle[0];
  for (int i = 1; i <= kRadius; ++i) sum += taps[i] * (middle[-i] + middle[i]);
  return sum;
}

__device__ __forceinline__ void filter_downwards(const std::uint8_t* d_image,
                                                 const PlaneShape& shape, int x0, const Taps& taps,
                                                 Lines& lines) {
  for (int i = static_cast<int>(threadIdx.x); i < kLoadedWidth * (kHeight / kRun); i += kThreads) {
    const int column = i % kLoadedWidth, top = i / kLoadedWidth * kRun;
    const std::uint8_t* d_column = d_image + mirrored(x0 + column - kCoarse, shape.width);
    float values[kRun + 2 * kCoarse];
    for (int r = 0; r < kRun + 2 * kCoarse; ++r) {
      values[r] = static_cast<float>(d_column[std::int64_t{lines.rows[top + r]} * shape.width]);
    }
    for (int r = 0; r < kRun; ++r) {
      lines.fine[top + r][column] = filter<kFine>(&values[kCoarse + r], taps.fine);
      lines.coarse[top + r][column] = filter<kCoarse>(&values[kCoarse + r], taps.coarse);
    }
  }
}

// Of two neighbouring pixels.
template <int kRadius>
__device__ __forceinline__ float2 filter_along(const float* line,
                                               const float (&taps)[kRadius + 1]) {
  float values[2 * kRadius + 2];
  for (int i = 0; i < 2 * kRadius + 2; i += 2) {
    const float2 two = *reinterpret_cast<const float2*>(line + i);
    values[i] = two.x;
    values[i + 1] = two.y;
  }
  return make_float2(filter<kRadius>(&values[kRadius], taps),
                     filter<kRadius>(&values[kRadius + 1], taps));
}

__device__ __forceinline__ float2 details(const Lines& lines, int row, int x, const Taps& taps) {
  const float2 fine = filter_along<kFine>(&lines.fine[row][x + kCoarse - kFine], taps.fine);
  const float2 coarse = filter_along<kCoarse>(&lines.coarse[row][x], taps.coarse);
  return make_float2(fine.x - coarse.x, fine.y - coarse.y);
}

// grid: (tiles of the largest, images).
__global__ void __launch_bounds__(kThreads)
    sign_details(PlanesView<const std::uint8_t> images, const DetailShape* d_codes, Taps taps,
                 std::uint32_t* d_words) {
  Lines& lines = shared_memory<Lines>();
  const PlaneShape shape = images.shapes[blockIdx.y];
  const DetailShape code = d_codes[blockIdx.y];
  const int tiles = (2 * code.width + kWidth - 1) / kWidth;
  if (tiles == 0) return;
  const int x0 = static_cast<int>(blockIdx.x) % tiles * kWidth;
  const int y0 = static_cast<int>(blockIdx.x) / tiles * kHeight;
  if (y0 >= 2 * code.height) return;

  if (threadIdx.x < kLoadedHeight) {
    lines.rows[threadIdx.x] = mirrored(y0 + static_cast<int>(threadIdx.x) - kCoarse, shape.height);
  }
  __syncthreads();
  filter_downwards(images.values + shape.offset, shape, x0, taps, lines);
  __syncthreads();

  const int lane = static_cast<int>(threadIdx.x % 32);
  const int bit_x = x0 / 2 + lane;
  for (int row = static_cast<int>(threadIdx.x / 32); row < kHeight / 2; row += kWarps) {
    const int bit_y = y0 / 2 + row;
    const float2 upper = details(lines, 2 * row, 2 * lane, taps);
    const float2 lower = details(lines, 2 * row + 1, 2 * lane, taps);
    const float sum = upper.x + upper.y + lower.x + lower.y;
    const bool set = sum > 0 && bit_x < code.width && bit_y < code.height;
    const unsigned votes = __ballot_sync(kWholeWarp, set ? 1 : 0);
    if (lane > 0 || votes == 0) continue;
    const std::int64_t first = std::int64_t{bit_y} * code.width + x0 / 2;
    std::uint32_t* d_word = d_words + code.offset + first / 32;
    const auto shift = static_cast<unsigned>(first % 32);
    atomicOr(d_word, votes << shift);
    if (shift > 0) atomicOr(d_word + 1, votes >> (32 - shift));
  }
}

DetailCodes allocate_details(std::span<const std::pair<int, int>> sizes_px, std::size_t& words) {
  DetailCodes codes;
  std::int64_t offset = 0;
  for (const auto& [width_px, height_px] : sizes_px) {
    codes.shapes.push_back({width_px / 2, height_px / 2, offset});
    offset += codes.shapes.back().words();
  }
  words = static_cast<std::size_t>(offset);
  return codes;
}

Taps make_taps() {
  Taps taps;
  std::ranges::copy(detail_taps(kFineDetail_px), taps.fine);
  std::ranges::copy(detail_taps(kCoarseDetail_px), taps.coarse);
  return taps;
}

}  // namespace

DetailCodes code_details(Lane& lane, const Planes<std::uint8_t>& images) {
  std::vector<std::pair<int, int>> sizes;
  unsigned most_tiles = 0;
  for (const PlaneShape& shape : images.shapes) {
    sizes.emplace_back(shape.width, shape.height);
    most_tiles =
        std::max(most_tiles, blocks_for(shape.width, kWidth) * blocks_for(shape.height, kHeight));
  }
  std::size_t words = 0;
  DetailCodes codes = allocate_details(sizes, words);
  codes.words = lane.allocate_zeros<std::uint32_t>(words);
  const DeviceBuffer<DetailShape> shapes = lane.upload(codes.shapes);
  launch(lane.stream(), {dim3(most_tiles, static_cast<unsigned>(images.size())), dim3(kThreads)},
         sign_details, images.view(), shapes.data(), make_taps(), codes.words.data());
  return codes;
}

std::vector<std::uint8_t> bytes_of_code(const DetailShape& shape,
                                        std::span<const std::uint32_t> words) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words.data() + shape.offset);
  return {bytes, bytes + detail_bytes(2 * shape.width, 2 * shape.height)};
}

DetailCodes upload_details(Lane& lane, std::span<const DetailView> codes) {
  std::vector<std::pair<int, int>> sizes;
  for (const DetailView& code : codes) sizes.emplace_back(code.width_px, code.height_px);
  std::size_t words = 0;
  DetailCodes uploaded = allocate_details(sizes, words);
  std::vector<std::uint32_t> packed(words, 0);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    assert(codes[i].bits.size() == detail_bytes(codes[i].width_px, codes[i].height_px));
    if (codes[i].bits.empty()) continue;
    // Words are little-endian, as bytes are low bits first.
    std::memcpy(packed.data() + uploaded.shapes[i].offset, codes[i].bits.data(),
                codes[i].bits.size());
  }
  uploaded.words = lane.upload(packed);
  return uploaded;
}

void code_details(Lane& lane, std::span<const GreyImage> images,
                  std::span<std::vector<std::uint8_t>> outputs) {
  assert(images.size() == outputs.size());
  const DetailCodes codes = code_details(lane, upload_images(lane, images));
  const std::span<const std::uint32_t> words = lane.download(codes.words);
  lane.synchronise();
  for (std::size_t i = 0; i < images.size(); ++i) {
    outputs[i] = bytes_of_code(codes.shapes[i], words);
  }
}

}  // namespace pressmark::kernels::cuda
