// SPDX-License-Identifier: Apache-2.0
//
// The memory of the device that the CPU stands in for, and calls of CUDA's runtime that fail: for
// tests. Thread-safe.
#pragma once

#include <cstddef>

#include "pressmark/export.hpp"

namespace cuda_on_host {

// Calls by what they do; kCopy: clears memory, too.
enum class DeviceCall { kAllocate, kAllocatePinned, kCopy, kLaunch, kSynchronise };

enum class DeviceFailure {
  kOutOfMemory,    // cudaErrorMemoryAllocation, once
  kUnknown,        // cudaErrorUnknown, once
  kUnknownForGood  // cudaErrorUnknown, and so does every later call of any kind, as where a kernel
                   // has broken the context
};

// The next `calls` calls of this kind succeed, the one after them fails and does nothing.
PRESSMARK_API void fail_device_call(DeviceCall call, long calls, DeviceFailure failure);

// Calls of this kind since the last repair_device().
PRESSMARK_API long device_calls(DeviceCall call);

// Whether the one that fails has come.
PRESSMARK_API bool has_device_failed();

// Allocations that would take more than so many bytes of device memory in all fail.
PRESSMARK_API void limit_device_memory(std::size_t bytes);

// Takes back all failures and limits.
PRESSMARK_API void repair_device();

struct DeviceMemory {
  std::size_t buffers = 0, bytes = 0;  // in use
  std::size_t most_bytes = 0;          // since the last repair_device()
};
PRESSMARK_API DeviceMemory device_memory();

}  // namespace cuda_on_host
