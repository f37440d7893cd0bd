// SPDX-License-Identifier: Apache-2.0
//
// Generated photos, drawings and reliefs, and options small enough to train in seconds.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pressmark/model.hpp"
#include "tests/kernels/relief.hpp"
#include "tests/support/image_encoders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::test {

inline std::vector<std::filesystem::path> training_photos(const TemporaryDirectory& directory,
                                                          int count) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    // Only reliefs have a light that a warp turns with them.
    Picture picture = grey_of(test_picture(160, 120, static_cast<std::uint64_t>(500 + i)));
    if (i % 2 == 1) {
      const kernels::Relief relief(160, 120, static_cast<std::uint64_t>(500 + i));
      picture.pixels = relief.lit(0.2 * i).pixels;
    }
    files.push_back(directory.write(std::to_string(i) + ".png", make_png(picture)));
  }
  return files;
}

// Four photos of each of some reliefs, each under its own light and shifted its own way.
inline std::vector<LabelledPhoto> training_marks(const TemporaryDirectory& directory, int marks,
                                                 int first = 0) {
  std::vector<LabelledPhoto> photos;
  for (int mark = first; mark < first + marks; ++mark) {
    const kernels::Relief relief(200, 160, static_cast<std::uint64_t>(900 + mark));
    for (int light = 0; light < 4; ++light) {
      const kernels::GreyImage lit = relief.lit(0.3 + 0.7 * mark + 0.5 * light);
      const int x = 5 + 9 * light, y = 35 - 8 * light;
      const Picture photo = cut({lit.width, lit.height, 1, lit.pixels}, x, y, 160, 120);
      const std::string name = "mark" + std::to_string(mark) + "-" + std::to_string(light);
      photos.push_back({directory.write(name + ".png", make_png(photo)), std::to_string(mark),
                        std::array<double, 9>{1, 0, static_cast<double>(-x), 0, 1,
                                              static_cast<double>(-y), 0, 0, 1},
                        std::string()});
    }
  }
  return photos;
}

inline TrainOptions small_training() {
  TrainOptions options;
  options.name = "tiny";
  options.warps_per_image = 2;
  options.words = 3;
  options.global_size = 10;
  options.vocabulary = 64;
  options.strangers = 30;
  options.describe = {.long_side_px = 160, .max_keypoints = 80};
  return options;
}

}  // namespace pressmark::test
