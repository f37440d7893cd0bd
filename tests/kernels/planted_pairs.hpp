// SPDX-License-Identifier: Apache-2.0
//
// Point pairs that agree with a known map, disturbed by noise and wrong ones.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "conformance.hpp"

namespace pressmark::kernels {

using Map = std::array<double, 9>;

inline PointPair mapped(const Map& m, double x, double y) {
  const double w = m[6] * x + m[7] * y + m[8];
  return {static_cast<float>(x), static_cast<float>(y),
          static_cast<float>((m[0] * x + m[1] * y + m[2]) / w),
          static_cast<float>((m[3] * x + m[4] * y + m[5]) / w)};
}

// `right` pairs with noise of at most `noise_px` per coordinate, first; `wrong` ones after them.
inline std::vector<PointPair> planted_pairs(const Map& map, int right, int wrong, double noise_px,
                                            std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<PointPair> pairs;
  for (int i = 0; i < right + wrong; ++i) {
    const double x = uniform(random, 0, 500), y = uniform(random, 0, 400);
    PointPair pair = mapped(map, x, y);
    if (i < right) {
      pair.hit_x += static_cast<float>(uniform(random, -noise_px, noise_px));
      pair.hit_y += static_cast<float>(uniform(random, -noise_px, noise_px));
    } else {
      pair.hit_x = static_cast<float>(uniform(random, 0, 500));
      pair.hit_y = static_cast<float>(uniform(random, 0, 400));
    }
    pairs.push_back(pair);
  }
  return pairs;
}

// Largest distance at the corners of the region where planted points lie.
inline double corner_error(const Map& found, const Map& planted) {
  double error = 0;
  for (double x : {0.0, 500.0}) {
    for (double y : {0.0, 400.0}) {
      const PointPair a = mapped(found, x, y), b = mapped(planted, x, y);
      error = std::max<double>(error, std::hypot(a.hit_x - b.hit_x, a.hit_y - b.hit_y));
    }
  }
  return error;
}

inline const Map kSimilarityMap{0.9 * 0.866, -0.9 * 0.5, 120, 0.9 * 0.5, 0.9 * 0.866, -40, 0, 0, 1};
inline const Map kAffineMap{1.1, 0.25, -30, -0.1, 0.7, 60, 0, 0, 1};
inline const Map kHomographyMap{0.9, 0.1, 20, -0.05, 1.1, 10, 4e-4, -3e-4, 1};

}  // namespace pressmark::kernels
