// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dense_field.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/math/bilinear.hpp"

namespace pressmark::kernels::cpu {

std::complex<float> DenseField::sample(float x, float y) const {
  const auto limit = static_cast<float>(side);
  if (!(x > -1 && y > -1 && x < limit && y < limit)) return 0;
  if (x >= 0 && y >= 0 && x < limit - 1 && y < limit - 1) {
    return bilinear(x, y, [&](int column, int row) { return at(column, row); });
  }
  return bilinear(x, y, [&](int column, int row) {
    return column < 0 || row < 0 || column >= side || row >= side ? std::complex<float>(0)
                                                                  : at(column, row);
  });
}

double DenseField::squared_norm() const {
  double sum = 0;
  for (const std::complex<float>& value : values) sum += static_cast<double>(std::norm(value));
  return sum;
}

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
