// SPDX-License-Identifier: Apache-2.0
//
// Generated photos and options small enough to train in a second.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pressmark/model.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/temporary_directory.hpp"

namespace pressmark::test {

inline std::vector<std::filesystem::path> training_photos(const TemporaryDirectory& directory,
                                                          int count) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    const Picture picture = test_picture(160, 120, static_cast<std::uint64_t>(500 + i));
    files.push_back(directory.write(std::to_string(i) + ".png", make_png(grey_of(picture))));
  }
  return files;
}

inline TrainOptions small_training() {
  TrainOptions options;
  options.name = "tiny";
  options.warps_per_image = 2;
  options.words = 3;
  options.global_size = 10;
  options.describe = {.long_side_px = 160, .max_keypoints = 80};
  return options;
}

}  // namespace pressmark::test
