// SPDX-License-Identifier: Apache-2.0
//
// Relighting, as in kernels/cpu/relight.hpp.
#pragma once

#include "kernels/cuda/light.hpp"
#include "kernels/cuda/planes.hpp"

namespace pressmark::kernels::cuda {

struct RelitPlanes {
  Planes<std::uint8_t> images;
  DeviceBuffer<DirectedLight> lights;
};

// masks: one per image, of its size or empty. Sides up to 2048 px.
RelitPlanes relight(Lane& lane, const Planes<std::uint8_t>& images,
                    const Planes<std::uint8_t>& masks);
// details: what flatten_illumination makes of the images with these masks.
RelitPlanes relight(Lane& lane, Planes<float> details, const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
