// SPDX-License-Identifier: Apache-2.0
//
// 1. h_b = sum over the window of exp(-(i^2 + j^2) / (2 w^2)) |gradient|, b the gradient's angle in
//    36 bins, w = 1.5 sigma, the window 3 w; smoothed; angles of its peaks, radians.
// 2. In: ScaleSpaces, images x budget extrema. Out: up to 18 angles and their number for each.
// 3. Grid: x 16 extrema, y images. Eight threads own an extremum, each every eighth column of its
//    window and a histogram of its own: sums in the CPU's order, without atomics.
// 4. Shared memory: 18 KB of histograms, a thread's bins in one bank; 6 KB of sums and weights.
// 5. Some 300 to 1300 samples of 4 floats from the caches, 80 operations and one read and write of
//    shared memory each: bound by latency, hidden by nine blocks an SM.
// 6. Operations and sums in the CPU's order, angles and weights by kernels/math: the CPU's bits.
//    Peaks come by bin, on the CPU by height: they are ordered later.
// 7. Lowe, IJCV 60(2), 2004, section 5.
#include "kernels/cuda/orientation.hpp"

#include <algorithm>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/angle.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 128, kGroup = kOrientationColumns, kGroups = kThreads / kGroup;
constexpr int kBinsPerThread = (kOrientationBins + kGroup - 1) / kGroup;
// Scales reach kScalesPerOctave + kMaxExtremumOffset: sigma 3.7, window 5.5 samples, radius 17.
constexpr int kMaxRadius = 17;

struct Histograms {
  float columns[kOrientationBins][kThreads];
  float raw[kGroups][kOrientationBins], smooth[kGroups][kOrientationBins];
  float weights[kGroups][kMaxRadius + 1];
};

__global__ void __launch_bounds__(kThreads)
    orient(ScaleSpacesView spaces, const Extremum* d_extrema, const int* d_counts, int budget,
           float* d_angles, int* d_peaks) {
  const auto image = static_cast<int>(blockIdx.y), images = static_cast<int>(gridDim.y);
  const auto thread = static_cast<int>(threadIdx.x);
  const int count = d_counts[image], group = thread / kGroup, lane = thread % kGroup;
  const int first_index = static_cast<int>(blockIdx.x) * kGroups;
  if (first_index >= count) return;
  // Groups beyond the last extremum repeat it, and write nothing.
  const int index = std::min(first_index + group, count - 1);
  const std::int64_t slot = std::int64_t{image} * budget + index;
  const Extremum extremum = d_extrema[slot];
  const OctaveShape shape = spaces.shapes[extremum.octave * images + image];
  const float* d_image =
      spaces.values + shape.offset + std::int64_t{extremum.level} * shape.stride * shape.height;

  auto& shared = shared_memory<Histograms>();
  const float window = orientation_window(sigma_of(extremum));
  const int radius = std::min(orientation_radius(window), int{kMaxRadius});
  float* const weights = shared.weights[group];
  for (int i = lane; i <= radius; i += kGroup) weights[i] = orientation_weight(i, window);
  for (int b = 0; b < kOrientationBins; ++b) shared.columns[b][thread] = 0;
  __syncwarp();

  const auto centre_x = static_cast<int>(lroundf(extremum.x));
  const auto centre_y = static_cast<int>(lroundf(extremum.y));
  const int left = std::max(centre_x - radius, 1),
            right = std::min(centre_x + radius, shape.width - 2);
  const int top = std::max(centre_y - radius, 1),
            bottom = std::min(centre_y + radius, shape.height - 2);
  for (int y = top; y <= bottom; ++y) {
    const float row_weight = weights[abs(y - centre_y)];
    const float* d_row = d_image + std::int64_t{y} * shape.stride;
    for (int x = left + lane; x <= right; x += kGroup) {
      const float gx = d_row[x + 1] - d_row[x - 1];
      const float gy = d_row[x + shape.stride] - d_row[x - shape.stride];
      const float magnitude = sqrtf(gx * gx + gy * gy);
      int bin = static_cast<int>(polynomial_atan2(gy, gx) * kBinsPerRad + 0.5f);
      if (bin >= kOrientationBins) bin -= kOrientationBins;
      shared.columns[bin][thread] += row_weight * weights[abs(x - centre_x)] * magnitude;
    }
  }
  __syncwarp();

  for (int b = lane; b < kOrientationBins; b += kGroup) {
    const float* of = &shared.columns[b][group * kGroup];
    shared.raw[group][b] =
        ((of[0] + of[1]) + (of[2] + of[3])) + ((of[4] + of[5]) + (of[6] + of[7]));
  }
  __syncwarp();
  const auto wrapped = [](int b) {
    return b < 0 ? b + kOrientationBins : b >= kOrientationBins ? b - kOrientationBins : b;
  };
  float highest = 0;
  for (int b = lane; b < kOrientationBins; b += kGroup) {
    const float* raw = shared.raw[group];
    const float value = smoothed_bin(raw[wrapped(b - 2)], raw[wrapped(b - 1)], raw[b],
                                     raw[wrapped(b + 1)], raw[wrapped(b + 2)]);
    shared.smooth[group][b] = value;
    highest = fmaxf(highest, value);
  }
  for (int lanes = kGroup / 2; lanes > 0; lanes /= 2) {
    highest = fmaxf(highest, __shfl_xor_sync(kWholeWarp, highest, lanes));
  }
  __syncwarp();
  const bool writes = first_index + group < count;
  int peaks = 0;
  for (int k = 0; k < kBinsPerThread; ++k) {
    const int b = k * kGroup + lane;
    float before = 0, here = 0, after = 0;
    bool peak = false;
    if (b < kOrientationBins && highest > 0) {
      before = shared.smooth[group][wrapped(b - 1)];
      here = shared.smooth[group][b];
      after = shared.smooth[group][wrapped(b + 1)];
      peak = is_orientation_peak(before, here, after, highest);
    }
    const unsigned of_warp = __ballot_sync(kWholeWarp, peak ? 1 : 0);
    const unsigned of_group = (of_warp >> (thread % 32 - lane)) & ((1u << kGroup) - 1);
    if (peak && writes) {
      d_angles[slot * kMaxPeaks + peaks + __popc(of_group & ((1u << lane) - 1))] =
          peak_angle(b, before, here, after);
    }
    peaks += __popc(of_group);
  }
  if (lane == 0 && writes) d_peaks[slot] = peaks;
}

}  // namespace

Orientations find_orientations(Lane& lane, const ScaleSpaces& spaces, const RankedExtrema& ranked) {
  const std::size_t slots = ranked.extrema.size();
  Orientations found;
  found.angles_rad = lane.allocate<float>(slots * kMaxPeaks);
  found.counts = lane.allocate_zeros<int>(slots);
  launch(lane.stream(),
         {dim3(blocks_for(ranked.budget, kGroups), static_cast<unsigned>(ranked.images)),
          dim3(kThreads)},
         orient, spaces.view(), ranked.extrema.data(), ranked.counts.data(), ranked.budget,
         found.angles_rad.data(), found.counts.data());
  return found;
}

}  // namespace pressmark::kernels::cuda
