// SPDX-License-Identifier: Apache-2.0
//
// What a photo holds beside its large-scale illumination (vignetting, curvature of the package,
// distance to the lamp) and its glare.
#pragma once

#include "kernels/cpu/scale_space.hpp"

namespace pressmark::kernels::cpu {

// 255 where the image is saturated (>= 250 in a region at least 3 pixels wide) or less than 4 px
// from there, 0 elsewhere. Where more than a quarter of an image is saturated, its background is
// white and not glare: then nothing is masked.
GreyImage glare_mask(const GreyImage& image);

// detail = clip((I - m) / (a + .25 A), -3, 3) with m and a the means of I and of |I - m| over a
// neighbourhood of about 40 px, A the mean of a over the image: dimensionless, about 1 in
// magnitude, and 0 where `masked` (of the image's size, or empty: nothing is masked) is not 0; all
// 0 where A is below .05 grey levels.
void flatten_illumination(const GreyImage& image, const GreyImage& masked, Plane& detail);

}  // namespace pressmark::kernels::cpu
