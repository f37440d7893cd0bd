// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "conformance.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::kernels {
namespace {

GreyImage textured(int width, int height, std::uint64_t seed) {
  test::Picture grey = test::grey_of(test::test_picture(width, height, seed));
  return {grey.width, grey.height, std::move(grey.pixels)};
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

class ExtractTest : public BackendTest {
 protected:
  LocalFeatures extract(const GreyImage& image, int max_keypoints) const {
    LocalFeatures features;
    backend_->extract({&image, 1}, max_keypoints, {&features, 1});
    EXPECT_EQ(features.descriptors.size(), features.keypoints.size() * kDescriptorSize);
    return features;
  }
};
PRESSMARK_ON_ALL_BACKENDS(ExtractTest);

TEST_P(ExtractTest, KeepsToTheBudgetAndAFewAreTheFirstOfMany) {
  const GreyImage image = textured(320, 240, 5);
  const LocalFeatures many = extract(image, 400), few = extract(image, 40);
  ASSERT_GT(many.keypoints.size(), 60u);
  EXPECT_LE(many.keypoints.size(), 400u);
  ASSERT_EQ(few.keypoints.size(), 40u);
  // Strongest first, by a total order: a smaller budget cuts the same list earlier.
  for (std::size_t i = 0; i < few.keypoints.size(); ++i) {
    EXPECT_EQ(few.keypoints[i], many.keypoints[i]) << i;
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
  for (const auto& [width, height] : {std::pair{1, 1}, {15, 15}, {15, 400}, {400, 1}}) {
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

TEST_P(ExtractTest, FindsTheSamePlacesInATurnedImage) {
  const GreyImage image = textured(300, 220, 10);
  const LocalFeatures upright = extract(image, 200), quarter = extract(turned(image), 200);
  constexpr double kTurn = std::numbers::pi / 2;
  int found = 0;
  for (const Keypoint& point : upright.keypoints) {
    const double x = image.height - 1 - double{point.y_px}, y = point.x_px;
    for (const Keypoint& other : quarter.keypoints) {
      const double angle =
          std::remainder(other.angle_rad - point.angle_rad - kTurn, 2 * std::numbers::pi);
      if (std::hypot(other.x_px - x, other.y_px - y) < 1.0 && std::abs(angle) < 0.1 &&
          std::abs(std::log(other.size_px / point.size_px)) < 0.1) {
        ++found;
        break;
      }
    }
  }
  EXPECT_GT(found, 0.75 * static_cast<double>(upright.keypoints.size()));
}

TEST_P(ExtractTest, RepeatsExactlyAndABatchEqualsSingleCalls) {
  backend_->extract({}, 100, {});
  const GreyImage images[] = {textured(200, 120, 11), textured(8, 8, 12), textured(90, 130, 13)};
  LocalFeatures outputs[3];
  outputs[1].keypoints.resize(3);  // left over from an earlier call
  backend_->extract(images, 150, outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    const LocalFeatures single = extract(images[i], 150);
    EXPECT_EQ(outputs[i].keypoints, single.keypoints);
    EXPECT_EQ(outputs[i].descriptors, single.descriptors);
  }
}

}  // namespace
}  // namespace pressmark::kernels
