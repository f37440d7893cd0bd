// SPDX-License-Identifier: Apache-2.0
//
// One function per stage for a batch, on a lane. Contracts: kernels/ops.hpp. Each waits for its
// stream before it returns.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// rotations: upload_rotations() of patch_descriptor.hpp.
void extract(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             int max_keypoints, const DeviceBuffer<float2>& rotations,
             std::span<LocalFeatures> outputs);

void embed(Lane& lane, std::span<const LocalFeatures> features, const Whitening& whitening,
           std::span<std::vector<std::int8_t>> outputs);

void similarities(Lane& lane, std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs);

}  // namespace pressmark::kernels::cuda
