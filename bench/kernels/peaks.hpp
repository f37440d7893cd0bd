// SPDX-License-Identifier: Apache-2.0
//
// What the current device can give, from its attributes.
#pragma once

#include <cstddef>

namespace pressmark::bench {

// Instructions that a lane of the device issues, one a clock.
enum class Rate { kFp32, kDp4a, kFp64, kInstructions };

const char* to_string(Rate rate);

struct Peaks {
  double bytes_per_s = 0;
  double clocks_per_s = 0;  // of all multiprocessors together
  int major = 0, minor = 0;
  std::size_t cache_bytes = 0;

  double per_s(Rate rate) const;
};

Peaks peaks_of_device();

}  // namespace pressmark::bench
