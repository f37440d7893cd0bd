// SPDX-License-Identifier: Apache-2.0
//
// Dominant orientations of a keypoint (Lowe, IJCV 60(2), 2004, section 5).
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/cpu/scale_space.hpp"

namespace pressmark::kernels::cpu {

// What the histograms are made of: gradients at rows x columns samples, `first` the one at the top
// left, times the weights of their row and column.
struct OrientationWindow {
  const float* first;
  std::ptrdiff_t stride;
  int columns, rows;
  const float *column_weights, *row_weights;
};

// Has the samples that orientations() will read brought into the cache.
void prefetch_orientations(const Plane& image, float x, float y, float sigma);

// Angles of the peaks of the histogram of gradient angles around (x, y), strongest first, those
// that reach .8 of the first one. x, y, sigma in samples of `image`; gradients are weighted by a
// Gaussian of 1.5 sigma.
std::vector<float> orientations(const Plane& image, float x, float y, float sigma);

}  // namespace pressmark::kernels::cpu
