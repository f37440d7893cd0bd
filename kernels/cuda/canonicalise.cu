// SPDX-License-Identifier: Apache-2.0
//
// 1. reduced(x, y) = round(f * sum_i c_i(x) sum_r w_r(y) grey(first(x) + i, first(y) + r)), grey
//    levels. w and c are the shares of area that source pixels have in a reduced one, f = 1; where
//    whole blocks are averaged, w = c = 1 and f = 1 / pixels of a block.
// 2. Photos: bytes, 1 or 3 channels, rows at multiples of 32 bytes. Output: planes without padding.
// 3. A block owns up to 256 neighbours in one reduced row. First each thread owns four neighbouring
//    source columns (a word, or three) and weighs them down the rows, 1024 columns at a time; then
//    each owns a reduced pixel and weighs those of its columns along the row. blockIdx.y: photo.
// 4. 4 KB for the columns' sums, whatever the factor.
// 5. Each source byte comes from device memory once; rows in which two reduced ones share are read
//    again, from the cache. About 14 instructions a source pixel: bound by device memory, and far
//    more by the photo's way to the device (36 MB of 12 megapixels).
// 6. Sums in the CPU's order: its values exactly. Half a grey level is rounded to even, but up
// where
//    blocks of 2 x 2 are averaged, as there.
// 7. No paper.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/canonicalise.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/math/area_share.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kGroup = 4;  // columns of a thread: whole words whatever the channels
constexpr int kColumns = kThreads * kGroup;
constexpr std::int64_t kRowAlignment = 32;  // a sector of the memory

struct Reduction {
  PhotoShape photo;
  PlaneShape plane;
  int first_column_share, first_row_share;
  int columns, tiles;  // reduced columns of a block, blocks of a row
  float factor;
  bool half_goes_up;
};

struct ColumnSums {
  float4 groups[kThreads];
};

__device__ __forceinline__ void add(float weight, int grey, float& sum) {
  sum += weight * static_cast<float>(grey);
}

__device__ __forceinline__ int byte_of(unsigned word, int i) {
  return static_cast<int>(word >> (8 * i) & 0xffu);
}

// Four columns of `share.count` rows from `d_first` on.
template <int kChannels>
__device__ float4 weigh_rows(const std::uint8_t* d_first, std::int64_t stride_bytes,
                             const AreaShare& share) {
  float4 sum = make_float4(0, 0, 0, 0);
  for (int r = 0; r < share.count; ++r) {
    const auto* d_words = reinterpret_cast<const unsigned*>(d_first + r * stride_bytes);
    const float weight = share.weight(r);
    if constexpr (kChannels == 1) {
      const unsigned a = __ldg(d_words);
      add(weight, byte_of(a, 0), sum.x);
      add(weight, byte_of(a, 1), sum.y);
      add(weight, byte_of(a, 2), sum.z);
      add(weight, byte_of(a, 3), sum.w);
    } else {
      const unsigned a = __ldg(d_words), b = __ldg(d_words + 1), c = __ldg(d_words + 2);
      add(weight, bt601_grey(byte_of(a, 0), byte_of(a, 1), byte_of(a, 2)), sum.x);
      add(weight, bt601_grey(byte_of(a, 3), byte_of(b, 0), byte_of(b, 1)), sum.y);
      add(weight, bt601_grey(byte_of(b, 2), byte_of(b, 3), byte_of(c, 0)), sum.z);
      add(weight, bt601_grey(byte_of(c, 1), byte_of(c, 2), byte_of(c, 3)), sum.w);
    }
  }
  return sum;
}

// grid: (tiles x rows of the largest, photos).
__global__ void __launch_bounds__(kThreads)
    average_areas(const std::uint8_t* d_bytes, const Reduction* d_reductions,
                  const AreaShare* d_shares, std::uint8_t* d_planes) {
  ColumnSums& shared = shared_memory<ColumnSums>();
  const float* sums = &shared.groups[0].x;
  const Reduction reduction = d_reductions[blockIdx.y];
  const int thread = static_cast<int>(threadIdx.x);
  const int tile = static_cast<int>(blockIdx.x) % reduction.tiles;
  const int y = static_cast<int>(blockIdx.x) / reduction.tiles;
  if (y >= reduction.plane.height) return;

  const int left = tile * reduction.columns;
  const int columns = std::min(reduction.columns, reduction.plane.width - left);
  const AreaShare* d_columns = d_shares + reduction.first_column_share + left;
  const AreaShare row = d_shares[reduction.first_row_share + y];
  const AreaShare column = d_columns[std::min(thread, columns - 1)];
  const int begin = d_columns[0].first / kGroup * kGroup;
  const int end = d_columns[columns - 1].first + d_columns[columns - 1].count;

  const PhotoShape photo = reduction.photo;
  const std::uint8_t* d_rows = d_bytes + photo.offset + row.first * photo.stride_bytes;
  float sum = 0;
  for (int chunk = begin; chunk < end; chunk += kColumns) {
    const int x = chunk + thread * kGroup;
    if (x < end) {
      const std::uint8_t* d_first = d_rows + std::int64_t{x} * photo.channels;
      shared.groups[thread] = photo.channels == 1 ? weigh_rows<1>(d_first, photo.stride_bytes, row)
                                                  : weigh_rows<3>(d_first, photo.stride_bytes, row);
    }
    __syncthreads();
    if (thread < columns) {
      const int last = std::min(column.first + column.count, chunk + kColumns);
      for (int s = std::max(column.first, chunk); s < last; ++s) {
        sum += column.weight(s - column.first) * sums[s - chunk];
      }
    }
    __syncthreads();
  }
  if (thread >= columns) return;
  const float mean = sum * reduction.factor;
  const float rounded = reduction.half_goes_up ? floorf(mean + 0.5f) : rintf(mean);
  d_planes[reduction.plane.offset + std::int64_t{y} * reduction.plane.width + left + thread] =
      static_cast<std::uint8_t>(std::min(static_cast<int>(rounded), 255));
}

// As far as possible all source columns of a block come at once.
int columns_of_block(int source, int reduced) {
  const std::int64_t columns = std::int64_t{kColumns - 2 * kGroup} * reduced / source;
  return static_cast<int>(std::clamp<std::int64_t>(columns, 1, std::min(reduced, kThreads)));
}

}  // namespace

Photos upload_photos(Lane& lane, std::span<const ImageView> images) {
  Photos photos;
  std::int64_t size = 0;
  for (const ImageView& image : images) {
    assert(image.width > 0 && image.height > 0 && (image.channels == 1 || image.channels == 3));
    const std::int64_t groups = (image.width + kGroup - 1) / kGroup;
    const std::int64_t stride =
        (groups * kGroup * image.channels + kRowAlignment - 1) / kRowAlignment * kRowAlignment;
    photos.shapes.push_back({image.width, image.height, image.channels, size, stride});
    size += stride * image.height;
  }
  photos.bytes = lane.allocate<std::uint8_t>(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < images.size(); ++i) {
    const PhotoShape& shape = photos.shapes[i];
    lane.copy_rows_to(
        photos.bytes.data() + shape.offset, static_cast<std::size_t>(shape.stride_bytes),
        images[i].data, images[i].stride_bytes,
        static_cast<std::size_t>(shape.width) * static_cast<std::size_t>(shape.channels),
        static_cast<std::size_t>(shape.height));
  }
  return photos;
}

Planes<std::uint8_t> canonicalise(Lane& lane, const Photos& photos, int long_side_px) {
  std::vector<std::pair<int, int>> sizes;
  for (const PhotoShape& photo : photos.shapes) {
    sizes.push_back(reduced_size(photo.width, photo.height, long_side_px));
  }
  Planes<std::uint8_t> planes = allocate_planes<std::uint8_t>(lane, sizes);
  std::vector<Reduction> reductions;
  std::vector<AreaShare> shares;
  int most_blocks = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const PhotoShape& photo = photos.shapes[i];
    const PlaneShape& plane = planes.shapes[i];
    const bool whole = averages_whole_blocks(photo.width, photo.height, plane.width, plane.height);
    const int across = photo.width / plane.width, down = photo.height / plane.height;
    const int columns = columns_of_block(photo.width, plane.width);
    const int tiles = (plane.width + columns - 1) / columns;
    const auto add_axis = [&](int source, int reduced) {
      const auto first = static_cast<int>(shares.size());
      for (AreaShare share : area_shares(source, reduced)) {
        if (whole) share.at_first = share.inside = share.at_last = 1;
        shares.push_back(share);
      }
      return first;
    };
    const int first_column = add_axis(photo.width, plane.width);
    const int first_row = add_axis(photo.height, plane.height);
    reductions.push_back({photo, plane, first_column, first_row, columns, tiles,
                          whole ? 1.0f / static_cast<float>(across * down) : 1.0f,
                          whole && across == 2 && down == 2});
    most_blocks = std::max(most_blocks, tiles * plane.height);
  }
  const DeviceBuffer<Reduction> device_reductions = lane.upload(reductions);
  const DeviceBuffer<AreaShare> device_shares = lane.upload(shares);
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(most_blocks), static_cast<unsigned>(sizes.size())),
          dim3(kThreads)},
         average_areas, photos.bytes.data(), device_reductions.data(), device_shares.data(),
         planes.values.data());
  return planes;
}

void canonicalise(Lane& lane, std::span<const ImageView> images, int long_side_px,
                  std::span<GreyImage> outputs) {
  assert(images.size() == outputs.size());
  download_images(lane, canonicalise(lane, upload_photos(lane, images), long_side_px), outputs);
}

}  // namespace pressmark::kernels::cuda
