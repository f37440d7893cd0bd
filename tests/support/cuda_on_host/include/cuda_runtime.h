// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the CUDA toolkit's header of this name where kernels are compiled for the CPU: the
// words of the language that kernels/cuda uses, and the calls of its runtime. Device memory is heap
// memory filled with 0xff, streams do their work at once. Tests make calls fail
// (device_failures.hpp).
#pragma once

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>

#include "tests/support/cuda_on_host/device_failures.hpp"
#include "tests/support/cuda_on_host/runner.hpp"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

using dim3 = cuda_on_host::Dimensions;

#define threadIdx (::cuda_on_host::identity().thread)
#define blockIdx (::cuda_on_host::identity().block)
#define blockDim (::cuda_on_host::identity().block_size)
#define gridDim (::cuda_on_host::identity().grid_size)
inline constexpr int warpSize = 32;

struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) int2 {
  int x, y;
};
struct alignas(16) int4 {
  int x, y, z, w;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) double2 {
  double x, y;
};
inline float2 make_float2(float x, float y) {
  return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
  return {x, y, z, w};
}
inline int2 make_int2(int x, int y) {
  return {x, y};
}
inline int4 make_int4(int x, int y, int z, int w) {
  return {x, y, z, w};
}
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
  return {x, y, z, w};
}
inline double2 make_double2(double x, double y) {
  return {x, y};
}

// A place in the source, taken where the default argument is used.
#define PRESSMARK_SITE ::cuda_on_host::Site site = {__builtin_FILE(), __builtin_LINE()}

inline void __syncthreads(PRESSMARK_SITE) {
  cuda_on_host::block_barrier(false, site);
}
inline int __syncthreads_count(int predicate, PRESSMARK_SITE) {
  return cuda_on_host::block_barrier(predicate != 0, site);
}
inline int __syncthreads_or(int predicate, PRESSMARK_SITE) {
  return cuda_on_host::block_barrier(predicate != 0, site) > 0 ? 1 : 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, PRESSMARK_SITE) {
  cuda_on_host::warp_exchange(cuda_on_host::WarpOperation::kBarrier, mask, 0, 0, site);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, PRESSMARK_SITE) {
  return static_cast<unsigned>(cuda_on_host::warp_exchange(cuda_on_host::WarpOperation::kBallot,
                                                           mask, predicate != 0 ? 1 : 0, 0, site));
}
inline int __any_sync(unsigned mask, int predicate, PRESSMARK_SITE) {
  return __ballot_sync(mask, predicate, site) != 0 ? 1 : 0;
}
inline int __all_sync(unsigned mask, int predicate, PRESSMARK_SITE) {
  return __ballot_sync(mask, predicate, site) == mask ? 1 : 0;
}

namespace cuda_on_host {

template <class Value>
Value shuffle(unsigned mask, Value value, int source_lane, Site site) {
  return value_of<Value>(
      warp_exchange(WarpOperation::kShuffle, mask, bits_of(value), source_lane, site));
}

inline int lane() {
  return static_cast<int>(identity().lane);
}

}  // namespace cuda_on_host

template <class Value>
Value __shfl_sync(unsigned mask, Value value, int source, int width = 32, PRESSMARK_SITE) {
  const int first = cuda_on_host::lane() & ~(width - 1);
  return cuda_on_host::shuffle(mask, value, first + (source & (width - 1)), site);
}
template <class Value>
Value __shfl_down_sync(unsigned mask, Value value, unsigned delta, int width = 32, PRESSMARK_SITE) {
  const int lane = cuda_on_host::lane(), steps = static_cast<int>(delta);
  const bool stays = (lane & (width - 1)) + steps < width;
  return cuda_on_host::shuffle(mask, value, stays ? lane + steps : lane, site);
}
template <class Value>
Value __shfl_up_sync(unsigned mask, Value value, unsigned delta, int width = 32, PRESSMARK_SITE) {
  const int lane = cuda_on_host::lane(), steps = static_cast<int>(delta);
  const bool stays = (lane & (width - 1)) >= steps;
  return cuda_on_host::shuffle(mask, value, stays ? lane - steps : lane, site);
}
template <class Value>
Value __shfl_xor_sync(unsigned mask, Value value, int lanes, int width = 32, PRESSMARK_SITE) {
  const int lane = cuda_on_host::lane(), source = lane ^ lanes;
  const bool stays = source < (lane & ~(width - 1)) + width;
  return cuda_on_host::shuffle(mask, value, stays ? source : lane, site);
}
// Of whole warps only.
template <class Value>
Value __reduce_add_sync(unsigned mask, Value value, PRESSMARK_SITE) {
  static_assert(std::is_same_v<Value, int> || std::is_same_v<Value, unsigned>);
  if (mask != 0xffffffffu) std::abort();
  auto sum = static_cast<unsigned>(value);
  for (int lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(mask, sum, lanes, 32, site);
  return static_cast<Value>(sum);
}
#undef PRESSMARK_SITE

inline void __threadfence() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}
inline void __threadfence_block() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Atomics of integers alone: sums of floats in any order would not be deterministic.
template <class Value>
Value atomicAdd(Value* address, Value value) {
  static_assert(std::is_integral_v<Value>);
  return std::atomic_ref(*address).fetch_add(value, std::memory_order_relaxed);
}
template <class Value>
Value atomicOr(Value* address, Value value) {
  return std::atomic_ref(*address).fetch_or(value, std::memory_order_relaxed);
}
template <class Value>
Value atomicAnd(Value* address, Value value) {
  return std::atomic_ref(*address).fetch_and(value, std::memory_order_relaxed);
}
template <class Value>
Value atomicExch(Value* address, Value value) {
  return std::atomic_ref(*address).exchange(value, std::memory_order_relaxed);
}
template <class Value>
Value atomicCAS(Value* address, Value expected, Value value) {
  std::atomic_ref(*address).compare_exchange_strong(expected, value, std::memory_order_relaxed);
  return expected;
}
namespace cuda_on_host {

// Puts `value` in place of one that compares as `is_worse(old, value)`; returns the old one.
template <class Value, class IsWorse>
Value replace_worse(Value* address, Value value, IsWorse is_worse) {
  const std::atomic_ref place(*address);
  Value before = place.load(std::memory_order_relaxed);
  while (is_worse(before, value) &&
         !place.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
  return before;
}

}  // namespace cuda_on_host

template <class Value>
Value atomicMax(Value* address, Value value) {
  return cuda_on_host::replace_worse(address, value, std::less<>());
}
template <class Value>
Value atomicMin(Value* address, Value value) {
  return cuda_on_host::replace_worse(address, value, std::greater<>());
}

inline int __popc(unsigned bits) {
  return __builtin_popcount(bits);
}
inline int __popcll(unsigned long long bits) {
  return __builtin_popcountll(bits);
}
inline int __clz(int bits) {
  return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits));
}
inline int __ffs(int bits) {
  return __builtin_ffs(bits);
}
// The lower half of (high, low) moved to the right by `bits` modulo 32.
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned bits) {
  const std::uint64_t both = (std::uint64_t{high} << 32) | low;
  return static_cast<unsigned>(both >> (bits % 32));
}
template <class Value>
Value __ldg(const Value* address) {
  return *address;
}
// Sum of the products of four signed bytes, and c.
inline int __dp4a(int a, int b, int c) {
  for (int shift = 0; shift < 32; shift += 8) {
    c += static_cast<std::int8_t>(static_cast<unsigned>(a) >> shift) *
         static_cast<std::int8_t>(static_cast<unsigned>(b) >> shift);
  }
  return c;
}
inline float __uint_as_float(unsigned bits) {
  return cuda_on_host::value_of<float>(bits);
}
inline unsigned __float_as_uint(float value) {
  return static_cast<unsigned>(cuda_on_host::bits_of(value));
}
inline int __float_as_int(float value) {
  return static_cast<int>(__float_as_uint(value));
}
inline float __int_as_float(int bits) {
  return __uint_as_float(static_cast<unsigned>(bits));
}

// --- The runtime.

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorNoDevice = 100,
  cudaErrorUnknown = 999,
};
using cudaError = cudaError_t;
enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
};
enum cudaFuncAttribute {
  cudaFuncAttributeMaxDynamicSharedMemorySize,
  cudaFuncAttributePreferredSharedMemoryCarveout,
};
inline constexpr int cudaSharedmemCarveoutMaxShared = 100;
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold };
inline constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;

struct cudaStreamOfHost;
using cudaStream_t = cudaStreamOfHost*;
struct cudaEventOfHost;
using cudaEvent_t = cudaEventOfHost*;
struct cudaMemPoolOfHost;
using cudaMemPool_t = cudaMemPoolOfHost*;
struct cudaLaunchAttribute;

struct cudaDeviceProp {
  char name[256];
  int major, minor, multiProcessorCount;
  std::size_t totalGlobalMem;
};
// The toolkit names the first two as the running thread's own, which are macros here.
struct cudaLaunchConfig_t {
  dim3 grid, block;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned numAttrs;
};

namespace cuda_on_host {

// What the call is to return; it does nothing where that is an error. Of those of no kind that can
// fail by themselves: any_call().
cudaError_t begin_call(DeviceCall call);
cudaError_t any_call();

cudaError_t allocate(void** address, std::size_t bytes);
cudaError_t free_memory(void* address);

}  // namespace cuda_on_host

inline const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaSuccess                 ? "cudaSuccess"
         : error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
                                              : "cudaErrorUnknown";
}
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess                 ? "no error"
         : error == cudaErrorMemoryAllocation ? "out of memory"
                                              : "unknown error";
}
inline cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
inline cudaError_t cudaPeekAtLastError() {
  return cudaSuccess;
}
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int) {
  return cuda_on_host::any_call();
}
inline cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"threads of CUDA as fibres", 0, 0, 1, std::size_t{1} << 32};
  return cudaSuccess;
}
inline cudaError_t cudaDriverGetVersion(int* version) {
  *version = 0;
  return cudaSuccess;
}
inline cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 0;
  return cudaSuccess;
}
inline cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  *free_bytes = *total_bytes = std::size_t{1} << 30;
  return cudaSuccess;
}

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const cudaError_t status = cuda_on_host::any_call();
  if (status != cudaSuccess) return status;
  *stream = static_cast<cudaStream_t>(std::malloc(1));
  return *stream != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  std::free(stream);
  return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return cuda_on_host::begin_call(cuda_on_host::DeviceCall::kSynchronise);
}
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = static_cast<cudaEvent_t>(std::malloc(1));
  return *event != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event) {
  std::free(event);
  return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaSuccess;
}
inline cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 0;
  return cudaSuccess;
}

inline cudaError_t cudaMallocFromPoolAsync(void** address, std::size_t bytes, cudaMemPool_t,
                                           cudaStream_t) {
  return cuda_on_host::allocate(address, bytes);
}
inline cudaError_t cudaFreeAsync(void* address, cudaStream_t) {
  return cuda_on_host::free_memory(address);
}
inline cudaError_t cudaMallocHost(void** address, std::size_t bytes) {
  const cudaError_t status = cuda_on_host::begin_call(cuda_on_host::DeviceCall::kAllocatePinned);
  *address = status == cudaSuccess ? std::malloc(bytes) : nullptr;
  return status != cudaSuccess ? status
         : *address != nullptr ? cudaSuccess
                               : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFreeHost(void* address) {
  std::free(address);
  return cudaSuccess;
}
inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}
inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return cudaSuccess;
}
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                                   cudaStream_t) {
  const cudaError_t status = cuda_on_host::begin_call(cuda_on_host::DeviceCall::kCopy);
  if (status == cudaSuccess && bytes > 0) std::memcpy(to, from, bytes);
  return status;
}
inline cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  const cudaError_t status = cuda_on_host::begin_call(cuda_on_host::DeviceCall::kCopy);
  if (status == cudaSuccess && bytes > 0) std::memset(to, value, bytes);
  return status;
}
template <class Function>
cudaError_t cudaFuncSetAttribute(Function*, cudaFuncAttribute, int) {
  return cudaSuccess;
}
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* launch, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  const cudaError_t status = cuda_on_host::begin_call(cuda_on_host::DeviceCall::kLaunch);
  if (status != cudaSuccess) return status;
  cuda_on_host::launch(kernel, launch->grid, launch->block, launch->dynamicSmemBytes,
                       std::forward<Arguments>(arguments)...);
  return cudaSuccess;
}
