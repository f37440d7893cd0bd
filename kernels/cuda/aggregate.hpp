// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/code_sets.hpp"
#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct DeviceAggregation {
  int words = 0, global_size = 0;  // of results: words * kLocalCodeSize without a projection
  DeviceBuffer<float> centroids;   // words x kLocalCodeSize
  DeviceBuffer<float> mean;        // words * kLocalCodeSize, or none
  DeviceBuffer<float> projection;  // global_size x (words * kLocalCodeSize), or none
};

DeviceAggregation upload_aggregation(Lane& lane, const Aggregation& aggregation);

// One vector for each set: sets x global_size. codes: rows of kLocalCodeSize, those of the sets one
// after the other; rows beyond the last set's are not read. Does not wait for the stream.
DeviceBuffer<float> aggregate(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                              const DeviceBuffer<CodeSet>& sets,
                              const DeviceAggregation& aggregation);

}  // namespace pressmark::kernels::cuda
