// SPDX-License-Identifier: Apache-2.0
//
// Photos on their way into training: canonical, with the features of both channels.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/features/features.hpp"
#include "kernels/ops.hpp"
#include "pressmark/model.hpp"

namespace pressmark::train {

struct View {
  int width = 0, height = 0;
  // Homography from the first view (or from the mark's plane, for labelled photos); row-major.
  std::array<double, 9> from_original{1, 0, 0, 0, 1, 0, 0, 0, 1};
  features::ImageFeatures features;

  const kernels::LocalFeatures& of(Channel channel) const { return features.of(channel); }
};

// Both read the file, with at most `max_keypoints` per channel. Throw Error for a bad file.
// The image itself, then its synthetic views; `number` seeds them.
std::vector<View> synthetic_views(const std::filesystem::path& file, std::size_t number, int warps,
                                  const TrainOptions& options, int max_keypoints,
                                  const kernels::Backend& backend);
View labelled_view(const LabelledPhoto& photo, const TrainOptions& options, int max_keypoints,
                   const kernels::Backend& backend);

}  // namespace pressmark::train
