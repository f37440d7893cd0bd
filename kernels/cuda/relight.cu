// SPDX-License-Identifier: Apache-2.0
//
// 1. J = F^-1[-i c / (c^2 + eps) F(detail)], c = cos(angle of frequency - azimuth), eps = .1, the
//    detail mirrored and faded out beyond the borders. Dimensionless.
// 2. A batch of float planes of any sizes up to 2048 px without row padding; J takes their place.
//    Spectra are rows ky = 0 .. height / 2 of float2 [width], sizes padded to what fft_length
//    gives.
// 3. Along y a block of 256 threads owns 4 signals, columns x and x + 8 (real and imaginary part,
//    the CPU's pairs), 64 threads each; along x a block of 96 threads owns a row of a spectrum,
//    there and back. Images along the grid's y.
// 4. Two buffers per signal: 70 kB for 4 signals of 1080, 139 kB for the most, 2160; 18 kB for a
//    row of 1152.
// 5. Per padded pixel 4 bytes of detail read and 4 of J written, and a spectrum of 4 written, read,
//    written and read: 24, bound by device memory and, at six stages of 16 bytes per complex
//    number, four times, as much by shared memory.
// 6. The same operations in the same order: the CPU's bits where cosine and sine of the azimuth
//    have them (light.cu); else J differs by 1e-6 of itself:
//    one pixel by one grey level in 400 images of 100 px.
// 7. No paper; kernels/cpu/relight.cpp.
#include "kernels/cuda/relight.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/fft.hpp"
#include "kernels/cuda/illumination.hpp"
#include "kernels/cuda/relit_grey.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/math/fft_tables.hpp"
#include "kernels/math/periodic_continuation.hpp"

namespace pressmark::kernels::cuda {
namespace {

// As in kernels/cpu/relight.cpp.
constexpr float kRegularisation = 0.1f;
constexpr int kBorderPx = 24;

// The CPU transforms 16 columns at once, as eight complex signals.
constexpr int kPaired = 8;
// Four of them fit a block's shared memory twice and leave room for two more blocks at 1080 px.
constexpr int kSignals = 4;
constexpr int kThreadsPerSignal = 64, kColumnThreads = kSignals * kThreadsPerSignal;
// Blocks at a time on a multiprocessor, by shared memory at 1080 px; registers need not be spared.
constexpr int kColumnBlocks = 3;
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

__global__ void __launch_bounds__(kColumnThreads, kColumnBlocks)
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
#pragma unroll 4
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
#pragma unroll 4
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
__global__ void __launch_bounds__(kColumnThreads, kColumnBlocks)
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
#pragma unroll 2
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

RelitPlanes relight(Lane& lane, Planes<float> details, const Planes<std::uint8_t>& masks) {
  assert(masks.size() == details.size());
  DeviceBuffer<DirectedLight> lights = find_lights(lane, details, masks);
  relight_details(lane, details, lights);
  return {show_values(lane, details, masks), std::move(lights)};
}

RelitPlanes relight(Lane& lane, const Planes<std::uint8_t>& images,
                    const Planes<std::uint8_t>& masks) {
  return relight(lane, flatten_illumination(lane, images, masks), masks);
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
