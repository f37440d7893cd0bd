// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime/devices.hpp"

#include <cuda_runtime.h>

namespace pressmark::kernels::cuda {

Devices find_devices() {
  Devices devices;
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    devices.why_none = cudaGetErrorString(status);
    static_cast<void>(cudaGetLastError());
    return devices;
  }
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, ordinal) != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
      continue;
    }
    devices.usable.push_back({ordinal, properties.name, properties.major, properties.minor});
  }
  if (devices.usable.empty()) devices.why_none = "no CUDA-capable device is detected";
  return devices;
}

}  // namespace pressmark::kernels::cuda
