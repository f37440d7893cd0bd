// SPDX-License-Identifier: Apache-2.0
//
// Turns what the CUDA runtime returns into exceptions.
#pragma once

#include <cuda_runtime.h>

namespace pressmark::kernels::cuda {

// Throws Error: kOutOfMemory where the device has none left, else kDevice. `action` completes "CUDA
// failed to ...".
void check(cudaError_t status, const char* action);

}  // namespace pressmark::kernels::cuda
