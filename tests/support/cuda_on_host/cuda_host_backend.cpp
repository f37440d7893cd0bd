// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_on_host/cuda_host_backend.hpp"

#include <cuda_runtime.h>

#include <atomic>

#include "kernels/cuda/cuda_backend.hpp"

namespace cuda_on_host {
namespace {

std::atomic<long> allocations_left = -1;

}  // namespace

void fail_allocation_after(long calls) {
  allocations_left = calls;
}

bool may_allocate() {
  if (allocations_left < 0) return true;
  return allocations_left.fetch_sub(1) > 0;
}

}  // namespace cuda_on_host

namespace pressmark::test {

std::unique_ptr<kernels::Backend> make_cuda_host_backend() {
  return kernels::make_cuda_backend(0);
}

void set_thread_order_of_kernels(cuda_on_host::ThreadOrder order) {
  cuda_on_host::set_thread_order(order);
}

void fail_device_allocation_after(long calls) {
  cuda_on_host::fail_allocation_after(calls);
}

}  // namespace pressmark::test
