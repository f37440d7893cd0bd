// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/keypoints.hpp"
#include "kernels/cpu/patch_descriptor.hpp"
#include "kernels/cpu/scale_space.hpp"
#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {

void extract(const GreyImage& image, const GreyImage& mask, int max_keypoints,
             LocalFeatures& output) {
  // Some 20 MB at 512 px: kept by each thread, so that a run of photos allocates it once.
  thread_local std::vector<Octave> octaves;
  build_scale_space(image, octaves);
  const std::vector<OrientedExtremum> extrema = detect_keypoints(octaves, mask, max_keypoints);
  output.keypoints.resize(extrema.size());
  output.descriptors.resize(extrema.size() * kDescriptorSize);
  for (std::size_t i = 0; i < extrema.size(); ++i) {
    const OrientedExtremum& extremum = extrema[i];
    const Octave& octave = octaves[static_cast<std::size_t>(extremum.octave)];
    output.keypoints[i] = extremum.keypoint;
    describe_patch(octave.blurred[static_cast<std::size_t>(extremum.scale)], octave.step_px,
                   extremum.keypoint, &output.descriptors[i * kDescriptorSize]);
  }
}

}  // namespace pressmark::kernels::cpu
