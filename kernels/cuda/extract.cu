// SPDX-License-Identifier: Apache-2.0
//
// 1. Keypoints of the ranked extrema and their orientations: in the order of response (descending),
//    y, x, size, angle, all on their grid, cut at the budget; then their descriptors.
// 2. In: images x budget extrema and angles. Out: rows of all images without gaps.
// 3. lay_out: one block, a thread an image. place_keypoints: grid x 256 extrema, y images; a thread
//    owns an extremum.
// 4. No shared memory.
// 5. Some 100 bytes an extremum, a few operations: launches and latency, no more. Among extrema of
//    equal response each compares itself with all.
// 6. Positions are counted, not raced for: the CPU's bits.
// 7. No paper.
#include "kernels/cuda/extract.hpp"

#include <thrust/scan.h>

#include <algorithm>
#include <cassert>

#include "kernels/cuda/keypoints.hpp"
#include "kernels/cuda/orientation.hpp"
#include "kernels/cuda/patch_descriptor.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/thrust_policy.hpp"
#include "kernels/cuda/scale_space.hpp"
#include "kernels/cuda/stages.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kThreads = 256;

// Orientations of an image's extrema, the extrema by rank. before[r] - before[0]: orientations of
// those that rank before r.
struct OrientedView {
  const Extremum* extrema;
  const float* angles_rad;  // of each kMaxPeaks
  const int* counts;
  const int* before;
};

__device__ OrientedView oriented_of(const OrientedView& all, int image, int budget) {
  const std::int64_t slot = std::int64_t{image} * budget;
  return {all.extrema + slot, all.angles_rad + slot * kMaxPeaks, all.counts + slot,
          all.before + slot};
}

// first[i]: keypoints of the images before i, at most `budget` each.
__global__ void __launch_bounds__(kThreads)
    lay_out(OrientedView all, int images, int budget, int* d_first) {
  for (int image = static_cast<int>(threadIdx.x); image <= images; image += kThreads) {
    int first = 0;
    for (int i = 0; i < image; ++i) {
      const OrientedView own = oriented_of(all, i, budget);
      first += std::min(budget, own.before[budget - 1] + own.counts[budget - 1] - own.before[0]);
    }
    d_first[image] = first;
  }
}

__device__ std::uint64_t grid_key(const KeypointSteps& steps) {
  return std::uint64_t{steps.y} << 48 | std::uint64_t{steps.x} << 32 |
         std::uint64_t{steps.size} << 16 | steps.angle;
}

// Among keypoints that are the same in every way: the one described in the earlier image, or that
// lies further up, comes first.
__device__ bool lies_before(const Extremum& a, const Extremum& b) {
  if (a.octave != b.octave) return a.octave < b.octave;
  if (a.level != b.level) return a.level < b.level;
  if (a.y != b.y) return a.y < b.y;
  if (a.x != b.x) return a.x < b.x;
  return a.scale < b.scale;
}

__global__ void __launch_bounds__(kThreads)
    place_keypoints(OrientedView all, const int* d_counts, const OctaveShape* d_shapes,
                    const int* d_first, int budget, Keypoint* d_keypoints, PatchPlace* d_places) {
  const auto image = static_cast<int>(blockIdx.y), images = static_cast<int>(gridDim.y);
  const int rank = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  const int count = d_counts[image];
  if (rank >= count) return;
  const OrientedView own = oriented_of(all, image, budget);
  const Extremum extremum = own.extrema[rank];
  // Those of equal response.
  int begin = rank, end = rank + 1;
  while (begin > 0 && own.extrema[begin - 1].response == extremum.response) --begin;
  while (end < count && own.extrema[end].response == extremum.response) ++end;
  const int shape = extremum.octave * images + image;
  const float step_px = d_shapes[shape].step_px;
  for (int peak = 0; peak < own.counts[rank]; ++peak) {
    const KeypointSteps steps =
        steps_of(extremum, step_px, own.angles_rad[std::int64_t{rank} * kMaxPeaks + peak]);
    const std::uint64_t key = grid_key(steps);
    int position = own.before[begin] - own.before[0];
    for (int other = begin; other < end; ++other) {
      const Extremum& rival = own.extrema[other];
      const float rival_step_px = d_shapes[rival.octave * images + image].step_px;
      for (int k = 0; k < own.counts[other]; ++k) {
        if (other == rank && k == peak) continue;
        const std::uint64_t rival_key = grid_key(
            steps_of(rival, rival_step_px, own.angles_rad[std::int64_t{other} * kMaxPeaks + k]));
        const bool first = other < rank || (other == rank && k < peak);
        if (rival_key < key || (rival_key == key && (lies_before(rival, extremum) ||
                                                     (!lies_before(extremum, rival) && first)))) {
          ++position;
        }
      }
    }
    if (position >= budget) continue;
    const int row = d_first[image] + position;
    d_keypoints[row] = keypoint_of(steps);
    d_places[row] = {keypoint_of(steps), steps.angle, shape, extremum.level};
  }
}

}  // namespace

DeviceFeatures extract(Lane& lane, const Planes<std::uint8_t>& images,
                       const Planes<std::uint8_t>& masks, int max_keypoints,
                       const DeviceBuffer<float2>& rotations) {
  assert(max_keypoints >= 0 && max_keypoints <= static_cast<int>(kMaxKeypoints));
  const ScaleSpaces spaces = build_scale_spaces(lane, images);
  const RankedExtrema ranked = rank_extrema(lane, find_extrema(lane, spaces, masks), max_keypoints);
  const std::size_t slots = ranked.extrema.size();
  DeviceFeatures features;
  features.keypoints = lane.allocate<Keypoint>(slots);
  features.first = lane.allocate_zeros<int>(images.size() + 1);
  if (slots == 0) return features;

  const Orientations orientations = find_orientations(lane, spaces, ranked);
  DeviceBuffer<int> before = lane.allocate<int>(slots);
  run_in_stream(lane, [&](const auto& policy) {
    thrust::exclusive_scan(policy, orientations.counts.data(), orientations.counts.data() + slots,
                           before.data());
  });
  const OrientedView all{ranked.extrema.data(), orientations.angles_rad.data(),
                         orientations.counts.data(), before.data()};
  launch(lane.stream(), {dim3(1), dim3(kThreads)}, lay_out, all, ranked.images, ranked.budget,
         features.first.data());
  DeviceBuffer<PatchPlace> places = lane.allocate<PatchPlace>(slots);
  launch(lane.stream(),
         {dim3(blocks_for(ranked.budget, kThreads), static_cast<unsigned>(ranked.images)),
          dim3(kThreads)},
         place_keypoints, all, ranked.counts.data(), spaces.device_shapes.data(),
         features.first.data(), ranked.budget, features.keypoints.data(), places.data());
  features.descriptors = describe_patches(lane, spaces, places, features.rows(), rotations);
  return features;
}

void extract(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             int max_keypoints, const DeviceBuffer<float2>& rotations,
             std::span<LocalFeatures> outputs) {
  assert(images.size() == outputs.size() && masks.size() == outputs.size());
  const DeviceFeatures features = extract(lane, upload_images(lane, images),
                                          upload_images(lane, masks), max_keypoints, rotations);
  // How much there is to copy: a budget may be several times what an image has.
  const std::span<const int> first = lane.download(features.first);
  lane.synchronise();
  const auto rows = static_cast<std::size_t>(first.back());
  const std::span<const Keypoint> keypoints = lane.download(features.keypoints.data(), rows);
  const std::span<const float> descriptors =
      lane.download(features.descriptors.data(), rows * kDescriptorSize);
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto begin = static_cast<std::size_t>(first[i]);
    const std::size_t count = static_cast<std::size_t>(first[i + 1]) - begin;
    const auto own = keypoints.subspan(begin, count);
    const auto values = descriptors.subspan(begin * kDescriptorSize, count * kDescriptorSize);
    outputs[i].keypoints.assign(own.begin(), own.end());
    outputs[i].descriptors.assign(values.begin(), values.end());
  }
}

std::size_t extract_bytes(int width, int height, int max_keypoints) {
  const auto pixels = static_cast<std::size_t>(std::int64_t{width} * height);
  const std::size_t samples = pixels * (begins_doubled(width, height) ? 4 : 1);
  return 64 * samples + 700 * static_cast<std::size_t>(max_keypoints);
}

}  // namespace pressmark::kernels::cuda
