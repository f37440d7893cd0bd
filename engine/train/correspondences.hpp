// SPDX-License-Identifier: Apache-2.0
//
// Keypoints of two photos that show one place, where the geometry between the photos is known.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::train {

struct Correspondences {
  std::vector<std::pair<int, int>> pairs;  // keypoint indices (from, to)
  bool inverted = false;                   // orientations agree after half a turn
};

// Pairs that agree in place, size and orientation under `to_from` (homography, row-major). Where
// `either_contrast`, orientations may also all differ by half a turn, as they do in a relief that
// is lit from the other side; the hypothesis with more pairs is returned.
Correspondences find_correspondences(const std::vector<Keypoint>& from,
                                     const std::vector<Keypoint>& to,
                                     const std::array<double, 9>& to_from, bool either_contrast);

}  // namespace pressmark::train
