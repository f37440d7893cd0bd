// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

// Separable Gaussian of `sigma` samples, cut at 4 sigma, edges replicated. sigma <= 2.5.
Planes<float> gaussian_blur(Lane& lane, const Planes<float>& sources, float sigma);

}  // namespace pressmark::kernels::cuda
