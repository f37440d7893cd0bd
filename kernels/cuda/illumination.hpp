// SPDX-License-Identifier: Apache-2.0
//
// What photos hold beside their large-scale illumination, as in kernels/cpu/illumination.hpp.
#pragma once

#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

// detail = clip((I - m) / (a + .25 A), -3, 3), 0 where masked. masks: one per image, of its size or
// empty.
Planes<float> flatten_illumination(Lane& lane, const Planes<std::uint8_t>& images,
                                   const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
