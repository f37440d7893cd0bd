// SPDX-License-Identifier: Apache-2.0
//
// Spectra of dense fields as the search for dense codes multiplies them: Hartley's, in integers
// (kernels/math/dense_search.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/aligned.hpp"
#include "kernels/cpu/dense_sampling.hpp"

namespace pressmark::kernels::cpu {

// Transforms up to kLanes fields side by side. Not thread-safe.
class FieldSpectra {
 public:
  static constexpr std::size_t kLanes = 16;

  // middle: where the fields' middles come to lie (dense_search.hpp).
  explicit FieldSpectra(int middle);

  // Of the field in a lane, 2 x kFieldCells, to be written before transform().
  float* cells(std::size_t lane) { return cells_.data() + lane * 2 * kFieldCells; }

  // Of the fields in the first `lanes` lanes.
  void transform(std::size_t lanes);

  // Row ky of what was transformed: kPeriod x 2 (spectra of real and of imaginary parts) x kLanes,
  // other lanes zeros. Valid until the next call.
  const std::int32_t* row(int ky);

 private:
  int middle_;
  AlignedVector<float> cells_, plane_;
  std::array<float, kLanes> factors_{};
  AlignedVector<std::int32_t> row_;
};

}  // namespace pressmark::kernels::cpu
