// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/quality.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "pressmark/engine.hpp"

namespace pressmark::pipeline {
namespace {

constexpr int kDark = 10, kBright = 250;
constexpr double kLowQuantile = 0.05, kHighQuantile = 0.95;
// Sharpness compares the detail of these levels of a 2 x 2 average pyramid: the first is free of
// most noise, the last hardly changes with blur.
constexpr int kFineLevel = 1, kCoarseLevel = 3;

struct Level {
  int width = 0, height = 0;
  std::vector<float> values;
  float at(int x, int y) const {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
};

Level halved(const Level& level) {
  Level result{level.width / 2, level.height / 2, {}};
  result.values.reserve(static_cast<std::size_t>(result.width) *
                        static_cast<std::size_t>(result.height));
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      result.values.push_back(0.25f *
                              (level.at(2 * x, 2 * y) + level.at(2 * x + 1, 2 * y) +
                               level.at(2 * x, 2 * y + 1) + level.at(2 * x + 1, 2 * y + 1)));
    }
  }
  return result;
}

double mean_squared_difference(const Level& level) {
  double sum = 0;
  std::int64_t count = 0;
  for (int y = 0; y + 1 < level.height; ++y) {
    for (int x = 0; x + 1 < level.width; ++x) {
      const double dx = level.at(x + 1, y) - level.at(x, y);
      const double dy = level.at(x, y + 1) - level.at(x, y);
      sum += dx * dx + dy * dy;
      ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

float sharpness(const kernels::GreyImage& image) {
  Level level{image.width, image.height,
              std::vector<float>(image.pixels.begin(), image.pixels.end())};
  double fine = 0;
  for (int number = 1; number <= kCoarseLevel; ++number) {
    level = halved(level);
    if (number == kFineLevel) fine = mean_squared_difference(level);
  }
  const double coarse = mean_squared_difference(level);
  return fine + coarse > 0 ? static_cast<float>(fine / (fine + coarse)) : 0.0f;
}

}  // namespace

Quality measure_quality(const kernels::GreyImage& image) {
  std::array<std::int64_t, 256> histogram{};
  for (const std::uint8_t pixel : image.pixels) ++histogram[pixel];
  const auto total = static_cast<double>(image.pixels.size());
  int low = -1, high = -1;
  std::int64_t dark = 0, bright = 0, below = 0;
  for (int level = 0; level < 256; ++level) {
    const std::int64_t count = histogram[static_cast<std::size_t>(level)];
    if (level <= kDark) dark += count;
    if (level >= kBright) bright += count;
    below += count;
    if (low < 0 && static_cast<double>(below) >= kLowQuantile * total) low = level;
    if (high < 0 && static_cast<double>(below) >= kHighQuantile * total) high = level;
  }
  return {sharpness(image), static_cast<float>(high - low),
          static_cast<float>(static_cast<double>(dark) / total),
          static_cast<float>(static_cast<double>(bright) / total)};
}

}  // namespace pressmark::pipeline

namespace pressmark {
namespace {

// Rendered marks, product photos and the sharp pictures of the Oxford sets lie above .1; blurred by
// a Gaussian of 4 px all of them fall below .1, half below .08.
constexpr float kMinSharpness = 0.085f;
constexpr float kMinContrast = 12;
// Prints on a white ground, or white marks in the dark, are legitimate: nearly everything must be
// lost before a photo is refused.
constexpr float kMaxDarkShare = 0.97f, kMaxBrightShare = 0.97f;
constexpr int kMinKeypoints = 16;

}  // namespace

std::string quality_problem(const Description& description) {
  const Quality& quality = description.quality;
  if (quality.dark_share > kMaxDarkShare) {
    return fmt::format("too dark: {:.0f} % of it is black", 100 * quality.dark_share);
  }
  if (quality.bright_share > kMaxBrightShare) {
    return fmt::format("over-exposed: {:.0f} % of it is white", 100 * quality.bright_share);
  }
  if (quality.contrast < kMinContrast) {
    return fmt::format("without contrast: {:.0f} grey levels", quality.contrast);
  }
  if (quality.sharpness < kMinSharpness) {
    return fmt::format("too blurred: sharpness {:.3f}, {:.3f} needed", quality.sharpness,
                       kMinSharpness);
  }
  if (description.keypoint_count() < kMinKeypoints) {
    return fmt::format("without a mark: {} keypoints", description.keypoint_count());
  }
  return {};
}

}  // namespace pressmark
