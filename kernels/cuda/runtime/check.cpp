// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime/check.hpp"

#include <string>

#include "pressmark/error.hpp"

namespace pressmark::kernels::cuda {

void check(cudaError_t status, const char* action) {
  if (status == cudaSuccess) return;
  // Errors that do not outlast their call would else be reported once more by the next one.
  static_cast<void>(cudaGetLastError());
  const ErrorCode code =
      status == cudaErrorMemoryAllocation ? ErrorCode::kOutOfMemory : ErrorCode::kDevice;
  throw Error(code, std::string("CUDA failed to ") + action + ": " + cudaGetErrorString(status) +
                        " (" + cudaGetErrorName(status) + ")");
}

}  // namespace pressmark::kernels::cuda
