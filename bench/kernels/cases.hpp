// SPDX-License-Identifier: Apache-2.0
//
// The functions of kernels/cuda that are timed, with what they need.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "bench/kernels/peaks.hpp"
#include "kernels/cuda/runtime/lane.hpp"

namespace pressmark::bench {

// Of one item, as the header comments of the kernels say: point 5, and point 1 where that has no
// number. Bytes go through device memory even with caches that lose nothing.
struct Need {
  double bytes = 0, operations = 0;
  Rate rate = Rate::kFp32;
};

struct Case {
  const char* name;
  const char* unit;   // of an item
  std::size_t items;  // a call
  Need need;
  // Uploads inputs; the result puts a call's work into the lane's stream.
  std::function<std::function<void()>(kernels::cuda::Lane&)> prepare;
};

std::vector<Case> all_cases();

}  // namespace pressmark::bench
