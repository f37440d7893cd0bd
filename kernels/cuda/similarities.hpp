// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

// Dot products of `code` with each of `codes`, rows of kLocalCodeSize. Does not wait for the
// stream.
DeviceBuffer<std::int32_t> similarities(Lane& lane, const DeviceBuffer<std::int8_t>& code,
                                        const DeviceBuffer<std::int8_t>& codes);

}  // namespace pressmark::kernels::cuda
