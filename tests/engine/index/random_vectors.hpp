// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace pressmark::index {

// `rows` x `dimension`, each row of unit length.
inline std::vector<float> random_unit_rows(std::size_t rows, std::size_t dimension,
                                           std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(rows * dimension);
  for (std::size_t row = 0; row < rows; ++row) {
    double squared = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      const double value = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
      values[row * dimension + d] = static_cast<float>(value);
      squared += value * value;
    }
    for (std::size_t d = 0; d < dimension; ++d) {
      values[row * dimension + d] /= static_cast<float>(std::sqrt(squared));
    }
  }
  return values;
}

}  // namespace pressmark::index
