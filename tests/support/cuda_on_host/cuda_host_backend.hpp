// SPDX-License-Identifier: Apache-2.0
//
// The CUDA backend of kernels/cuda, its kernels run by the CPU: for tests.
#pragma once

#include <memory>

#include "kernels/ops.hpp"
#include "pressmark/export.hpp"
#include "tests/support/cuda_on_host/runner.hpp"

namespace pressmark::test {

// name(): "cuda-host".
PRESSMARK_API std::unique_ptr<kernels::Backend> make_cuda_host_backend();

// Of all kernels from now on.
PRESSMARK_API void set_thread_order_of_kernels(cuda_on_host::ThreadOrder order);

// The next `calls` allocations of device memory succeed, the one after them fails; negative: none
// does.
PRESSMARK_API void fail_device_allocation_after(long calls);

}  // namespace pressmark::test
