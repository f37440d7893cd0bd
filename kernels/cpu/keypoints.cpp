// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/keypoints.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <vector>

#include "kernels/cpu/orientation.hpp"
#include "kernels/math/extremum.hpp"

namespace pressmark::kernels::cpu {

std::vector<OrientedExtremum> detect_keypoints(const std::vector<Octave>& octaves,
                                               std::vector<Extremum> extrema, const GreyImage& mask,
                                               int max_keypoints) {
  if (!mask.pixels.empty()) {
    std::erase_if(extrema, [&](const Extremum& e) {
      const float step = octaves[static_cast<std::size_t>(e.octave)].step_px;
      const int x = pixel_of(e.x, step, mask.width), y = pixel_of(e.y, step, mask.height);
      return mask.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width) +
                         static_cast<std::size_t>(x)] != 0;
    });
  }
  const auto position_order = [](const Extremum& e) {
    return std::make_tuple(-e.response, e.octave, e.y, e.x, e.scale);
  };
  std::sort(extrema.begin(), extrema.end(), [&](const Extremum& a, const Extremum& b) {
    return position_order(a) < position_order(b);
  });
  const auto budget = static_cast<std::size_t>(max_keypoints);
  if (extrema.size() > budget) extrema.resize(budget);  // each gives one keypoint at least, or none

  // One image after the other, from top to bottom: the cache keeps what neighbours share.
  std::sort(extrema.begin(), extrema.end(), [&](const Extremum& a, const Extremum& b) {
    const auto place = [](const Extremum& e) {
      return std::make_tuple(e.octave, e.level, e.y, e.x, e.scale);
    };
    return place(a) < place(b);
  });
  std::vector<OrientedExtremum> result;
  const auto image_of = [&](const Extremum& e) -> const Plane& {
    return octaves[static_cast<std::size_t>(e.octave)].blurred[static_cast<std::size_t>(e.level)];
  };
  for (std::size_t i = 0; i < extrema.size(); ++i) {
    const Extremum& extremum = extrema[i];
    if (i + 1 < extrema.size()) {
      const Extremum& next = extrema[i + 1];
      prefetch_orientations(image_of(next), next.x, next.y, sigma_of(next));
    }
    const Octave& octave = octaves[static_cast<std::size_t>(extremum.octave)];
    const Plane& image = image_of(extremum);
    for (const float angle : orientations(image, extremum.x, extremum.y, sigma_of(extremum))) {
      OrientedExtremum oriented;
      oriented.response = extremum.response;
      oriented.octave = extremum.octave;
      oriented.scale = extremum.level;
      oriented.keypoint = keypoint_of(steps_of(extremum, octave.step_px, angle));
      result.push_back(oriented);
    }
  }
  const auto order = [](const OrientedExtremum& e) {
    const Keypoint& k = e.keypoint;
    return std::make_tuple(-e.response, k.y_px, k.x_px, k.size_px, k.angle_rad);
  };
  std::stable_sort(
      result.begin(), result.end(),
      [&](const OrientedExtremum& a, const OrientedExtremum& b) { return order(a) < order(b); });
  if (result.size() > budget) result.resize(budget);
  return result;
}

}  // namespace pressmark::kernels::cpu
