// SPDX-License-Identifier: Apache-2.0
//
// The backend of a device that fails for good after some photos: until then it is the CPU's.
#pragma once

#include <memory>

#include "kernels/ops.hpp"

namespace pressmark::test {

// Of backends made from now on: describing more than `photos` photos throws Error, kDevice;
// negative: none fails.
void fail_backends_after(int photos);

// name(): "failing"; images_at_once(): 2. For kernels::register_device.
std::unique_ptr<kernels::Backend> make_failing_backend();

}  // namespace pressmark::test
