// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "conformance.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::kernels {
namespace {

constexpr double kPi = std::numbers::pi;

// Pictures side by side, so that there is detail of all sizes everywhere.
GreyImage textured(int width, int height, std::uint64_t seed) {
  constexpr int kTile = 80;
  GreyImage image{width, height,
                  std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
  for (int top = 0; top < height; top += kTile) {
    for (int left = 0; left < width; left += kTile) {
      const test::Picture tile = test::grey_of(test::test_picture(kTile, kTile, 100 * seed++));
      for (int y = top; y < std::min(top + kTile, height); ++y) {
        for (int x = left; x < std::min(left + kTile, width); ++x) {
          image.pixels[static_cast<std::size_t>(y * width + x)] =
              tile.pixels[static_cast<std::size_t>((y - top) * kTile + x - left)];
        }
      }
    }
  }
  return image;
}

// A quarter turn clockwise: the left column becomes the top row.
GreyImage turned(const GreyImage& image) {
  GreyImage result{image.height, image.width, {}};
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      result.pixels.push_back(
          image.pixels[static_cast<std::size_t>((image.height - 1 - x) * image.width + y)]);
    }
  }
  return result;
}

GreyImage negative(GreyImage image) {
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  return image;
}

struct Blob {
  double x, y, sigma, height;
};

// Gaussian blobs on a slope that rises along `slope_angle`: the direction of every blob.
GreyImage blobs_on_slope(int width, int height, const std::vector<Blob>& blobs, double slope_angle,
                         double slope = 0.3) {
  GreyImage image{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      double level = 128 + slope * (std::cos(slope_angle) * (x - width / 2.0) +
                                    std::sin(slope_angle) * (y - height / 2.0));
      for (const Blob& blob : blobs) {
        const double squared = (x - blob.x) * (x - blob.x) + (y - blob.y) * (y - blob.y);
        level += blob.height * std::exp(-squared / (2 * blob.sigma * blob.sigma));
      }
      image.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(level, 0.0, 255.0))));
    }
  }
  return image;
}

double angle_between(double a, double b) {
  return std::abs(std::remainder(a - b, 2 * kPi));
}

bool alike(const Keypoint& a, const Keypoint& b, double px, double rad) {
  return std::hypot(a.x_px - b.x_px, a.y_px - b.y_px) < px &&
         angle_between(a.angle_rad, b.angle_rad) < rad &&
         std::abs(std::log(a.size_px / b.size_px)) < 0.1;
}

class ExtractTest : public BackendTest {
 protected:
  LocalFeatures extract(const GreyImage& image, int max_keypoints,
                        const GreyImage& mask = {}) const {
    LocalFeatures features;
    backend_->extract({&image, 1}, {&mask, 1}, max_keypoints, {&features, 1});
    EXPECT_EQ(features.descriptors.size(), features.keypoints.size() * kDescriptorSize);
    return features;
  }
};
PRESSMARK_ON_ALL_BACKENDS(ExtractTest);

// Root of the summed squares of the differences; b's cells reversed where `inverted`.
double descriptor_distance(const LocalFeatures& a, std::size_t i, const LocalFeatures& b,
                           std::size_t j, bool inverted = false) {
  double squared = 0;
  for (std::size_t cell = 0; cell < 16; ++cell) {
    for (std::size_t bin = 0; bin < 8; ++bin) {
      const double difference =
          a.descriptors[i * kDescriptorSize + cell * 8 + bin] -
          b.descriptors[j * kDescriptorSize + (inverted ? 15 - cell : cell) * 8 + bin];
      squared += difference * difference;
    }
  }
  return std::sqrt(squared);
}

TEST_P(ExtractTest, FindsPlantedBlobsAtTheirPlaceAndSize) {
  const std::vector<Blob> blobs{
      {40.3, 35.8, 2.5, -60}, {150.75, 40.25, 4, 50}, {70, 120.5, 6, -50}, {161.3, 129.2, 9, 55}};
  const LocalFeatures features = extract(blobs_on_slope(220, 190, blobs, 1.0), 100);
  for (const Blob& blob : blobs) {
    const auto found = std::ranges::find_if(features.keypoints, [&](const Keypoint& point) {
      return std::hypot(point.x_px - blob.x, point.y_px - blob.y) < 0.1 + 0.05 * blob.sigma;
    });
    ASSERT_NE(found, features.keypoints.end()) << blob.x << ", " << blob.y;
    EXPECT_NEAR(found->size_px / (2 * blob.sigma), 1, 0.15) << blob.x << ", " << blob.y;
  }
  for (const Keypoint& point : features.keypoints) {
    EXPECT_TRUE(std::ranges::any_of(blobs,
                                    [&](const Blob& blob) {
                                      return std::hypot(point.x_px - blob.x, point.y_px - blob.y) <
                                             0.1 + 0.05 * blob.sigma;
                                    }))
        << point.x_px << ", " << point.y_px;
  }
}

TEST_P(ExtractTest, NoPlaceBetweenSamplesIsLost) {
  std::mt19937_64 random(18);
  int found = 0;
  for (int i = 0; i < 200; ++i) {
    const Blob blob{uniform(random, 44, 52), uniform(random, 44, 52),
                    2.2 * std::exp2(uniform(random, 0, 2)), 60};
    for (const Keypoint& point : extract(blobs_on_slope(96, 96, {blob}, 1.0), 20).keypoints) {
      if (std::hypot(point.x_px - blob.x, point.y_px - blob.y) > 0.1 + 0.05 * blob.sigma) continue;
      ++found;
      break;
    }
  }
  EXPECT_GE(found, 196);
}

TEST_P(ExtractTest, TheAngleIsTheDirectionOfTheGradient) {
  // Around a blob on the grid of samples gradients of all directions are alike: the slope decides.
  for (double slope_angle : {0.0, 0.4, 2.0, 3.1, 4.5, 6.2}) {
    const LocalFeatures features =
        extract(blobs_on_slope(96, 96, {{48, 48, 4, -20}}, slope_angle, 1.5), 1);
    ASSERT_EQ(features.keypoints.size(), 1u);
    EXPECT_NEAR(features.keypoints[0].x_px, 48, 0.3);
    EXPECT_LT(angle_between(features.keypoints[0].angle_rad, slope_angle), 0.1) << slope_angle;
  }
}

TEST_P(ExtractTest, StrongerBlobsComeFirst) {
  const GreyImage image =
      blobs_on_slope(240, 90, {{40, 45, 4, 25}, {120, 45, 4, -75}, {200, 45, 4, 50}}, 1.0);
  const LocalFeatures features = extract(image, 100);
  ASSERT_GE(features.keypoints.size(), 3u);
  EXPECT_NEAR(features.keypoints[0].x_px, 120, 1);
  const auto first_at = [&](float x) {
    return std::ranges::find_if(
               features.keypoints,
               [&](const Keypoint& point) { return std::abs(point.x_px - x) < 1; }) -
           features.keypoints.begin();
  };
  EXPECT_LT(first_at(200), first_at(40));
  EXPECT_NEAR(extract(image, 1).keypoints.at(0).x_px, 120, 1);
}

TEST_P(ExtractTest, EdgesAndStripesHaveNoPlace) {
  GreyImage edge{100, 80, {}}, stripes = edge;
  for (int y = 0; y < 80; ++y) {
    for (int x = 0; x < 100; ++x) {
      edge.pixels.push_back(x < 50 ? 60 : 200);
      stripes.pixels.push_back(x / 6 % 2 == 0 ? 60 : 200);
    }
  }
  EXPECT_TRUE(extract(edge, 100).keypoints.empty());
  EXPECT_TRUE(extract(stripes, 100).keypoints.empty());
}

TEST_P(ExtractTest, KeepsToTheBudgetAndAFewAreTheFirstOfMany) {
  const GreyImage image = textured(320, 240, 5);
  const LocalFeatures many = extract(image, 400);
  ASSERT_GT(many.keypoints.size(), 60u);
  EXPECT_LE(many.keypoints.size(), 400u);
  // Strongest first, by a total order: a smaller budget cuts the same list earlier.
  for (int budget : {1, 7, 40, 60}) {
    const LocalFeatures few = extract(image, budget);
    ASSERT_EQ(few.keypoints.size(), static_cast<std::size_t>(budget));
    EXPECT_TRUE(std::equal(few.keypoints.begin(), few.keypoints.end(), many.keypoints.begin()));
    EXPECT_TRUE(
        std::equal(few.descriptors.begin(), few.descriptors.end(), many.descriptors.begin()));
  }
}

TEST_P(ExtractTest, LiesOnTheGridInsideTheImage) {
  const GreyImage image = textured(200, 150, 6);
  const LocalFeatures features = extract(image, 500);
  ASSERT_FALSE(features.keypoints.empty());
  for (const Keypoint& point : features.keypoints) {
    EXPECT_EQ(px_from_grid(grid_from_px(point.x_px)), point.x_px);
    EXPECT_EQ(px_from_grid(grid_from_px(point.y_px)), point.y_px);
    EXPECT_EQ(px_from_grid(grid_from_px(point.size_px)), point.size_px);
    EXPECT_EQ(angle_from_grid(grid_from_angle(point.angle_rad)), point.angle_rad);
    EXPECT_LT(point.x_px, 200);
    EXPECT_LT(point.y_px, 150);
    EXPECT_GT(point.size_px, 0);
  }
}

TEST_P(ExtractTest, DescriptorsHaveUnitLengthAndNoNegativeValue) {
  const LocalFeatures features = extract(textured(200, 150, 7), 300);
  ASSERT_FALSE(features.keypoints.empty());
  for (std::size_t i = 0; i < features.keypoints.size(); ++i) {
    double squared = 0;
    for (std::size_t d = 0; d < kDescriptorSize; ++d) {
      const double value = features.descriptors[i * kDescriptorSize + d];
      EXPECT_GE(value, 0);
      squared += value * value;
    }
    EXPECT_NEAR(squared, 1, 1e-5);
  }
}

TEST_P(ExtractTest, TinyAndFlatImagesHaveNone) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {15, 15}, {15, 400}, {400, 1}}) {
    EXPECT_TRUE(extract(textured(width, height, 8), 100).keypoints.empty());
  }
  for (int level : {0, 128, 255}) {
    const GreyImage flat{100, 80,
                         std::vector<std::uint8_t>(8000, static_cast<std::uint8_t>(level))};
    EXPECT_TRUE(extract(flat, 100).keypoints.empty());
  }
}

TEST_P(ExtractTest, TheSmallestAndOddSizesWork) {
  for (const auto& [width, height] : {std::pair{16, 16}, {17, 16}, {33, 101}, {257, 19}}) {
    EXPECT_LE(extract(textured(width, height, 9), 64).keypoints.size(), 64u);
  }
}

TEST_P(ExtractTest, NothingLiesUnderAMaskAndTheRestIsUntouched) {
  const GreyImage image = textured(320, 240, 14);
  GreyImage mask{320, 240, std::vector<std::uint8_t>(320 * 240, 0)};
  for (int y = 0; y < 240; ++y) {
    for (int x = 100; x < 220; ++x) mask.pixels[static_cast<std::size_t>(y * 320 + x)] = 255;
  }
  const LocalFeatures all = extract(image, 4000), rest = extract(image, 4000, mask);
  std::vector<Keypoint> expected;
  for (const Keypoint& point : all.keypoints) {
    const long x = std::lround(point.x_px);
    if (x < 100 || x >= 220) expected.push_back(point);
  }
  EXPECT_GT(expected.size(), 40u);
  EXPECT_LT(expected.size(), all.keypoints.size() - 20);
  EXPECT_EQ(rest.keypoints, expected);
  std::ranges::fill(mask.pixels, std::uint8_t{255});
  EXPECT_TRUE(extract(image, 4000, mask).keypoints.empty());
  std::ranges::fill(mask.pixels, std::uint8_t{0});
  EXPECT_EQ(extract(image, 4000, mask).keypoints, all.keypoints);
}

TEST_P(ExtractTest, TheBudgetIsOfWhatIsNotMasked) {
  const GreyImage image = textured(320, 240, 15);
  GreyImage mask{320, 240, std::vector<std::uint8_t>(320 * 240, 0)};
  std::fill_n(mask.pixels.begin(), mask.pixels.size() / 2, std::uint8_t{255});
  EXPECT_EQ(extract(image, 30, mask).keypoints.size(), 30u);
}

// Share of the upright keypoints that the other image shows where `expected` puts them, with a
// descriptor nearer than 0.5.
template <typename Expected>
double share_found(const LocalFeatures& from, const LocalFeatures& to, double px, double rad,
                   bool inverted, const Expected& expected) {
  int found = 0;
  for (std::size_t i = 0; i < from.keypoints.size(); ++i) {
    const Keypoint wanted = expected(from.keypoints[i]);
    for (std::size_t j = 0; j < to.keypoints.size(); ++j) {
      if (alike(to.keypoints[j], wanted, px, rad) &&
          descriptor_distance(from, i, to, j, inverted) < 0.5) {
        ++found;
        break;
      }
    }
  }
  return found / static_cast<double>(from.keypoints.size());
}

TEST_P(ExtractTest, FindsTheSamePlacesInATurnedImage) {
  const GreyImage image = textured(300, 220, 10);
  const LocalFeatures upright = extract(image, 200), quarter = extract(turned(image), 200);
  ASSERT_GT(upright.keypoints.size(), 80u);
  const auto expected = [&](const Keypoint& point) {
    return Keypoint{static_cast<float>(image.height - 1) - point.y_px, point.x_px, point.size_px,
                    point.angle_rad + static_cast<float>(kPi / 2)};
  };
  EXPECT_GT(share_found(upright, quarter, 1, 0.1, false, expected), 0.75);
}

TEST_P(ExtractTest, FindsTheSamePlacesInAnImageOfTwiceTheSize) {
  std::mt19937_64 random(16);
  std::vector<Blob> blobs, twice;
  for (int i = 0; i < 240; ++i) {
    blobs.push_back({uniform(random, 10, 390), uniform(random, 10, 290), uniform(random, 2, 7),
                     uniform(random, -60, 60)});
    const Blob& blob = blobs.back();
    twice.push_back({2 * blob.x + 0.5, 2 * blob.y + 0.5, 2 * blob.sigma, blob.height});
  }
  const LocalFeatures small = extract(blobs_on_slope(400, 300, blobs, 1.0, 0.1), 800);
  const LocalFeatures large = extract(blobs_on_slope(800, 600, twice, 1.0, 0.05), 800);
  ASSERT_GT(small.keypoints.size(), 30u);
  const auto expected = [](const Keypoint& point) {
    return Keypoint{2 * point.x_px + 0.5f, 2 * point.y_px + 0.5f, 2 * point.size_px,
                    point.angle_rad};
  };
  EXPECT_GT(share_found(small, large, 1.5, 0.15, false, expected), 0.7);
}

TEST_P(ExtractTest, InvertedContrastTurnsTheAngleAndReversesTheCells) {
  const GreyImage image = textured(300, 220, 17);
  const LocalFeatures upright = extract(image, 4000), inverted = extract(negative(image), 4000);
  ASSERT_GT(upright.keypoints.size(), 80u);
  const auto count = static_cast<double>(upright.keypoints.size());
  EXPECT_NEAR(static_cast<double>(inverted.keypoints.size()), count, 0.02 * count);
  int found = 0;
  for (std::size_t i = 0; i < upright.keypoints.size(); ++i) {
    Keypoint wanted = upright.keypoints[i];
    wanted.angle_rad += static_cast<float>(kPi);
    for (std::size_t j = 0; j < inverted.keypoints.size(); ++j) {
      if (!alike(inverted.keypoints[j], wanted, 0.05, 0.005)) continue;
      EXPECT_LT(descriptor_distance(upright, i, inverted, j, true), 0.02);
      ++found;
      break;
    }
  }
  EXPECT_GT(found, 0.97 * count);
}

TEST_P(ExtractTest, RepeatsExactlyAndABatchEqualsSingleCalls) {
  backend_->extract({}, {}, 100, {});
  const GreyImage images[] = {textured(200, 120, 11), textured(8, 8, 12), textured(90, 130, 13)};
  GreyImage masks[3];
  masks[2] = {90, 130, std::vector<std::uint8_t>(90 * 130, 0)};
  std::fill_n(masks[2].pixels.begin(), 90 * 50, std::uint8_t{255});
  LocalFeatures outputs[3];
  outputs[1].keypoints.resize(3);  // left over from an earlier call
  backend_->extract(images, masks, 150, outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    const LocalFeatures single = extract(images[i], 150, masks[i]);
    EXPECT_EQ(outputs[i].keypoints, single.keypoints);
    EXPECT_EQ(outputs[i].descriptors, single.descriptors);
  }
  EXPECT_FALSE(outputs[2].keypoints.empty());
}

}  // namespace
}  // namespace pressmark::kernels
