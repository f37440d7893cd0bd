// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dense_field.hpp"

namespace pressmark::kernels::cpu {

DenseField field_of(const DenseCode& code) {
  DenseField field(kDenseSide);
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    field.values[i] = {static_cast<float>(code.values[i]),
                       static_cast<float>(code.values[i + field.values.size()])};
  }
  return field;
}

DenseField halved(const DenseField& field) {
  DenseField half(field.side / 2);
  for (int y = 0; y < half.side; ++y) {
    for (int x = 0; x < half.side; ++x) {
      half.at(x, y) = 0.25f * (field.at(2 * x, 2 * y) + field.at(2 * x + 1, 2 * y) +
                               field.at(2 * x, 2 * y + 1) + field.at(2 * x + 1, 2 * y + 1));
    }
  }
  return half;
}

}  // namespace pressmark::kernels::cpu
