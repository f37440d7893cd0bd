// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/peaks.hpp"

#include <cuda_runtime.h>

#include "kernels/cuda/runtime/check.hpp"

namespace pressmark::bench {
namespace {

int attribute(cudaDeviceAttr which) {
  int value = 0;
  kernels::cuda::check(cudaDeviceGetAttribute(&value, which, 0), "ask for an attribute");
  return value;
}

}  // namespace

const char* to_string(Rate rate) {
  switch (rate) {
    case Rate::kFp32:
      return "fp32";
    case Rate::kDp4a:
      return "dp4a";
    case Rate::kFp64:
      return "fp64";
    case Rate::kInstructions:
      break;
  }
  return "instructions";
}

// CUDA C++ Programming Guide, "Arithmetic Instructions": results per clock and multiprocessor.
double Peaks::per_s(Rate rate) const {
  const bool is_first_of_8 = major == 8 && minor == 0;
  switch (rate) {
    case Rate::kFp32:
      return clocks_per_s * (is_first_of_8 ? 64 : 128);
    case Rate::kDp4a:
      return clocks_per_s * 64;
    case Rate::kFp64:
      return clocks_per_s * (is_first_of_8 ? 32 : major == 9 ? 64 : 2);
    case Rate::kInstructions:
      break;
  }
  return clocks_per_s * 128;  // four schedulers, a warp each
}

Peaks peaks_of_device() {
  Peaks peaks;
  peaks.major = attribute(cudaDevAttrComputeCapabilityMajor);
  peaks.minor = attribute(cudaDevAttrComputeCapabilityMinor);
  // kHz; two transfers a clock, bits.
  peaks.bytes_per_s =
      2e3 * attribute(cudaDevAttrMemoryClockRate) * attribute(cudaDevAttrGlobalMemoryBusWidth) / 8;
  peaks.clocks_per_s =
      1e3 * attribute(cudaDevAttrClockRate) * attribute(cudaDevAttrMultiProcessorCount);
  peaks.cache_bytes = static_cast<std::size_t>(attribute(cudaDevAttrL2CacheSize));
  return peaks;
}

}  // namespace pressmark::bench
