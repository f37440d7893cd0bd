// SPDX-License-Identifier: Apache-2.0
//
// Extrema of the scale spaces of a batch, refined: what kernels/cpu/keypoints.cpp finds in one.
#pragma once

#include <cstdint>

#include "kernels/cuda/planes.hpp"
#include "kernels/cuda/scale_space.hpp"
#include "kernels/math/extremum.hpp"

namespace pressmark::kernels::cuda {

// Of every image, in any order: image i has counts[i] from extrema[first[i]] on.
struct FoundExtrema {
  DeviceBuffer<Extremum> extrema;
  DeviceBuffer<std::int64_t> first;
  DeviceBuffer<int> counts;
};

// All of them outside the masks (one per image; of size 0: nothing is masked).
FoundExtrema find_extrema(Lane& lane, const ScaleSpaces& spaces, const Planes<std::uint8_t>& masks);

// At most `budget` of each image.
struct RankedExtrema {
  int images = 0, budget = 0;
  DeviceBuffer<Extremum> extrema;  // images x budget
  DeviceBuffer<int> counts;        // images
};

// The strongest, by a total order: response (descending), octave, y, x, scale.
RankedExtrema rank_extrema(Lane& lane, const FoundExtrema& found, int budget);

}  // namespace pressmark::kernels::cuda
