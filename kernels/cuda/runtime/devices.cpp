// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/runtime/devices.hpp"

#include <cuda_runtime.h>

namespace pressmark::kernels::cuda {

Devices find_devices() {
  Devices devices;
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    int driver = 0;
    const bool has_driver = cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
    devices.why_none = has_driver ? cudaGetErrorString(status) : "no CUDA driver is installed";
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
