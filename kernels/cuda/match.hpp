// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/code_sets.hpp"
#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Matches of one query with several candidates in device memory, by query index. Those of candidate
// i under hypothesis h (0: same contrast, 1: inverted) are [offsets[2 i + h], offsets[2 i + h +
// 1]).
struct DeviceMatches {
  DeviceBuffer<CodeMatch> matches;  // as many as there may be
  DeviceBuffer<int> offsets;        // 2 x candidates + 1
};

// query: one set. Does not wait for the stream.
DeviceMatches match(Lane& lane, const CodeSets& query, const CodeSets& candidates, int even_size,
                    float ratio);

}  // namespace pressmark::kernels::cuda
