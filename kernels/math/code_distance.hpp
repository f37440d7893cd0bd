// SPDX-License-Identifier: Apache-2.0
//
// Distances of unit-length codes from exact integer products.
#pragma once

#include <cstdint>

namespace pressmark::kernels {

// Neighbours of a match closer than this to it are the same place seen twice, not a rival.
inline constexpr float kSamePlacePx = 10.0f;

// Squared Euclidean distance of two codes by their dot product at 127 per unit. Rounding makes
// codes a little longer than 127: nothing is nearer than 0.
constexpr double squared_code_distance(std::int32_t similarity) {
  constexpr double kUnit = 127.0;
  const double squared = 2.0 - 2.0 * similarity / (kUnit * kUnit);
  return squared > 0.0 ? squared : 0.0;
}

// Whether a match at this squared distance is farther than `ratio` times its rival.
constexpr bool is_beaten(double squared, std::int32_t rival_similarity, float ratio) {
  return squared > static_cast<double>(ratio) * ratio * squared_code_distance(rival_similarity);
}

}  // namespace pressmark::kernels
