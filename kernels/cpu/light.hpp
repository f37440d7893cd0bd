// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cpu/scale_space.hpp"

namespace pressmark::kernels::cpu {

// The light of a photo (kernels/cpu/relight.hpp) whose detail flatten_illumination gave.
Light light_of(const Plane& detail, const GreyImage& masked);

}  // namespace pressmark::kernels::cpu
