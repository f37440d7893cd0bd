// SPDX-License-Identifier: Apache-2.0
//
// The backend on one CUDA device.
#pragma once

#include <memory>
#include <string>

#include "kernels/ops.hpp"

namespace pressmark::kernels {

// Throws Error, kDevice, saying what is missing, where device `ordinal` cannot be used. Devices:
// kernels/cuda/runtime/devices.hpp.
std::unique_ptr<Backend> make_cuda_backend(int ordinal);

}  // namespace pressmark::kernels
