// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/quality.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "pressmark/engine.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::pipeline {
namespace {

kernels::GreyImage textured(std::uint64_t seed) {
  test::Picture grey = test::grey_of(test::test_picture(320, 240, seed));
  return {grey.width, grey.height, std::move(grey.pixels)};
}

kernels::GreyImage filled(int width, int height, std::uint8_t level) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

// The first `count` of a hundred columns have another level.
kernels::GreyImage two_levels(int count, std::uint8_t level, std::uint8_t rest) {
  kernels::GreyImage image = filled(100, 50, rest);
  for (int y = 0; y < 50; ++y) {
    std::fill_n(image.pixels.begin() + 100 * y, count, level);
  }
  return image;
}

TEST(QualityTest, SharesOfDarkAndBrightPixels) {
  const Quality dark = measure_quality(two_levels(30, 10, 11));
  EXPECT_FLOAT_EQ(dark.dark_share, 0.3f);
  EXPECT_EQ(dark.bright_share, 0);
  const Quality bright = measure_quality(two_levels(40, 250, 249));
  EXPECT_FLOAT_EQ(bright.bright_share, 0.4f);
  EXPECT_EQ(bright.dark_share, 0);
  EXPECT_EQ(measure_quality(filled(9, 7, 0)).dark_share, 1);
  EXPECT_EQ(measure_quality(filled(9, 7, 255)).bright_share, 1);
}

TEST(QualityTest, ContrastIsBetweenTheQuantiles) {
  EXPECT_EQ(measure_quality(two_levels(50, 40, 190)).contrast, 150);
  // Less than a twentieth on either side does not count.
  EXPECT_EQ(measure_quality(two_levels(4, 0, 190)).contrast, 0);
  EXPECT_EQ(measure_quality(two_levels(5, 0, 190)).contrast, 190);
  EXPECT_EQ(measure_quality(two_levels(96, 0, 190)).contrast, 0);
  EXPECT_EQ(measure_quality(filled(30, 30, 77)).contrast, 0);
  // 256 levels, each as often: from 12 to 243.
  kernels::GreyImage ramp{256, 4, {}};
  for (int i = 0; i < 1024; ++i) ramp.pixels.push_back(static_cast<std::uint8_t>(i % 256));
  EXPECT_EQ(measure_quality(ramp).contrast, 231);
}

TEST(QualityTest, BlurLowersSharpnessStepByStep) {
  for (std::uint64_t seed : {1u, 2u, 3u}) {
    const kernels::GreyImage image = textured(seed);
    double before = measure_quality(image).sharpness;
    EXPECT_LT(before, 1);
    for (double sigma : {1.0, 2.0, 4.0}) {
      kernels::GreyImage blurred = image;
      cv::Mat view(image.height, image.width, CV_8UC1, blurred.pixels.data());
      cv::GaussianBlur(view.clone(), view, {}, sigma);
      const double sharpness = measure_quality(blurred).sharpness;
      EXPECT_LT(sharpness, 0.9 * before) << sigma;
      EXPECT_GT(sharpness, 0);
      before = sharpness;
    }
  }
}

TEST(QualityTest, SharpnessHardlyDependsOnBrightnessAndContrast) {
  const kernels::GreyImage image = textured(4);
  kernels::GreyImage faint = image;
  for (auto& pixel : faint.pixels) pixel = static_cast<std::uint8_t>(90 + pixel / 3);
  EXPECT_NEAR(measure_quality(faint).sharpness, measure_quality(image).sharpness,
              0.1 * measure_quality(image).sharpness);
  EXPECT_NEAR(measure_quality(faint).contrast, measure_quality(image).contrast / 3, 1);
}

TEST(QualityTest, FineDetailAloneIsSharpAndCoarseAloneIsNot) {
  kernels::GreyImage fine{128, 128, {}}, coarse{128, 128, {}};
  for (int y = 0; y < 128; ++y) {
    for (int x = 0; x < 128; ++x) {
      fine.pixels.push_back((x / 2 + y / 2) % 2 == 0 ? 60 : 200);
      coarse.pixels.push_back(static_cast<std::uint8_t>(x + y));
    }
  }
  EXPECT_GT(measure_quality(fine).sharpness, 0.99);
  // On a slope, differences of neighbours grow with the size of a level's pixels: 16 to 256.
  EXPECT_NEAR(measure_quality(coarse).sharpness, 1 / 17.0, 0.001);
}

TEST(QualityTest, FlatAndTinyImagesHaveNoSharpness) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 1}, {1, 7}, {15, 15}, {64, 48}}) {
    const Quality quality = measure_quality(filled(width, height, 120));
    EXPECT_EQ(quality.sharpness, 0) << width << " x " << height;
    EXPECT_EQ(quality.contrast, 0);
  }
  const Quality tiny = measure_quality({2, 2, {0, 80, 160, 255}});
  EXPECT_EQ(tiny.sharpness, 0);
  EXPECT_EQ(tiny.contrast, 255);
}

Description usable() {
  Description description;
  description.quality = {0.3f, 120, 0.1f, 0.1f};
  description.raw.keypoints.resize(10);
  description.relit.keypoints.resize(6);
  return description;
}

TEST(QualityProblemTest, NamesTheFirstThingThatIsWrong) {
  EXPECT_EQ(quality_problem(usable()), "");
  const auto problem = [](auto&& change) {
    Description description = usable();
    change(description);
    return quality_problem(description);
  };
  EXPECT_EQ(problem([](Description& d) { d.quality.dark_share = 0.98f; }),
            "too dark: 98 % of it is black");
  EXPECT_EQ(problem([](Description& d) { d.quality.bright_share = 0.99f; }),
            "over-exposed: 99 % of it is white");
  EXPECT_EQ(problem([](Description& d) { d.quality.contrast = 11; }),
            "without contrast: 11 grey levels");
  EXPECT_EQ(problem([](Description& d) { d.quality.sharpness = 0.05f; }),
            "too blurred: sharpness 0.050, 0.085 needed");
  EXPECT_EQ(problem([](Description& d) { d.relit.keypoints.pop_back(); }),
            "without a mark: 15 keypoints");
  EXPECT_EQ(problem([](Description& d) { d = {}; }), "without contrast: 0 grey levels");
}

TEST(QualityProblemTest, MarksOnWhiteAndOnBlackGroundAreUsable) {
  Description description = usable();
  description.quality.bright_share = 0.96f;
  EXPECT_EQ(quality_problem(description), "");
  description.quality.bright_share = 0;
  description.quality.dark_share = 0.96f;
  EXPECT_EQ(quality_problem(description), "");
}

}  // namespace
}  // namespace pressmark::pipeline
