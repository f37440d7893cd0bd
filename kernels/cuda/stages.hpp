// SPDX-License-Identifier: Apache-2.0
//
// One function per stage for a batch, on a lane. Contracts: kernels/ops.hpp. Each waits for its
// stream before it returns.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

void dense_codes(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
                 std::span<DenseCode> outputs);

void reduce_dense(Lane& lane, std::span<const DenseCode> codes, std::span<DensePyramid> outputs);

void similarities(Lane& lane, std::span<const std::int8_t> code, std::span<const std::int8_t> codes,
                  std::span<std::int32_t> outputs);

void relight(Lane& lane, std::span<const GreyImage> images, std::span<const GreyImage> masks,
             std::span<GreyImage> relit, std::span<Light> lights);

}  // namespace pressmark::kernels::cuda
