// SPDX-License-Identifier: Apache-2.0
//
// What is taken from a canonical image before a model comes in: the light, the local features of
// both channels, the dense and the detail code. Training learns from it; with a model, the same
// stages are part of kernels::ImageDescriber.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::features {

struct ImageFeatures {
  Light light;
  std::array<kernels::LocalFeatures, 2> local;  // by channel
  DenseCode dense;
  std::vector<std::uint8_t> detail;  // Description::detail

  const kernels::LocalFeatures& of(Channel channel) const {
    return local[channel == Channel::kRaw ? 0 : 1];
  }
  kernels::LocalFeatures& of(Channel channel) { return local[channel == Channel::kRaw ? 0 : 1]; }
};

// At most max_keypoints per channel.
ImageFeatures image_features(const kernels::GreyImage& canonical, int max_keypoints,
                             const kernels::Backend& backend);

}  // namespace pressmark::features
