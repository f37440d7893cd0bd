// SPDX-License-Identifier: Apache-2.0
//
// Codes of a batch of images whose numbers of keypoints only the device knows.
#pragma once

#include <cstdint>

#include "kernels/cuda/code_sets.hpp"

namespace pressmark::kernels::cuda {

// The rows of each image as a set; first: DeviceFeatures::first.
DeviceBuffer<CodeSet> sets_of_rows(Lane& lane, const DeviceBuffer<int>& first);

// The first `each` codes of every set, so many rows of kLocalCodeSize for each; zeros where a set
// has fewer. codes: rows of kLocalCodeSize.
DeviceBuffer<std::int8_t> leading_codes(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                                        const DeviceBuffer<CodeSet>& sets, std::size_t each);

}  // namespace pressmark::kernels::cuda
