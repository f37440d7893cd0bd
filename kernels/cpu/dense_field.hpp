// SPDX-License-Identifier: Apache-2.0
//
// Fields of doubled angles on square grids.
#pragma once

#include <complex>
#include <vector>

#include "kernels/cpu/dense.hpp"

namespace pressmark::kernels::cpu {

struct DenseField {
  int side = 0;
  std::vector<std::complex<float>> values;  // side x side

  explicit DenseField(int cells)
      : side(cells), values(static_cast<std::size_t>(cells) * static_cast<std::size_t>(cells)) {}

  std::complex<float>& at(int x, int y) {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
                  static_cast<std::size_t>(x)];
  }
  std::complex<float> at(int x, int y) const {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) +
                  static_cast<std::size_t>(x)];
  }
};

DenseField field_of(const DenseCode& code);

// Means of 2 x 2 cells.
DenseField halved(const DenseField& field);

}  // namespace pressmark::kernels::cpu
