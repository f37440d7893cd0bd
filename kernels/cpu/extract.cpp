// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <tuple>
#include <vector>

#include "kernels/cpu/extremum_search.hpp"
#include "kernels/cpu/keypoints.hpp"
#include "kernels/cpu/patch_descriptor.hpp"
#include "kernels/cpu/scale_space.hpp"
#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {

void extract(const GreyImage& image, const GreyImage& mask, int max_keypoints,
             LocalFeatures& output) {
  // Some 20 MB at 512 px: kept by each thread, so that a run of photos allocates it once.
  thread_local std::vector<Octave> octaves;
  ExtremumSearch search(octaves);
  build_scale_space(image, octaves,
                    [&](std::size_t octave, int rows) { search.advance(octave, rows); });
  const std::vector<OrientedExtremum> extrema =
      detect_keypoints(octaves, search.take(), mask, max_keypoints);
  output.keypoints.resize(extrema.size());
  output.descriptors.resize(extrema.size() * kDescriptorSize);
  // One image after the other, from top to bottom: the cache keeps what neighbours share.
  std::vector<std::size_t> order(extrema.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto place = [&](std::size_t i) {
      const OrientedExtremum& e = extrema[i];
      return std::make_tuple(e.octave, e.scale, e.keypoint.y_px, i);
    };
    return place(a) < place(b);
  });
  for (const std::size_t i : order) {
    const OrientedExtremum& extremum = extrema[i];
    const Octave& octave = octaves[static_cast<std::size_t>(extremum.octave)];
    output.keypoints[i] = extremum.keypoint;
    describe_patch(octave.blurred[static_cast<std::size_t>(extremum.scale)], octave.step_px,
                   extremum.keypoint, &output.descriptors[i * kDescriptorSize]);
  }
}

}  // namespace pressmark::kernels::cpu
