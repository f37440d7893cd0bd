// SPDX-License-Identifier: Apache-2.0
//
// 1. blurred_s = g_s * blurred_(s-1), grey levels; g_s a Gaussian cut at 4 sigma, edges replicated.
//    Octaves begin with the image itself, or the image at twice its size, or every second sample of
//    image kScalesPerOctave of the octave before.
// 2. In: 8-bit planes without padding. Out: OctaveShape; rows of floats aligned to 32 bytes.
// 3. Grid: x tiles of an image, y images. A block of 256 owns a tile of 104 to 120 x 32 samples
//    (128 columns less those that only its neighbours keep). First each thread filters 16 samples
//    of one column, read from global memory once each, into shared memory; then four neighbours of
//    a row at a time.
// 4. Shared memory: 16 KB, the tile after the vertical filter: four blocks of an SM use 64 KB.
// 5. Per sample and blur 4 bytes read (2.5 times through the caches, for the rows that tiles share)
//    and 4 written; 6 operations per tap: 24 (radius 4) to 72 (radius 12) and their loads. On an
//    H100 arithmetic and memory take about as long.
// 6. Sums in the CPU's order, products and sums rounded apart: the CPU's bits.
// 7. Lowe, IJCV 60(2), 2004, section 3; the first octave is doubled for small photos only.
#include "kernels/cuda/scale_space.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/row_filter.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/math/gaussian_taps.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kColumns = 128, kRowsPerThread = 16, kRows = 2 * kRowsPerThread;
constexpr int kThreads = kColumns * (kRows / kRowsPerThread);
constexpr int kMaxRadius = 12;  // of the last image of an octave
// Floats that rows and planes start at multiples of: a sector of memory.
constexpr int kAlignment = 8;

struct Taps {
  float values[kMaxRadius + 1];
};

struct TileRows {
  float4 quads[kRows][kColumns / 4];
};

// Columns on either side of a tile, a multiple of 4 so that quads stay aligned.
constexpr int margin(int radius) {
  return (radius + 3) / 4 * 4;
}
constexpr int tile_width(int radius) {
  return kColumns - 2 * margin(radius);
}

// Filters the tile `blockIdx.x` of a plane. read(x, y): a sample of the source; x, y inside.
// write(x, y, quad): four samples from x on, a multiple of 4 below the width.
template <int kRadius, class Read, class Write>
__device__ __forceinline__ void filter_tile(int width, int height, const Taps& taps,
                                            const Read& read, const Write& write) {
  constexpr int kMargin = margin(kRadius), kWidth = tile_width(kRadius);
  const int across = (width + kWidth - 1) / kWidth, tile = static_cast<int>(blockIdx.x);
  const int left = tile % across * kWidth, top = tile / across * kRows;
  if (top >= height) return;  // the grid is made for the largest image
  auto& rows = shared_memory<TileRows>();
  {
    const int column = static_cast<int>(threadIdx.x) % kColumns;
    const int first = static_cast<int>(threadIdx.x) / kColumns * kRowsPerThread;
    const int x = std::min(std::max(left - kMargin + column, 0), width - 1);
    float window[kRowsPerThread + 2 * kRadius];
#pragma unroll
    for (int j = 0; j < kRowsPerThread + 2 * kRadius; ++j) {
      window[j] = read(x, std::min(std::max(top + first + j - kRadius, 0), height - 1));
    }
    float* to = reinterpret_cast<float*>(rows.quads[first]) + column;
#pragma unroll
    for (int j = 0; j < kRowsPerThread; ++j) {
      float sum = taps.values[0] * window[j + kRadius];
#pragma unroll
      for (int i = 1; i <= kRadius; ++i) {
        sum = sum + taps.values[i] * (window[j + kRadius - i] + window[j + kRadius + i]);
      }
      to[j * kColumns] = sum;
    }
  }
  __syncthreads();
  constexpr int kQuads = kWidth / 4;
  for (int item = static_cast<int>(threadIdx.x); item < kRows * kQuads; item += kThreads) {
    const int row = item / kQuads, quad = item % kQuads;
    const int x = left + 4 * quad, y = top + row;
    if (x >= width || y >= height) continue;
    write(x, y, filter_four<kRadius, kMargin>(&rows.quads[row][quad], taps.values));
  }
}

// The first image of the first octave, for the images that begin doubled, or those that do not.
template <int kRadius, bool kDoubled>
__global__ void __launch_bounds__(kThreads)
    blur_images(PlanesView<const std::uint8_t> images, const OctaveShape* d_shapes, Taps taps,
                float* d_values) {
  const OctaveShape shape = d_shapes[blockIdx.y];
  if (shape.width == 0 || (shape.step_px < 1) != kDoubled) return;
  const PlaneShape source = images.shapes[blockIdx.y];
  const std::uint8_t* d_source = images.values + source.offset;
  float* d_target = d_values + shape.offset;
  const auto pixel = [&](int x, int y) {
    return static_cast<float>(d_source[std::int64_t{y} * source.width + x]);
  };
  filter_tile<kRadius>(
      shape.width, shape.height, taps,
      [&](int x, int y) {
        if constexpr (kDoubled) {
          // Bilinear; sample 2 i lies on pixel i.
          const int left = x / 2, right = (x + 1) / 2, above = y / 2, below = (y + 1) / 2;
          return 0.25f * (pixel(left, above) + pixel(right, above) + pixel(left, below) +
                          pixel(right, below));
        } else {
          return pixel(x, y);
        }
      },
      [&](int x, int y, float4 quad) {
        *reinterpret_cast<float4*>(d_target + std::int64_t{y} * shape.stride + x) = quad;
      });
}

// Image `target` of an octave from the one before. d_halved: shapes of the next octave, whose first
// image gets every second sample; null: none.
template <int kRadius>
__global__ void __launch_bounds__(kThreads)
    blur_octaves(const OctaveShape* d_shapes, const OctaveShape* d_halved, int target, Taps taps,
                 float* d_values) {
  const OctaveShape shape = d_shapes[blockIdx.y];
  if (shape.width == 0) return;
  const OctaveShape halved = d_halved != nullptr ? d_halved[blockIdx.y] : OctaveShape{};
  const std::int64_t plane = std::int64_t{shape.stride} * shape.height;
  float* d_target = d_values + shape.offset + target * plane;
  const float* d_source = d_target - plane;
  filter_tile<kRadius>(
      shape.width, shape.height, taps,
      [&](int x, int y) { return d_source[std::int64_t{y} * shape.stride + x]; },
      [&](int x, int y, float4 quad) {
        *reinterpret_cast<float4*>(d_target + std::int64_t{y} * shape.stride + x) = quad;
        if (y % 2 == 0 && y / 2 < halved.height && x / 2 < halved.width) {
          *reinterpret_cast<float2*>(d_values + halved.offset +
                                     std::int64_t{y / 2} * halved.stride + x / 2) =
              make_float2(quad.x, quad.z);
        }
      });
}

Taps taps_of(float sigma, int radius) {
  const std::vector<float> values = gaussian_taps(sigma);
  assert(static_cast<int>(values.size()) == radius + 1 && radius <= kMaxRadius);
  Taps taps{};
  std::copy_n(values.begin(), radius + 1, taps.values);
  return taps;
}

std::vector<OctaveShape> plan(const std::vector<PlaneShape>& images, int octaves) {
  std::vector<OctaveShape> shapes(static_cast<std::size_t>(octaves) * images.size());
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    int width = images[i].width, height = images[i].height;
    const int count = octave_count(width, height);
    const bool doubled = begins_doubled(width, height);
    if (doubled) width = 2 * width - 1, height = 2 * height - 1;
    for (int o = 0; o < count; ++o, width /= 2, height /= 2) {
      const int stride = (width + kAlignment - 1) / kAlignment * kAlignment;
      shapes[static_cast<std::size_t>(o) * images.size() + i] = {
          width, height, stride, octave_step_px(doubled, o), offset};
      offset += std::int64_t{kBlursPerOctave} * stride * height;
    }
  }
  return shapes;
}

}  // namespace

ScaleSpaces build_scale_spaces(Lane& lane, const Planes<std::uint8_t>& images) {
  ScaleSpaces spaces;
  spaces.images = static_cast<int>(images.size());
  for (const PlaneShape& shape : images.shapes) {
    spaces.octaves = std::max(spaces.octaves, octave_count(shape.width, shape.height));
  }
  spaces.shapes = plan(images.shapes, spaces.octaves);
  if (spaces.octaves == 0) return spaces;
  spaces.device_shapes = lane.upload(spaces.shapes);
  std::int64_t total = 0;
  for (const OctaveShape& shape : spaces.shapes) {
    total += std::int64_t{kBlursPerOctave} * shape.stride * shape.height;
  }
  spaces.values = lane.allocate<float>(static_cast<std::size_t>(total));

  // For the largest image of an octave.
  const auto shape_of = [&](int octave, int radius) {
    unsigned most = 0;
    for (int i = 0; i < spaces.images; ++i) {
      const OctaveShape& shape = spaces.shape(octave, i);
      most = std::max(
          most, blocks_for(shape.width, tile_width(radius)) * blocks_for(shape.height, kRows));
    }
    return LaunchShape{dim3(most, static_cast<unsigned>(spaces.images)), dim3(kThreads)};
  };
  const auto first_blur = [&](auto kernel, bool doubled, int radius) {
    const auto begin = spaces.shapes.begin();
    if (std::any_of(begin, begin + spaces.images, [&](const OctaveShape& shape) {
          return shape.width > 0 && (shape.step_px < 1) == doubled;
        })) {
      launch(lane.stream(), shape_of(0, radius), kernel, images.view(), spaces.device_shapes.data(),
             taps_of(first_blur_sigma(doubled), radius), spaces.values.data());
    }
  };
  first_blur(blur_images<4, true>, true, 4);
  first_blur(blur_images<6, false>, false, 6);
  for (int o = 0; o < spaces.octaves; ++o) {
    const OctaveShape* d_shapes =
        spaces.device_shapes.data() + static_cast<std::ptrdiff_t>(o) * spaces.images;
    const auto next_blur = [&](auto kernel, int s, int radius) {
      const bool halve = s == kScalesPerOctave && o + 1 < spaces.octaves;
      launch(lane.stream(), shape_of(o, radius), kernel, d_shapes,
             halve ? d_shapes + spaces.images : nullptr, s, taps_of(next_blur_sigma(s), radius),
             spaces.values.data());
    };
    next_blur(blur_octaves<4>, 1, 4);
    next_blur(blur_octaves<6>, 2, 6);
    next_blur(blur_octaves<7>, 3, 7);
    next_blur(blur_octaves<9>, 4, 9);
    next_blur(blur_octaves<12>, 5, 12);
  }
  return spaces;
}

}  // namespace pressmark::kernels::cuda
