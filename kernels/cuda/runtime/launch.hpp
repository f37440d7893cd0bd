// SPDX-License-Identifier: Apache-2.0
//
// Launches kernels as function calls. `kernel<<<...>>>` is no C++, and kernels are compiled for the
// CPU, too.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/cuda/runtime/check.hpp"

namespace pressmark::kernels::cuda {

struct LaunchShape {
  dim3 grid, block;
  std::size_t dynamic_shared_bytes = 0;
};

// Blocks of `per_block` that hold `count`.
inline unsigned blocks_for(std::int64_t count, std::int64_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

// Puts the kernel into the stream; nothing for an empty grid.
template <class... Parameters, class... Arguments>
void launch(cudaStream_t stream, const LaunchShape& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  constexpr std::size_t kWithoutAsking = 48 * 1024;
  if (shape.dynamic_shared_bytes > kWithoutAsking) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shape.dynamic_shared_bytes)),
          "reserve shared memory");
    // As many blocks per multiprocessor as fit, rather than a large first cache.
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                               cudaSharedmemCarveoutMaxShared),
          "reserve shared memory");
  }
  const cudaLaunchConfig_t config{shape.grid, shape.block, shape.dynamic_shared_bytes,
                                  stream,     nullptr,     0};
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...),
        "launch a kernel");
}

}  // namespace pressmark::kernels::cuda
