// SPDX-License-Identifier: Apache-2.0
//
// Masks of glare for images in device memory.
#pragma once

#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

// One mask per image, of its size: 255 or 0.
Planes<std::uint8_t> glare_masks(Lane& lane, const Planes<std::uint8_t>& images);

}  // namespace pressmark::kernels::cuda
