// SPDX-License-Identifier: Apache-2.0
//
// The light of photos, as in kernels/cpu/light.hpp.
#pragma once

#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

// cosine, sine: of the azimuth.
struct DirectedLight {
  Light light;
  float cosine = 1, sine = 0;
};

// One for each plane that flatten_illumination gave; masks: one per plane, of its size or empty.
DeviceBuffer<DirectedLight> find_lights(Lane& lane, const Planes<float>& details,
                                        const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
