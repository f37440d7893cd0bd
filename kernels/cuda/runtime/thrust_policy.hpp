// SPDX-License-Identifier: Apache-2.0
//
// Runs Thrust's algorithms on raw pointers in a lane's stream: thrust::sort(in_stream(lane,
// scratch), ...). They take their scratch memory from the lane and return before they are done.
#pragma once

#include <thrust/execution_policy.h>

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

// `scratch` must outlive the call.
inline auto in_stream(Lane& lane, ScratchAllocator& scratch) {
  return thrust::cuda::par_nosync(scratch).on(lane.stream());
}

}  // namespace pressmark::kernels::cuda
