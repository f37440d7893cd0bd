// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/relight.hpp"

#include <gtest/gtest.h>

#include <numbers>

#include "kernels/cpu/illumination.hpp"
#include "relief.hpp"

namespace pressmark::kernels::cpu {
namespace {

constexpr double kPi = std::numbers::pi;

double azimuth_error_deg(const Light& light, double azimuth_rad) {
  return std::abs(std::remainder(light.azimuth_rad - azimuth_rad, kPi)) * 180 / kPi;
}

GreyImage filled(int width, int height, std::uint8_t level) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height), level)};
}

GreyImage noise(int width, int height, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  GreyImage image = filled(width, height, 0);
  for (auto& pixel : image.pixels) pixel = static_cast<std::uint8_t>(uniform(random, 60, 200));
  return image;
}

TEST(RelightTest, FindsTheAzimuthModuloPi) {
  const Relief relief(256, 200, 1);
  for (double azimuth : {0.0, 0.4, 1.2, kPi / 2, 2.5, 3.1, 4.0, 6.0}) {
    const Light light = estimate_light(relief.lit(azimuth), {});
    EXPECT_LT(azimuth_error_deg(light, azimuth), 6) << azimuth;
    EXPECT_GE(light.azimuth_rad, 0);
    EXPECT_LT(light.azimuth_rad, static_cast<float>(kPi));
    EXPECT_TRUE(light.sure);
  }
}

TEST(RelightTest, TwoLightsGiveOneImageUpToItsSign) {
  const Relief relief(256, 256, 2);
  GreyImage first, second;
  const GreyImage photo = relief.lit(0.3);
  relight(photo, {}, first);
  for (double gap : {kPi / 6, kPi / 3, kPi / 2, kPi, 1.3 * kPi}) {
    const GreyImage other = relief.lit(0.3 + gap);
    relight(other, {}, second);
    const double relit = std::abs(correlation(first, second, 8));
    EXPECT_GT(relit, 0.6) << gap;
    EXPECT_GT(relit, std::abs(correlation(photo, other, 8)) - 0.1) << gap;
  }
}

TEST(RelightTest, InvertedContrastOnlyTurnsTheSign) {
  const GreyImage photo = Relief(128, 128, 3).lit(1.0);
  GreyImage negative = photo, relit, relit_negative;
  for (auto& pixel : negative.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  relight(photo, {}, relit);
  relight(negative, {}, relit_negative);
  EXPECT_LT(correlation(relit, relit_negative, 0), -0.99);
}

TEST(RelightTest, IsotropicNoiseHasNoAzimuth) {
  const Light light = estimate_light(noise(256, 256, 4), {});
  EXPECT_LT(light.coherence, 0.1);
  EXPECT_FALSE(light.sure);
}

TEST(RelightTest, VignettingChangesLittle) {
  const Relief relief(256, 256, 5);
  GreyImage photo = relief.lit(0.8), relit, relit_dark;
  relight(photo, {}, relit);
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) {
      const double share = 0.4 + 0.6 * x / 255.0;
      auto& pixel = photo.pixels[static_cast<std::size_t>(y * 256 + x)];
      pixel = static_cast<std::uint8_t>(std::lround(pixel * share));
    }
  }
  EXPECT_LT(azimuth_error_deg(relight(photo, {}, relit_dark), 0.8), 6);
  EXPECT_GT(std::abs(correlation(relit, relit_dark, 8)), 0.85);
}

TEST(RelightTest, GlareIsMaskedAndDoesNotRing) {
  const Relief relief(256, 256, 6);
  const GreyImage photo = relief.lit(2.0);
  GreyImage shiny = photo;
  for (int y = 90; y < 130; ++y) {
    for (int x = 60; x < 120; ++x) shiny.pixels[static_cast<std::size_t>(y * 256 + x)] = 255;
  }
  const GreyImage mask = glare_mask(shiny);
  GreyImage relit, relit_shiny;
  relight(photo, {}, relit);
  EXPECT_LT(azimuth_error_deg(relight(shiny, mask, relit_shiny), 2.0), 6);
  double n = 0, difference = 0;
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) {
      const auto i = static_cast<std::size_t>(y * 256 + x);
      const bool glare = x >= 60 && x < 120 && y >= 90 && y < 130;
      if (glare) {
        EXPECT_EQ(mask.pixels[i], 255);
      }
      if (mask.pixels[i] != 0) {
        EXPECT_EQ(relit_shiny.pixels[i], 128);
        continue;
      }
      n += 1;
      difference += std::abs(relit.pixels[i] - relit_shiny.pixels[i]);
    }
  }
  EXPECT_LT(difference / n, 4);  // grey levels, of a spread of 20
}

TEST(RelightTest, AWhiteBackgroundIsNotGlare) {
  GreyImage image = filled(100, 100, 255);
  for (std::size_t i = 0; i < 3000; ++i) image.pixels[i] = 20;
  for (std::uint8_t value : glare_mask(image).pixels) EXPECT_EQ(value, 0);
}

TEST(RelightTest, FlatImagesStayMidGreyAndAreNotSure) {
  for (int level : {0, 77, 255}) {
    GreyImage relit;
    const Light light = relight(filled(65, 40, static_cast<std::uint8_t>(level)), {}, relit);
    EXPECT_FALSE(light.sure);
    EXPECT_EQ(light.coherence, 0);
    for (std::uint8_t value : relit.pixels) EXPECT_EQ(value, 128);
  }
}

TEST(RelightTest, WorksOnAnySize) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 3}, {17, 33}, {511, 3}, {251, 129}}) {
    GreyImage relit;
    const GreyImage image = noise(width, height, 7);
    relight(image, glare_mask(image), relit);
    EXPECT_EQ(relit.width, width);
    EXPECT_EQ(relit.height, height);
    EXPECT_EQ(relit.pixels.size(), image.pixels.size());
  }
}

TEST(RelightTest, AllMaskedIsMidGrey) {
  GreyImage relit;
  EXPECT_FALSE(relight(noise(40, 40, 8), filled(40, 40, 255), relit).sure);
  for (std::uint8_t value : relit.pixels) EXPECT_EQ(value, 128);
}

TEST(RelightTest, RepeatsExactly) {
  const GreyImage photo = Relief(150, 110, 9).lit(1.0);
  GreyImage first, second = noise(3, 3, 1);
  relight(photo, {}, first);
  relight(photo, {}, second);
  EXPECT_EQ(first.pixels, second.pixels);
}

}  // namespace
}  // namespace pressmark::kernels::cpu
