// SPDX-License-Identifier: Apache-2.0
#include "kernels/backends.hpp"
#include "tests/support/cuda_on_host/cuda_host_backend.hpp"

namespace pressmark::test {
namespace {

const struct Registration {
  Registration() { kernels::register_device("cuda-host", &make_cuda_host_backend); }
} registration;

}  // namespace
}  // namespace pressmark::test
