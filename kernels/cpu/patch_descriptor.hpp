// SPDX-License-Identifier: Apache-2.0
//
// RootSIFT of a large patch around a keypoint (Lowe, IJCV 2004, section 6; Arandjelovic and
// Zisserman, CVPR 2012).
#pragma once

#include "kernels/cpu/scale_space.hpp"
#include "kernels/math/patch_pooling.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cpu {

// Where the samples of a patch lie, in samples of the image: its centre, the step along its rows.
struct PatchSource {
  const float* values;
  int width, height, stride;
  float x, y;
  float step_cos, step_sin;
};

// Histograms of gradient orientation in 4 x 4 cells x 8 bins of a patch that is centred on the
// keypoint and turned by its angle: descriptor[(row * 4 + column) * 8 + bin], kDescriptorSize
// values, unit length (zero for a constant patch). `image` is the blurred image of an octave of
// `step_px`.
//
// Contrast inversion turns the keypoint's frame by pi, so that the descriptor of the inverted patch
// is this one with cell c exchanged for cell 15 - c.
void describe_patch(const Plane& image, float step_px, const Keypoint& keypoint, float* descriptor);

}  // namespace pressmark::kernels::cpu
