// SPDX-License-Identifier: Apache-2.0
//
// Keypoints: extrema of the difference-of-Gaussians scale space with sub-sample position and
// dominant orientations (Lowe, IJCV 60(2), 2004, sections 3-5).
#pragma once

#include <vector>

#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/extremum.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cpu {

struct OrientedExtremum {
  Keypoint keypoint;          // snapped to the grid
  float response = 0;         // |difference of Gaussians|, grey levels
  int octave = 0, scale = 0;  // blurred[scale] of the octave is the image to describe it in
};

// At most `max_keypoints` of the octaves' extrema, by a total order: response (descending), y, x,
// size, angle. None lies where `mask` (of the image's size, or empty) is not 0.
std::vector<OrientedExtremum> detect_keypoints(const std::vector<Octave>& octaves,
                                               std::vector<Extremum> extrema, const GreyImage& mask,
                                               int max_keypoints);

}  // namespace pressmark::kernels::cpu
