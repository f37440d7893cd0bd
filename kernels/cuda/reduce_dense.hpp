// SPDX-License-Identifier: Apache-2.0
//
// Dense codes at half and a quarter of their resolution, in device memory.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

DeviceBuffer<DensePyramid> reduce_dense(Lane& lane, const DenseCode* codes, std::size_t count);

}  // namespace pressmark::kernels::cuda
