// SPDX-License-Identifier: Apache-2.0
//
// Spectra of dense fields as the search for dense codes multiplies them: Hartley's, in integers
// (kernels/math/dense_search.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/aligned.hpp"
#include "kernels/cpu/dense_field.hpp"

namespace pressmark::kernels::cpu {

// Transforms up to kLanes fields side by side. Not thread-safe.
class FieldSpectra {
 public:
  static constexpr std::size_t kLanes = 16;

  // middle: where the fields' middles come to lie (dense_search.hpp).
  explicit FieldSpectra(int middle);

  // field: of dense_search::kSide cells per side.
  void place(const DenseField& field, std::size_t lane);

  // Of the fields that were placed since the last call; other lanes hold zeros. kFrequencies (ky
  // kPeriod + kx) x 2 (spectra of real and of imaginary parts) x kLanes.
  const std::int32_t* transform();

 private:
  int middle_;
  AlignedVector<float> plane_;
  std::array<float, kLanes> factors_{};
  AlignedVector<std::int32_t> values_;
};

}  // namespace pressmark::kernels::cpu
