// SPDX-License-Identifier: Apache-2.0
//
// Descriptors of keypoints: what kernels/cpu/patch_descriptor.hpp makes of one.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda/scale_space.hpp"
#include "kernels/math/patch_pooling.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

// Where to describe a keypoint.
struct PatchPlace {
  Keypoint keypoint;
  int angle_steps = 0;       // of keypoint.angle_rad on its grid
  int shape = 0, level = 0;  // index of ScaleSpaces::shapes; image of the octave
};

// Cosine and sine of each angle on the keypoints' grid.
DeviceBuffer<float2> upload_rotations(Lane& lane);

// rows x kDescriptorSize values, rows as many as `places` holds; those from *d_rows on stay without
// values.
DeviceBuffer<float> describe_patches(Lane& lane, const ScaleSpaces& spaces,
                                     const DeviceBuffer<PatchPlace>& places, const int* d_rows,
                                     const DeviceBuffer<float2>& rotations);

}  // namespace pressmark::kernels::cuda
