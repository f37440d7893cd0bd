// SPDX-License-Identifier: Apache-2.0
//
// The rows of a flat index in fp16 on one or several GPUs, by FAISS. Only in builds whose FAISS has
// indexes for GPUs (cmake/PressmarkDependencies.cmake finds out). This code has been compiled
// against FAISS's headers (tools/check-faiss-gpu), but it has not run on a GPU yet.
#pragma once

#include <memory>

#include "engine/index/device_search.hpp"

namespace pressmark::index {

// On CUDA device `device`; where its memory does not suffice, also on others that CUDA sees.
std::unique_ptr<DeviceSearch> make_gpu_flat_search(int device, int dimension);

}  // namespace pressmark::index
