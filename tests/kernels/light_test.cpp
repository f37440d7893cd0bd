// SPDX-License-Identifier: Apache-2.0
//
// The stages mask_glare and relight as every backend must answer; relight_test.cpp looks closer at
// the CPU's.
#include <numbers>

#include "conformance.hpp"
#include "relief.hpp"

namespace pressmark::kernels {
namespace {

constexpr double kPi = std::numbers::pi;

GreyImage filled(int width, int height, std::uint8_t level) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

void fill(GreyImage& image, int left, int top, int right, int bottom, std::uint8_t level) {
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      image.pixels[static_cast<std::size_t>(y * image.width + x)] = level;
    }
  }
}

struct Relit {
  GreyImage image;
  Light light;
};

class LightTest : public BackendTest {
 protected:
  GreyImage glare(const GreyImage& image) const {
    GreyImage mask = filled(2, 2, 9);  // left over from an earlier call
    backend_->mask_glare({&image, 1}, {&mask, 1});
    EXPECT_EQ(mask.width, image.width);
    EXPECT_EQ(mask.height, image.height);
    EXPECT_EQ(mask.pixels.size(), image.pixels.size());
    return mask;
  }

  Relit relight(const GreyImage& image, const GreyImage& mask = {}) const {
    Relit result{filled(2, 2, 9), {9, 9, true}};
    backend_->relight({&image, 1}, {&mask, 1}, {&result.image, 1}, {&result.light, 1});
    EXPECT_EQ(result.image.width, image.width);
    EXPECT_EQ(result.image.height, image.height);
    EXPECT_EQ(result.image.pixels.size(), image.pixels.size());
    return result;
  }
};
PRESSMARK_ON_ALL_BACKENDS(LightTest);

TEST_P(LightTest, GlareIsMaskedWithItsSurroundings) {
  GreyImage image = filled(80, 60, 120);
  fill(image, 30, 20, 45, 33, 250);
  fill(image, 5, 5, 7, 50, 255);  // too narrow
  const GreyImage mask = glare(image);
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 80; ++x) {
      const bool covered = x >= 26 && x < 49 && y >= 16 && y < 37;
      ASSERT_EQ(mask.pixels[static_cast<std::size_t>(y * 80 + x)], covered ? 255 : 0)
          << x << ", " << y;
    }
  }
}

TEST_P(LightTest, AlmostWhiteAndAWhiteBackgroundAreNoGlare) {
  GreyImage image = filled(80, 60, 120);
  fill(image, 30, 20, 45, 33, 249);
  EXPECT_EQ(glare(image).pixels, filled(80, 60, 0).pixels);
  // A quarter is glare still, more is background.
  image = filled(80, 60, 120);
  fill(image, 0, 0, 20, 60, 255);
  EXPECT_NE(glare(image).pixels, filled(80, 60, 0).pixels);
  fill(image, 0, 0, 21, 60, 255);
  EXPECT_EQ(glare(image).pixels, filled(80, 60, 0).pixels);
}

TEST_P(LightTest, TellsTheAzimuthAndGivesOneImageForTwoLights) {
  const Relief relief(256, 256, 12);
  const Relit first = relight(relief.lit(0.3));
  for (double azimuth : {0.3 + kPi / 3, 0.3 + kPi / 2, 0.3 + kPi}) {
    const Relit second = relight(relief.lit(azimuth));
    EXPECT_TRUE(second.light.sure);
    EXPECT_LT(std::abs(std::remainder(second.light.azimuth_rad - azimuth, kPi)), 0.2);
    EXPECT_GT(std::abs(correlation(first.image, second.image, 8)), 0.6) << azimuth;
  }
}

TEST_P(LightTest, InvertedContrastOnlyTurnsTheSign) {
  const GreyImage photo = Relief(128, 128, 13).lit(1.0);
  GreyImage negative = photo;
  for (auto& pixel : negative.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  const Relit as_it_is = relight(photo), inverted = relight(negative);
  EXPECT_LT(correlation(as_it_is.image, inverted.image, 0), -0.99);
  EXPECT_NEAR(std::remainder(as_it_is.light.azimuth_rad - inverted.light.azimuth_rad, kPi), 0,
              0.01);
}

TEST_P(LightTest, WhatIsMaskedIsMidGreyAndChangesNothingElse) {
  const GreyImage photo = Relief(128, 128, 14).lit(1.0);
  GreyImage mask = filled(128, 128, 0), painted = photo;
  fill(mask, 20, 30, 60, 70, 255);
  fill(painted, 20, 30, 60, 70, 3);
  const Relit one = relight(photo, mask), other = relight(painted, mask);
  EXPECT_EQ(one.image.pixels, other.image.pixels);
  EXPECT_EQ(one.light, other.light);
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
    if (mask.pixels[i] != 0) {
      ASSERT_EQ(one.image.pixels[i], 128);
    }
  }
}

TEST_P(LightTest, FlatImagesAreMidGreyAndTellNoLight) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 9}, {64, 40}}) {
    const Relit relit = relight(filled(width, height, 77));
    EXPECT_EQ(relit.image.pixels, filled(width, height, 128).pixels);
    EXPECT_EQ(relit.light.coherence, 0);
    EXPECT_FALSE(relit.light.sure);
  }
}

TEST_P(LightTest, RepeatsExactlyAndABatchEqualsSingleCalls) {
  backend_->mask_glare({}, {});
  backend_->relight({}, {}, {}, {});
  GreyImage shiny = Relief(90, 70, 15).lit(0.5);
  fill(shiny, 10, 10, 30, 30, 255);
  const GreyImage images[] = {Relief(70, 90, 16).lit(2.5), shiny, filled(5, 4, 60)};
  GreyImage masks[3], relit[3];
  Light lights[3];
  backend_->mask_glare(images, masks);
  backend_->relight(images, masks, relit, lights);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(masks[i].pixels, glare(images[i]).pixels);
    const Relit single = relight(images[i], masks[i]);
    EXPECT_EQ(relit[i].pixels, single.image.pixels);
    EXPECT_EQ(lights[i], single.light);
  }
}

}  // namespace
}  // namespace pressmark::kernels
