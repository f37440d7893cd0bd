// SPDX-License-Identifier: Apache-2.0
//
// Local features of a batch of images, in device memory from end to end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/planes.hpp"
#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Rows first[i] to first[i + 1] are of image i, strongest first; rows from first[images] on, of as
// many as the buffers have room for, mean nothing.
struct DeviceFeatures {
  DeviceBuffer<Keypoint> keypoints;
  DeviceBuffer<float> descriptors;  // rows x kDescriptorSize
  DeviceBuffer<int> first;          // images + 1

  const int* rows() const { return first.data() + (first.size() - 1); }
};

// masks: one per image; of size 0: nothing is masked. max_keypoints: at most kMaxKeypoints.
// rotations: upload_rotations().
DeviceFeatures extract(Lane& lane, const Planes<std::uint8_t>& images,
                       const Planes<std::uint8_t>& masks, int max_keypoints,
                       const DeviceBuffer<float2>& rotations);

// Device memory that extract() takes for one image at the most: blurred images and the room for
// extrema, a third more for the smaller octaves; descriptors.
std::size_t extract_bytes(int width, int height, int max_keypoints);

}  // namespace pressmark::kernels::cuda
