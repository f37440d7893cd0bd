// SPDX-License-Identifier: Apache-2.0
#include "tests/support/cuda_on_host/cuda_host_backend.hpp"

#include "kernels/cuda/cuda_backend.hpp"

namespace pressmark::test {

std::unique_ptr<kernels::Backend> make_cuda_host_backend() {
  return kernels::make_cuda_backend(0);
}

void set_thread_order_of_kernels(cuda_on_host::ThreadOrder order) {
  cuda_on_host::set_thread_order(order);
}

}  // namespace pressmark::test
