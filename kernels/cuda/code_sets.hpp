// SPDX-License-Identifier: Apache-2.0
//
// Codes of several photos in device memory, one set after the other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Codes [first, first + count) of all.
struct CodeSet {
  std::int64_t first = 0;
  int count = 0;
};

struct CodeSets {
  std::vector<CodeSet> sets;
  std::int64_t count = 0;  // of all
  DeviceBuffer<CodeSet> device_sets;
  DeviceBuffer<std::int8_t> codes;   // count x kLocalCodeSize, rows aligned to 64 bytes
  DeviceBuffer<Keypoint> keypoints;  // count, or none

  std::size_t size() const { return sets.size(); }
  // Rows as four vectors of 16 elements.
  const int4* code_rows() const { return reinterpret_cast<const int4*>(codes.data()); }
};

CodeSets upload_codes(Lane& lane, std::span<const std::span<const std::int8_t>> codes);

// With keypoints.
CodeSets upload_codes(Lane& lane, std::span<const CodesView> views);

}  // namespace pressmark::kernels::cuda
