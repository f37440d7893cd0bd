// SPDX-License-Identifier: Apache-2.0
//
// 1. J = F^-1[-i c / (c^2 + eps) F(detail)], c = cos(angle of frequency - azimuth), eps = .1, the
//    detail mirrored and faded out beyond the borders; relit = 128 + 20 J / (1.48 median |J|).
// 2. A batch of 8-bit images of any sizes up to 2048 px and their masks without row padding; images
//    of the same sizes and lights out. Spectra are rows ky = 0 .. height / 2 of float2 [width],
//    sizes padded to what fft_length gives.
// 3. Along y a block of 256 threads owns 4 signals, columns x and x + 8 (real and imaginary part,
//    the CPU's pairs), 64 threads each; along x a block of 96 threads owns a row of a spectrum,
//    there and back. Images along the grid's y or z. Sums over J: a thread owns an eighth of a row.
// 4. Two buffers per signal: 70 kB for 4 signals of 1080, 139 kB for the most, 2160; 18 kB for a
//    row of 1152.
// 5. Per padded pixel 4 bytes of detail read and 4 of J written, and a spectrum of 4 written, read,
//    written and read; J is read twice more: 33 bytes per pixel, bound by device memory and, at six
//    stages of 16 bytes per complex number, four times, as much by shared memory.
// 6. The same operations in the same order: the CPU's bits where cosine and sine of the azimuth
//    have them (light.cu); else one grey level for one pixel of 10^5. The mean of |J|, of floats in
//    double precision, is exact in any order unless rows differ by more than 2^17.
// 7. No paper; kernels/cpu/relight.cpp.
#include "kernels/cuda/relight.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/absolute_median.hpp"
#include "kernels/cuda/block_sum.hpp"
#include "kernels/cuda/fft.hpp"
#include "kernels/cuda/illumination.hpp"
#include "kernels/cuda/plane_tiles.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/math/fft_tables.hpp"
#include "kernels/math/periodic_continuation.hpp"

namespace pressmark::kernels::cuda {
namespace {

// As in kernels/cpu/relight.cpp.
constexpr float kRegularisation = 0.1f;
constexpr int kBorderPx = 24;
constexpr float kGreyPerSpread = 20.0f;

// The CPU transforms 16 columns at once, as eight complex signals.
constexpr int kPaired = 8;
// Four of them fit a block's shared memory twice and leave room for two more blocks at 1080 px.
constexpr int kSignals = 4;
constexpr int kThreadsPerSignal = 64, kColumnThreads = kSignals * kThreadsPerSignal;
// A third of the 288 butterflies of a row of 1152, three quarters of a row of 576: few idle.
constexpr int kRowThreads = 96;

// Along one axis: size of the image, length of the transform and what lies in between.
struct Axis {
  int size = 0, length = 0, plan = 0;
  int fade = 0;  // where the weights by distance from the border begin
};

struct Item {
  Axis x, y;
  std::int64_t spectrum = 0;  // offset
};

struct Batch {
  const Item* items;
  const float* fades;
  FftPlansView plans;
  float2* spectra;
};

// A place of the continued image: where it comes from and how much of it is left.
struct Source {
  int from;
  float weight;
};

__device__ __forceinline__ Source continued(const Axis& axis, const float* d_fades, int i) {
  const ContinuedSample sample = continued_sample(i, axis.size, axis.length);
  return {sample.from, d_fades[axis.fade + sample.outside]};
}

// Shared memory of a block's signals along y: two buffers, signals 4 elements off each other's
// banks, so that the same element of all signals is stored at once.
constexpr int signal_step(int length) {
  return fft_buffer_size(length) + 4;
}

// First of the four columns of a block; the other four are kPaired further.
__device__ __forceinline__ int first_column() {
  return static_cast<int>(blockIdx.x / 2) * 2 * kPaired +
         static_cast<int>(blockIdx.x % 2) * kSignals;
}

__global__ void __launch_bounds__(kColumnThreads)
    transform_columns(PlanesView<const float> details, Batch batch) {
  const Item item = batch.items[blockIdx.y];
  const int left = first_column(), width = item.x.length, height = item.y.length;
  if (left >= width) return;
  const int step = signal_step(height), thread = static_cast<int>(threadIdx.x);
  float2* const buffer = dynamic_shared_memory<float2>();
  float2* const other = buffer + kSignals * step;

  const PlaneShape plane = details.shapes[blockIdx.y];
  const float* d_detail = details.values + plane.offset;
  const int lane = thread % kSignals, x = left + lane;
  const Source re = continued(item.x, batch.fades, x),
               im = continued(item.x, batch.fades, x + kPaired);
  for (int y = thread / kSignals; y < height; y += kColumnThreads / kSignals) {
    const Source row = continued(item.y, batch.fades, y);
    const float* d_row = d_detail + std::int64_t{row.from} * plane.width;
    buffer[lane * step + fft_place(y)] = {d_row[re.from] * (row.weight * re.weight),
                                          d_row[im.from] * (row.weight * im.weight)};
  }

  const int signal = thread / kThreadsPerSignal;
  const float2* const result =
      transform(batch.plans.plans[item.y.plan], batch.plans.twiddles, buffer + signal * step,
                other + signal * step, thread % kThreadsPerSignal, kThreadsPerSignal) -
      signal * step + lane * step;

  // The symmetry of a real signal's spectrum separates the two columns.
  float2* const d_spectrum = batch.spectra + item.spectrum + x;
  for (int ky = thread / kSignals; ky <= height / 2; ky += kColumnThreads / kSignals) {
    const float2 z = result[fft_place(ky)];
    const float2 mirrored = result[fft_place(ky == 0 ? 0 : height - ky)];
    float2* const d_row = d_spectrum + std::int64_t{ky} * width;
    d_row[0] = {0.5f * (z.x + mirrored.x), 0.5f * (z.y - mirrored.y)};
    d_row[kPaired] = {0.5f * (z.y + mirrored.y), 0.5f * (mirrored.x - z.x)};
  }
}

// Cycles per pixel. The highest frequency has no sign: a derivative cannot be seen there.
__device__ __forceinline__ float frequency(int k, int length) {
  if (2 * k == length) return 0;
  return static_cast<float>(2 * k < length ? k : k - length) / static_cast<float>(length);
}

__global__ void __launch_bounds__(kRowThreads)
    divide_out_light(Batch batch, const DirectedLight* d_lights) {
  const Item item = batch.items[blockIdx.y];
  const int width = item.x.length, height = item.y.length, ky = static_cast<int>(blockIdx.x);
  if (ky > height / 2 || width == 0) return;
  const int thread = static_cast<int>(threadIdx.x);
  float2* const buffer = dynamic_shared_memory<float2>();
  float2* const other = buffer + fft_buffer_size(width);
  const FftPlan& plan = batch.plans.plans[item.x.plan];
  float2* const d_row = batch.spectra + item.spectrum + std::int64_t{ky} * width;
  for (int kx = thread; kx < width; kx += kRowThreads) buffer[fft_place(kx)] = d_row[kx];
  float2* const spectrum =
      transform(plan, batch.plans.twiddles, buffer, other, thread, kRowThreads);

  const float dx = d_lights[blockIdx.y].cosine, dy = d_lights[blockIdx.y].sine;
  const float gain = 1.0f / (static_cast<float>(width) * static_cast<float>(height));
  const float y = frequency(ky, height);
  for (int kx = thread; kx < width; kx += kRowThreads) {
    const float x = frequency(kx, width);
    const float along = x * dx + y * dy;
    const float squared = x * x + y * y + 1e-12f;
    // c / (c^2 + eps) = along |w| / (along^2 + eps |w|^2)
    const float factor =
        gain * (along * sqrtf(squared)) / (along * along + kRegularisation * squared);
    float2& value = spectrum[fft_place(kx)];
    value = exchanged({value.y * factor, -(value.x * factor)});
  }
  const float2* const result = transform(plan, batch.plans.twiddles, spectrum,
                                         spectrum == buffer ? other : buffer, thread, kRowThreads);
  for (int kx = thread; kx < width; kx += kRowThreads) {
    d_row[kx] = exchanged(result[fft_place(kx)]);
  }
}

// values: J, without what lies beyond the image.
__global__ void __launch_bounds__(kColumnThreads)
    restore_columns(Batch batch, PlanesView<float> values) {
  const Item item = batch.items[blockIdx.y];
  const int left = first_column(), width = item.x.length, height = item.y.length;
  if (left >= item.x.size) return;
  const int step = signal_step(height), thread = static_cast<int>(threadIdx.x);
  float2* const buffer = dynamic_shared_memory<float2>();
  float2* const other = buffer + kSignals * step;

  const int lane = thread % kSignals, x = left + lane;
  const float2* const d_spectrum = batch.spectra + item.spectrum + x;
  float2* const signals = buffer + lane * step;
  for (int ky = thread / kSignals; ky <= height / 2; ky += kColumnThreads / kSignals) {
    const float2* const d_row = d_spectrum + std::int64_t{ky} * width;
    float2 a = d_row[0], b = d_row[kPaired];
    // The frequencies that are their own mirror image are real for each signal.
    const bool alone = ky == 0 || 2 * ky == height;
    if (alone) a.y = b.y = 0;
    if (!alone) signals[fft_place(height - ky)] = exchanged({a.x + b.y, b.x - a.y});
    signals[fft_place(ky)] = exchanged({a.x - b.y, b.x + a.y});
  }

  const int signal = thread / kThreadsPerSignal;
  const float2* const result =
      transform(batch.plans.plans[item.y.plan], batch.plans.twiddles, buffer + signal * step,
                other + signal * step, thread % kThreadsPerSignal, kThreadsPerSignal) -
      signal * step + lane * step;

  const PlaneShape plane = values.shapes[blockIdx.y];
  for (int y = thread / kSignals; y < plane.height; y += kColumnThreads / kSignals) {
    const float2 value = exchanged(result[fft_place(y)]);
    float* const d_row = values.values + plane.offset + std::int64_t{y} * plane.width;
    if (x < plane.width) d_row[x] = value.x;
    if (x + kPaired < plane.width) d_row[x + kPaired] = value.y;
  }
}

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
    total.size += static_cast<double>(__shfl_down_sync(0xffffffffu, sum, lane, kLanes));
    total.count += __shfl_down_sync(0xffffffffu, count, lane, kLanes);
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

// Lengths of the transforms of a batch, and room for its spectra.
struct Layout {
  std::vector<Item> items;
  std::vector<float> fades;
  FftPlans plans;
  std::int64_t spectra = 0;
  int most_columns = 0, most_rows = 0;  // of a spectrum padded

  explicit Layout(const std::vector<PlaneShape>& shapes) {
    for (const PlaneShape& shape : shapes) {
      Item item;
      if (shape.width > 0 && shape.height > 0) {
        item = {axis(shape.width, 2 * kPaired), axis(shape.height, 2), spectra};
      }
      spectra += std::int64_t{item.x.length} * (item.y.length / 2 + 1);
      most_columns = std::max(most_columns, item.x.length);
      most_rows = std::max(most_rows, item.y.length);
      items.push_back(item);
    }
  }

 private:
  Axis axis(int size, int multiple) {
    const int length = fft_length(size + 2 * kBorderPx, multiple), beyond = length - size;
    const Axis axis{size, length, plans.index_of(length), static_cast<int>(fades.size())};
    for (int outside = 0; outside <= (beyond + 1) / 2; ++outside) {
      fades.push_back(fade_weight(outside, beyond));
    }
    return axis;
  }
};

// J in the place of the details.
void relight_details(Lane& lane, Planes<float>& details,
                     const DeviceBuffer<DirectedLight>& lights) {
  Layout layout(details.shapes);
  if (layout.most_columns == 0) return;
  layout.plans.upload(lane);
  const DeviceBuffer<Item> items = lane.upload(layout.items);
  const DeviceBuffer<float> fades = lane.upload(layout.fades);
  DeviceBuffer<float2> spectra = lane.allocate<float2>(static_cast<std::size_t>(layout.spectra));
  const Batch batch{items.data(), fades.data(), layout.plans.view(), spectra.data()};

  const auto count = static_cast<unsigned>(details.size());
  const auto buffers = [](int elements) {
    return 2 * static_cast<std::size_t>(elements) * sizeof(float2);
  };
  const LaunchShape over_columns{dim3(blocks_for(layout.most_columns, 2 * kSignals), count),
                                 dim3(kColumnThreads),
                                 buffers(kSignals * signal_step(layout.most_rows))};
  const LaunchShape over_rows{dim3(static_cast<unsigned>(layout.most_rows / 2 + 1), count),
                              dim3(kRowThreads), buffers(fft_buffer_size(layout.most_columns))};
  launch(lane.stream(), over_columns, transform_columns, std::as_const(details).view(), batch);
  launch(lane.stream(), over_rows, divide_out_light, batch, lights.data());
  launch(lane.stream(), over_columns, restore_columns, batch, details.view());
}

}  // namespace

RelitPlanes relight(Lane& lane, const Planes<std::uint8_t>& images,
                    const Planes<std::uint8_t>& masks) {
  assert(masks.size() == images.size());
  std::vector<std::pair<int, int>> sizes;
  int rows = 0;
  for (const PlaneShape& shape : images.shapes) {
    sizes.emplace_back(shape.width, shape.height);
    rows = std::max(rows, (shape.height + 1) / 2);
  }
  Planes<float> details = flatten_illumination(lane, images, masks);
  RelitPlanes relit{allocate_planes<std::uint8_t>(lane, sizes), find_lights(lane, details, masks)};
  relight_details(lane, details, relit.lights);

  const auto count = static_cast<unsigned>(images.size());
  const dim3 threads(kThreads);
  const Planes<float>& values = details;
  DeviceBuffer<RowSum> sums = lane.allocate<RowSum>(images.size() * static_cast<std::size_t>(rows));
  DeviceBuffer<float> scales = lane.allocate<float>(images.size());
  DeviceBuffer<unsigned> histograms = lane.allocate_zeros<unsigned>(images.size() * kMedianBins);
  launch(lane.stream(), {dim3(blocks_for(rows, kSumRows), count), threads}, add_sizes,
         values.view(), masks.view(), rows, sums.data());
  launch(lane.stream(), {dim3(count), threads}, find_scales, values.view(), rows, sums.data(),
         scales.data());
  launch(lane.stream(), {plane_tiles(values.shapes, kThreads, 2 * kMedianRows), threads},
         count_sizes, values.view(), masks.view(), scales.data(), histograms.data());
  const DeviceBuffer<float> medians = find_absolute_medians(lane, histograms, scales);
  launch(lane.stream(), {plane_tiles(values.shapes, kThreads, kGreyRows), threads}, to_grey,
         values.view(), masks.view(), scales.data(), medians.data(), relit.images.view());
  return relit;
}

void relight(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             std::span<GreyImage> relit, std::span<Light> lights) {
  const RelitPlanes results =
      relight(lane, upload_images(lane, images), upload_images(lane, masks));
  const std::span<const DirectedLight> found = lane.download(results.lights);
  download_images(lane, results.images, relit);
  for (std::size_t i = 0; i < lights.size(); ++i) lights[i] = found[i].light;
}

}  // namespace pressmark::kernels::cuda
