// SPDX-License-Identifier: Apache-2.0
//
// Codes of descriptors in device memory.
#pragma once

#include <cstdint>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct DeviceWhitening {
  DeviceBuffer<float> mean;        // kDescriptorSize
  DeviceBuffer<float> projection;  // transposed: kDescriptorSize x kLocalCodeSize
};
DeviceWhitening upload_whitening(Lane& lane, const Whitening& whitening);

// rows x kLocalCodeSize, rows as many as `descriptors` has; those from *d_rows on stay without
// values.
DeviceBuffer<std::int8_t> embed(Lane& lane, const DeviceBuffer<float>& descriptors,
                                const int* d_rows, const DeviceWhitening& whitening);

}  // namespace pressmark::kernels::cuda
