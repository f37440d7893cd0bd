// SPDX-License-Identifier: Apache-2.0
//
// Devices by name. Which ones a build has is decided in backends.cpp, and nowhere else.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "kernels/ops.hpp"
#include "pressmark/export.hpp"

namespace pressmark::kernels {

// device: "cpu"; "cuda" or "cuda:N", the first or the N-th CUDA device; "auto", the first CUDA
// device that works, else the CPU. Backend::name() says what was chosen. Throws Error:
// kInvalidArgument (no such name), kUnsupported (not in this build), kDevice (there is none, or it
// does not work).
std::unique_ptr<Backend> make_backend(std::string_view device);

// Adds a device, for tests: make_backend(name) calls `make`. Not while another thread makes
// backends.
PRESSMARK_API void register_device(const std::string& name, std::unique_ptr<Backend> (*make)());

}  // namespace pressmark::kernels
