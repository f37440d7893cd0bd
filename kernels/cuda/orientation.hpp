// SPDX-License-Identifier: Apache-2.0
//
// Dominant orientations of extrema: what kernels/cpu/orientation.hpp finds of one.
#pragma once

#include <cstdint>

#include "kernels/cuda/keypoints.hpp"
#include "kernels/math/orientation.hpp"

namespace pressmark::kernels::cuda {

// No two neighbouring bins are peaks.
inline constexpr int kMaxPeaks = kOrientationBins / 2;

struct Orientations {
  DeviceBuffer<float> angles_rad;  // images x budget x kMaxPeaks
  DeviceBuffer<int> counts;        // images x budget; 0 where there is no extremum
};

// Of every extremum, in the order of the bins.
Orientations find_orientations(Lane& lane, const ScaleSpaces& spaces, const RankedExtrema& ranked);

}  // namespace pressmark::kernels::cuda
