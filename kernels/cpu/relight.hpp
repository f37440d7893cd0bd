// SPDX-License-Identifier: Apache-2.0
//
// Relighting: a photo of a relief under oblique light, I = cos(a) dh/dx + sin(a) dh/dy, is turned
// into a height-like image that does not depend on the azimuth a but for one global sign.
#pragma once

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// Light::coherence says how one-sided the gradients are; smooth isotropic relief under one light
// has about .2 to .4. Light::sure: coherence >= .1. On rendered photos with hard physics 95 % of
// the sure estimates are within 30 degrees of the light, 77 % of the others. It is no promise that
// there is a relief: prints and grain can look as if they were lit.
//
// From the structure tensors of damped gradients in cells of 16 px, of the photo without its
// large-scale illumination; cells near the centre and of little coherence of their own count most.
// masked: glare and whatever else takes no part; of the image's size, or empty.
Light estimate_light(const GreyImage& image, const GreyImage& masked);

// J = F^-1[-i c / (c^2 + eps) F(detail)], c = cos(angle of frequency - azimuth), eps = .1, of the
// detail of kernels/cpu/illumination.hpp, mirrored and faded out beyond the borders. `relit` has
// the size of `image`: 128 + 20 J / (1.48 median |J|), rounded and clamped to 0 .. 255; 128 where
// masked and where the image holds nothing. Sides up to 2048 px. Deterministic, on one thread.
Light relight(const GreyImage& image, const GreyImage& masked, GreyImage& relit);

}  // namespace pressmark::kernels::cpu
