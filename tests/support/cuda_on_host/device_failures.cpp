// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_on_host/device_failures.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace cuda_on_host {
namespace {

struct Device {
  std::mutex mutex;
  DeviceCall call = DeviceCall::kAllocate;
  DeviceFailure failure = DeviceFailure::kUnknown;
  long calls_left = -1;  // of this kind; negative: no more failure
  bool has_failed = false, is_broken = false;
  std::array<long, 5> calls{};  // by kind
  std::size_t limit_bytes = SIZE_MAX;
  DeviceMemory memory;
  std::unordered_map<void*, std::size_t> sizes;  // bytes of buffers in use
};

// Buffers of static objects are freed after main().
Device& device() {
  static auto* const instance = new Device;
  return *instance;
}

}  // namespace

void fail_device_call(DeviceCall call, long calls, DeviceFailure failure) {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  at.call = call;
  at.failure = failure;
  at.calls_left = calls;
  at.has_failed = at.is_broken = false;
}

long device_calls(DeviceCall call) {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  return at.calls[static_cast<std::size_t>(call)];
}

bool has_device_failed() {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  return at.has_failed;
}

void limit_device_memory(std::size_t bytes) {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  at.limit_bytes = bytes;
}

void repair_device() {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  at.calls_left = -1;
  at.has_failed = at.is_broken = false;
  at.limit_bytes = SIZE_MAX;
  at.calls = {};
  at.memory.most_bytes = at.memory.bytes;
}

DeviceMemory device_memory() {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  return at.memory;
}

cudaError_t begin_call(DeviceCall call) {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  ++at.calls[static_cast<std::size_t>(call)];
  if (at.is_broken) return cudaErrorUnknown;
  if (call != at.call || at.calls_left < 0 || at.calls_left-- > 0) return cudaSuccess;
  at.has_failed = true;
  at.is_broken = at.failure == DeviceFailure::kUnknownForGood;
  return at.failure == DeviceFailure::kOutOfMemory ? cudaErrorMemoryAllocation : cudaErrorUnknown;
}

cudaError_t any_call() {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  return at.is_broken ? cudaErrorUnknown : cudaSuccess;
}

cudaError_t allocate(void** address, std::size_t bytes) {
  *address = nullptr;
  if (const cudaError_t status = begin_call(DeviceCall::kAllocate); status != cudaSuccess) {
    return status;
  }
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  if (bytes > at.limit_bytes || at.memory.bytes > at.limit_bytes - bytes) {
    return cudaErrorMemoryAllocation;
  }
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(memory, 0xff, bytes);
  at.sizes.emplace(memory, bytes);
  ++at.memory.buffers;
  at.memory.bytes += bytes;
  at.memory.most_bytes = std::max(at.memory.most_bytes, at.memory.bytes);
  *address = memory;
  return cudaSuccess;
}

cudaError_t free_memory(void* address) {
  Device& at = device();
  const std::scoped_lock lock(at.mutex);
  const auto found = at.sizes.find(address);
  if (found == at.sizes.end()) std::abort();
  --at.memory.buffers;
  at.memory.bytes -= found->second;
  at.sizes.erase(found);
  std::free(address);
  return at.is_broken ? cudaErrorUnknown : cudaSuccess;
}

}  // namespace cuda_on_host
