// SPDX-License-Identifier: Apache-2.0
//
// A dense code at half its resolution, turned and shrunk about its centre.
#pragma once

#include <cstddef>

#include "kernels/cpu/aligned.hpp"
#include "kernels/math/dense_search.hpp"
#include "kernels/math/field_turn.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cpu {

// Real parts, then imaginary parts of kSide x kSide cells, row by row.
inline constexpr std::size_t kFieldCells =
    static_cast<std::size_t>(dense_search::kSide) * dense_search::kSide;

class FieldSampler {
 public:
  FieldSampler();

  // Means of 2 x 2 cells of the code.
  void take(const DenseCode& code);

  // Bilinear, 0 outside; values turn by twice the angle, and are averaged over the cells that
  // become one. To `cells` (2 x kFieldCells). 0 < shrink <= 1.
  void turn(float rotation_rad, float shrink, float* cells);

 private:
  // Both parts with a border of zeros: row by row, and column by column.
  AlignedVector<float> rows_, columns_;
};

}  // namespace pressmark::kernels::cpu
