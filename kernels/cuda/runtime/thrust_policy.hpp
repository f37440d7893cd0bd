// SPDX-License-Identifier: Apache-2.0
//
// Runs Thrust's algorithms on raw pointers in a lane's stream: run_in_stream(lane, [&](const auto&
// policy) { thrust::sort(policy, ...); }). They take their scratch memory from the lane and return
// before they are done.
#pragma once

#include <thrust/execution_policy.h>
#include <thrust/system_error.h>

#include <cstddef>
#include <map>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

// What Thrust asks for memory, for the time of one call.
class ScratchAllocator {
 public:
  using value_type = char;

  explicit ScratchAllocator(Lane& lane) : lane_(&lane) {}

  char* allocate(std::ptrdiff_t bytes) {
    DeviceBuffer<char> buffer = lane_->allocate<char>(static_cast<std::size_t>(bytes));
    char* const address = buffer.data();
    buffers_.emplace(address, std::move(buffer));
    return address;
  }
  void deallocate(char* address, std::size_t) { buffers_.erase(address); }

 private:
  Lane* lane_;
  std::map<char*, DeviceBuffer<char>> buffers_;
};

// Errors: Error, as check() throws it; Thrust has an exception of its own for what the device does.
template <class Algorithm>
void run_in_stream(Lane& lane, const Algorithm& algorithm) {
  ScratchAllocator scratch(lane);
  try {
    algorithm(thrust::cuda::par_nosync(scratch).on(lane.stream()));
  } catch (const thrust::system_error& error) {
    if (error.code().category() != thrust::cuda_category()) throw;
    check(static_cast<cudaError_t>(error.code().value()), "run an algorithm of Thrust");
  }
}

}  // namespace pressmark::kernels::cuda
