// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the header of this path where kernels are compiled for the CPU. Takes memory and
// counts as a launch, so that both can fail.
#pragma once

#include <thrust/execution_policy.h>

#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::kernels::cuda {

template <class Algorithm>
void run_in_stream(Lane& lane, const Algorithm& algorithm) {
  const DeviceBuffer<char> scratch = lane.allocate<char>(1);
  check(cuda_on_host::begin_call(cuda_on_host::DeviceCall::kLaunch), "run an algorithm of Thrust");
  algorithm(thrust::cpp::par);
}

}  // namespace pressmark::kernels::cuda
