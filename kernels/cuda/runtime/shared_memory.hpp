// SPDX-License-Identifier: Apache-2.0
//
// A block's shared memory, by functions instead of __shared__ variables: kernels are compiled for
// the CPU, too, where tests put another header in this one's place.
#pragma once

#include <cuda_runtime.h>

#include <type_traits>

namespace pressmark::kernels::cuda {

// One object per block and type, its values undefined at first: every kernel declares a struct of
// its own. All threads of the block must ask for it.
template <class Contents>
__device__ __forceinline__ Contents& shared_memory() {
  static_assert(std::is_trivially_default_constructible_v<Contents>);
  __shared__ Contents contents;
  return contents;
}

// The bytes that the launch asked for, as elements; aligned to 16 bytes.
template <class Element>
__device__ __forceinline__ Element* dynamic_shared_memory() {
  extern __shared__ uint4 bytes[];
  return reinterpret_cast<Element*>(bytes);
}

}  // namespace pressmark::kernels::cuda
