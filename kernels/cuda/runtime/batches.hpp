// SPDX-License-Identifier: Apache-2.0
//
// Batches as large as device memory allows.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/cuda/runtime/lane_pool.hpp"
#include "pressmark/error.hpp"

namespace pressmark::kernels::cuda {

// Works batches of at most `most` items off on lanes. A batch that device memory does not suffice
// for is halved; throws Error, kOutOfMemory, where it does not suffice for one item.
// work(lane, first, count).
template <class Work>
void in_batches(LanePool& lanes, std::size_t items, std::size_t most, const Work& work) {
  for (std::size_t first = 0; first < items;) {
    const std::size_t count = std::min(most, items - first);
    try {
      lanes.run([&](Lane& lane) { work(lane, first, count); });
      first += count;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kOutOfMemory || count == 1) throw;
      most = count / 2;
    }
  }
}

}  // namespace pressmark::kernels::cuda
