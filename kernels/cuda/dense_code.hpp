// SPDX-License-Identifier: Apache-2.0
//
// Dense codes of a batch of photos in device memory.
#pragma once

#include "kernels/cuda/planes.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

// masks: one per image, of its size or empty.
DeviceBuffer<DenseCode> dense_codes(Lane& lane, const Planes<std::uint8_t>& images,
                                    const Planes<std::uint8_t>& masks);
// details: what flatten_illumination makes of the images with these masks.
DeviceBuffer<DenseCode> dense_codes(Lane& lane, const Planes<float>& details,
                                    const Planes<std::uint8_t>& masks);

}  // namespace pressmark::kernels::cuda
