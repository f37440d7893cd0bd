// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct DeviceVocabulary {
  int words = 0;
  DeviceBuffer<std::int8_t> centroids;  // words x kLocalCodeSize
  DeviceBuffer<std::int32_t> norms;     // squared lengths
};

DeviceVocabulary upload_vocabulary(Lane& lane, const Vocabulary& vocabulary);

// Words of all codes (rows of kLocalCodeSize): codes x `nearest` each. Does not wait for the
// stream.
struct DeviceAssignment {
  DeviceBuffer<std::uint16_t> same, inverted;
};
DeviceAssignment assign(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                        const DeviceVocabulary& vocabulary, int even_size, int nearest);

}  // namespace pressmark::kernels::cuda
