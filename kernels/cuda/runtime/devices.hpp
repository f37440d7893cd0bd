// SPDX-License-Identifier: Apache-2.0
//
// Which devices this machine has, found out without anything that could abort the process.
#pragma once

#include <string>
#include <vector>

namespace pressmark::kernels::cuda {

struct Device {
  int ordinal = 0;
  std::string name;
  int major = 0, minor = 0;  // compute capability
};

struct Devices {
  std::vector<Device> usable;
  std::string why_none;  // where there are none: what the runtime says
};

Devices find_devices();

}  // namespace pressmark::kernels::cuda
