// SPDX-License-Identifier: Apache-2.0
//
// No tolerance: kernels repeat the CPU's operations in its order.
#include <algorithm>
#include <cmath>

#include "stage_runs.hpp"
#include "tests/kernels/conformance.hpp"

namespace pressmark::kernels {
namespace {

// Gaussian blobs in noise.
GreyImage blobs(int width, int height, std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::vector<double> levels(static_cast<std::size_t>(width * height));
  for (double& level : levels) level = uniform(random, 122, 134);
  for (int i = 0; i < count; ++i) {
    const double x = uniform(random, 0, width), y = uniform(random, 0, height);
    const double sigma = uniform(random, 1.5, 6), peak = uniform(random, -80, 80);
    for (int row = 0; row < height; ++row) {
      for (int column = 0; column < width; ++column) {
        const double squared = (column - x) * (column - x) + (row - y) * (row - y);
        levels[static_cast<std::size_t>(row * width + column)] +=
            peak * std::exp(-squared / (2 * sigma * sigma));
      }
    }
  }
  GreyImage image{width, height, {}};
  for (double level : levels) {
    image.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(level, 0.0, 255.0))));
  }
  return image;
}

// The same dot again and again: many keypoints of equal response.
GreyImage dots(int width, int height, int period) {
  GreyImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int dx = x % period - period / 2, dy = y % period - period / 2;
      const double squared = dx * dx + 0.5 * dy * dy + 0.3 * dx;
      image.pixels.push_back(
          static_cast<std::uint8_t>(std::lround(60 + 150 * std::exp(-squared / 8))));
    }
  }
  return image;
}

GreyImage upper_half_masked(int width, int height) {
  GreyImage mask{width, height,
                 std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
  std::fill_n(mask.pixels.begin(), mask.pixels.size() / 2, std::uint8_t{255});
  return mask;
}

std::vector<double> extract(const Backend& backend, const std::vector<GreyImage>& images,
                            std::vector<GreyImage> masks, int max_keypoints) {
  masks.resize(images.size());
  std::vector<LocalFeatures> outputs(images.size());
  backend.extract(images, masks, max_keypoints, outputs);
  std::vector<double> row;
  for (const LocalFeatures& features : outputs) {
    row.push_back(static_cast<double>(features.keypoints.size()));
    for (const Keypoint& point : features.keypoints) {
      row.insert(row.end(), {point.x_px, point.y_px, point.size_px, point.angle_rad});
    }
    row.insert(row.end(), features.descriptors.begin(), features.descriptors.end());
  }
  return row;
}

std::vector<double> embed(const Backend& backend, const std::vector<std::size_t>& counts) {
  std::mt19937_64 random(21);
  const std::vector<float> mean = uniform_values(random, kDescriptorSize, 0, 0.1);
  std::vector<float> projection =
      uniform_values(random, std::size_t{kLocalCodeSize} * kDescriptorSize, -1, 1);
  std::vector<LocalFeatures> features;
  for (const std::size_t count : counts) {
    features.push_back(
        {std::vector<Keypoint>(count), uniform_values(random, count * kDescriptorSize, 0, 0.18)});
    // One without a direction.
    if (count > 0) std::copy(mean.begin(), mean.end(), features.back().descriptors.begin());
  }
  std::vector<std::vector<std::int8_t>> outputs(counts.size());
  backend.embed(features, {mean, projection}, outputs);
  std::vector<double> row;
  for (const auto& codes : outputs) {
    row.push_back(static_cast<double>(codes.size()));
    row.insert(row.end(), codes.begin(), codes.end());
  }
  return row;
}

}  // namespace

std::vector<StageRun> keypoint_runs() {
  return {
      {"ExtractOfNone", 0, [](const Backend& backend) { return extract(backend, {}, {}, 100); }},
      {"ExtractDoubled", 0,
       [](const Backend& backend) { return extract(backend, {blobs(90, 75, 1, 20)}, {}, 200); }},
      {"ExtractAsItIs", 0,
       [](const Backend& backend) { return extract(backend, {blobs(401, 47, 2, 40)}, {}, 4096); }},
      {"ExtractWithinABudget", 0,
       [](const Backend& backend) { return extract(backend, {blobs(100, 61, 3, 20)}, {}, 9); }},
      {"ExtractOfEqualDots", 0,
       [](const Backend& backend) { return extract(backend, {dots(120, 70, 12)}, {}, 50); }},
      {"ExtractTwoOfTheBudgetOfDots", 0,
       [](const Backend& backend) {
         return extract(backend, {dots(64, 64, 16), dots(70, 60, 10)}, {}, 2);
       }},
      {"ExtractOfSeveralSizes", 0,
       [](const Backend& backend) {
         return extract(backend,
                        {blobs(50, 40, 4, 9), blobs(1, 1, 5, 0), blobs(16, 16, 6, 2),
                         blobs(410, 21, 7, 20), blobs(15, 60, 8, 3), blobs(40, 40, 9, 0)},
                        {{}, {}, {}, upper_half_masked(410, 21), {}, upper_half_masked(40, 40)},
                        60);
       }},
      {"ExtractUnderAWholeMask", 0,
       [](const Backend& backend) {
         GreyImage mask = upper_half_masked(40, 40);
         std::fill(mask.pixels.begin(), mask.pixels.end(), std::uint8_t{255});
         return extract(backend, {blobs(40, 40, 10, 6)}, {mask}, 60);
       }},
      {"EmbedOfNone", 0, [](const Backend& backend) { return embed(backend, {}); }},
      {"EmbedWithoutKeypoints", 0,
       [](const Backend& backend) {
         return embed(backend, {0, 0});
       }},
      {"EmbedOfSeveralCounts", 0,
       [](const Backend& backend) {
         return embed(backend, {1, 0, 63, 64, 5});
       }},
  };
}

}  // namespace pressmark::kernels
