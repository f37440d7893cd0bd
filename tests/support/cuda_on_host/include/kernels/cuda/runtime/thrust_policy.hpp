// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the header of this path where kernels are compiled for the CPU.
#pragma once

#include <thrust/execution_policy.h>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

struct ScratchAllocator {
  explicit ScratchAllocator(Lane&) {}
};

inline auto in_stream(Lane&, ScratchAllocator&) {
  return thrust::cpp::par;
}

}  // namespace pressmark::kernels::cuda
