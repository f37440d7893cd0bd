// SPDX-License-Identifier: Apache-2.0
#include "tools/render/lighting.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace pressmark::render {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kField = 200;

Impression flat() {
  return {cv::Mat::zeros(kField, kField, CV_32F), cv::Mat::ones(kField, kField, CV_32F),
          cv::Mat::ones(kField, kField, CV_32F)};
}

// A round mound in the middle.
Impression mound() {
  Impression body = flat();
  for (int y = 0; y < kField; ++y) {
    for (int x = 0; x < kField; ++x) {
      const double q = (std::pow(x - 99.5, 2) + std::pow(y - 99.5, 2)) / (2 * 12.0 * 12.0);
      body.height.at<float>(y, x) = static_cast<float>(8 * std::exp(-q));
    }
  }
  return body;
}

Lighting one_light(double azimuth_deg, double elevation_deg) {
  Lighting lighting;
  Light light;
  light.azimuth_rad = azimuth_deg * kPi / 180;
  light.elevation_rad = elevation_deg * kPi / 180;
  lighting.lights = {light};
  lighting.ambient = 0;
  return lighting;
}

float green(const cv::Mat& radiance, int x, int y) {
  return radiance.at<cv::Vec3f>(y, x)[1];
}

TEST(Lighting, LightsAFlatPlaceWithOneWhateverItsElevation) {
  for (const double elevation : {10.0, 30.0, 50.0}) {
    const cv::Mat radiance = shade(flat(), one_light(70, elevation), {1, 1, 1});
    EXPECT_NEAR(green(radiance, 100, 100), 1, 0.01);
    EXPECT_NEAR(green(radiance, 20, 150), 1, 0.01);
  }
}

TEST(Lighting, BrightensTheSideThatFacesTheLight) {
  const Impression body = mound();
  // Azimuth 0 is from the right, 90 from below.
  const cv::Mat right = shade(body, one_light(0, 30), {1, 1, 1});
  EXPECT_GT(green(right, 112, 100), 1.2F);
  EXPECT_LT(green(right, 87, 100), 0.8F);
  const cv::Mat below = shade(body, one_light(90, 30), {1, 1, 1});
  EXPECT_GT(green(below, 100, 112), 1.2F);
  EXPECT_LT(green(below, 100, 87), 0.8F);
}

TEST(Lighting, CastsAShadowAwayFromTheLight) {
  Impression body = flat();
  body.height(cv::Rect(95, 60, 10, 80)).setTo(10);  // a wall
  Lighting lighting = one_light(0, 30);             // shadow length 10 / tan 30° = 17 px
  lighting.casts_shadows = true;
  const cv::Mat radiance = shade(body, lighting, {1, 1, 1});
  EXPECT_LT(green(radiance, 86, 100), 0.1F);
  EXPECT_GT(green(radiance, 72, 100), 0.9F);
  EXPECT_GT(green(radiance, 115, 100), 0.9F);
}

TEST(Lighting, NearLightFallsOff) {
  Lighting lighting = one_light(0, 30);
  lighting.lights[0].distance = 200;
  const cv::Mat radiance = shade(flat(), lighting, {1, 1, 1});
  EXPECT_NEAR(green(radiance, 100, 100), 1, 0.03);
  EXPECT_GT(green(radiance, 180, 100), 1.5F * green(radiance, 20, 100));
}

TEST(Lighting, DrawsTheStatedRanges) {
  Rng rng{9};
  for (int i = 0; i < 500; ++i) {
    const Lighting simple = make_lighting(Physics::kSimple, 720, rng);
    ASSERT_EQ(simple.lights.size(), 1U);
    EXPECT_FALSE(simple.casts_shadows);
    EXPECT_EQ(simple.lights[0].distance, 0);
    const Lighting hard = make_lighting(Physics::kHard, 720, rng);
    EXPECT_TRUE(hard.casts_shadows);
    EXPECT_GE(hard.lights[0].elevation_rad, 10 * kPi / 180);
    EXPECT_LE(hard.lights[0].elevation_rad, 50 * kPi / 180);
    EXPECT_GE(hard.ambient, 0.1);
    EXPECT_LE(hard.ambient, 0.5);
    if (hard.lights.size() == 2) {
      EXPECT_LE(hard.lights[1].strength, 0.6);
    }
  }
}

}  // namespace
}  // namespace pressmark::render
