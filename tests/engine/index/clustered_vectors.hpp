// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "random_vectors.hpp"

namespace pressmark::index {

// `rows` x `dimension` of unit length about `clusters` centres, so that rows have true neighbours;
// the same centres for the same number of clusters.
inline std::vector<float> clustered_unit_rows(std::size_t rows, std::size_t dimension,
                                              std::size_t clusters, std::uint64_t seed) {
  const std::vector<float> centres = random_unit_rows(clusters, dimension, 1000 + clusters);
  std::vector<float> values = random_unit_rows(rows, dimension, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    double squared = 0;
    for (std::size_t d = 0; d < dimension; ++d) {
      float& value = values[row * dimension + d];
      value = 0.8f * value + centres[(row * 7 + seed) % clusters * dimension + d];
      squared += double{value} * double{value};
    }
    for (std::size_t d = 0; d < dimension; ++d) {
      values[row * dimension + d] /= static_cast<float>(std::sqrt(squared));
    }
  }
  return values;
}

}  // namespace pressmark::index
