// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/scale_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "conformance.hpp"

namespace pressmark::kernels::cpu {
namespace {

Plane random_plane(int width, int height, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Plane plane;
  plane.resize(width, height);
  for (float& value : plane.values) value = static_cast<float>(uniform(random, 0, 255));
  return plane;
}

// A full two-dimensional sum over 5 sigma.
double naive_blur(const Plane& plane, double sigma, int x, int y) {
  const int radius = static_cast<int>(5 * sigma) + 1;
  double sum = 0, weights = 0;
  for (int j = -radius; j <= radius; ++j) {
    for (int i = -radius; i <= radius; ++i) {
      const double weight = std::exp(-(i * i + j * j) / (2 * sigma * sigma));
      sum += weight * plane.row(std::clamp(
                          y + j, 0, plane.height - 1))[std::clamp(x + i, 0, plane.width - 1)];
      weights += weight;
    }
  }
  return sum / weights;
}

TEST(GaussianBlurTest, EqualsTheFullSumUpToTheCut) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 40}, {40, 3}, {33, 17}, {64, 20}}) {
    const Plane plane = random_plane(width, height, 1);
    for (float sigma : {0.6f, 1.2f, 2.5f}) {
      Plane blurred = random_plane(5, 5, 2);  // left over from an earlier call
      gaussian_blur(plane, sigma, blurred);
      ASSERT_EQ(blurred.width, width);
      ASSERT_EQ(blurred.height, height);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          ASSERT_NEAR(blurred.row(y)[x], naive_blur(plane, sigma, x, y), 0.25)
              << x << ", " << y << " of " << width << " x " << height << ", sigma " << sigma;
        }
      }
    }
  }
}

TEST(GaussianBlurTest, KeepsAConstant) {
  Plane plane, blurred;
  plane.resize(30, 20);
  std::ranges::fill(plane.values, 77.0f);
  gaussian_blur(plane, 3, blurred);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 30; ++x) EXPECT_NEAR(blurred.row(y)[x], 77, 1e-3);
  }
}

TEST(FilterSeparablyTest, MirrorsAtTheEdgeWhereToldTo) {
  const std::vector<float> taps{0.2f, 0.2f, 0.1f, 0.1f};
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 5}, {21, 6}}) {
    const Plane plane = random_plane(width, height, 4);
    Plane filtered;
    filter_separably(plane, taps, Border::kReflect, filtered);
    const auto mirrored = [](int i, int size) {
      while (i < 0 || i >= size) i = i < 0 ? -1 - i : 2 * size - 1 - i;
      return i;
    };
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        float sum = 0;
        for (int j = -3; j <= 3; ++j) {
          for (int i = -3; i <= 3; ++i) {
            sum += taps[static_cast<std::size_t>(std::abs(i))] *
                   taps[static_cast<std::size_t>(std::abs(j))] *
                   plane.row(mirrored(y + j, height))[mirrored(x + i, width)];
          }
        }
        ASSERT_NEAR(filtered.row(y)[x], sum, 1e-3) << x << ", " << y;
      }
    }
  }
}

GreyImage noise(int width, int height) {
  std::mt19937_64 random(3);
  GreyImage image{width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(uniform(random, 0, 256)));
  }
  return image;
}

TEST(ScaleSpaceTest, OctavesHalveUntilASideHasNo16Samples) {
  std::vector<Octave> octaves(9);  // left over from an earlier call
  build_scale_space(noise(431, 70), octaves);
  ASSERT_EQ(octaves.size(), 3u);
  const std::pair<int, int> sizes[] = {{431, 70}, {215, 35}, {107, 17}};
  for (std::size_t o = 0; o < octaves.size(); ++o) {
    EXPECT_EQ(octaves[o].step_px, static_cast<float>(1 << o));
    for (const Plane& plane : octaves[o].blurred) {
      EXPECT_EQ(std::pair(plane.width, plane.height), sizes[o]);
    }
  }
  for (const auto& [width, height] : {std::pair{1, 1}, {15, 100}, {100, 15}}) {
    build_scale_space(noise(width, height), octaves);
    EXPECT_TRUE(octaves.empty());
  }
  build_scale_space(noise(400, 16), octaves);
  EXPECT_EQ(octaves.size(), 1u);
}

TEST(ScaleSpaceTest, SmallImagesBeginAtTwiceTheirSize) {
  const GreyImage image = noise(131, 70);
  std::vector<Octave> octaves;
  build_scale_space(image, octaves);
  ASSERT_EQ(octaves.size(), 4u);
  const std::pair<int, int> sizes[] = {{261, 139}, {130, 69}, {65, 34}, {32, 17}};
  for (std::size_t o = 0; o < octaves.size(); ++o) {
    EXPECT_EQ(octaves[o].step_px, 0.5f * static_cast<float>(1 << o));
    EXPECT_EQ(std::pair(octaves[o].blurred[0].width, octaves[o].blurred[0].height), sizes[o]);
  }
}

// A dot has the shape of the whole blur that it went through.
TEST(ScaleSpaceTest, EveryImageHasTheBlurOfItsScale) {
  GreyImage image{401, 401, std::vector<std::uint8_t>(401 * 401, 0)};
  image.pixels[200 * 401 + 200] = 255;
  std::vector<Octave> octaves;
  build_scale_space(image, octaves);
  for (std::size_t o = 0; o < 3; ++o) {
    for (std::size_t s = 0; s < octaves[o].blurred.size(); ++s) {
      const Plane& plane = octaves[o].blurred[s];
      const double centre = 200 / octaves[o].step_px;
      double sum = 0, squares = 0;
      for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
          sum += plane.row(y)[x];
          squares += plane.row(y)[x] * (x - centre) * (x - centre);
        }
      }
      // The photo is taken to be blurred by .5 px before: the dot is not.
      const double expected = std::pow(1.6 * std::exp2(static_cast<double>(s) / 3), 2) -
                              std::pow(0.5 / octaves[o].step_px, 2);
      EXPECT_NEAR(std::sqrt(squares / sum), std::sqrt(expected), 0.02 * std::sqrt(expected))
          << "octave " << o << ", image " << s;
    }
  }
}

}  // namespace
}  // namespace pressmark::kernels::cpu
