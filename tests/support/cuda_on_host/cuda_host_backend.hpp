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

}  // namespace pressmark::test
