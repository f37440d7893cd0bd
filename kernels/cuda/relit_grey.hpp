// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

// 128 + 20 J / (1.48 median |J|), rounded and clamped to 0 .. 255; 128 where masked and in images
// that hold nothing. masks: one per plane, of its size or empty.
Planes<std::uint8_t> show_values(Lane& lane, const Planes<float>& values,
                                 const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
