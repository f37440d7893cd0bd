// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tests/render/assets_of_test.hpp"
#include "tools/render/relief.hpp"

namespace pressmark::render {
namespace {

// A scene that is black but for one white spot of the mark.
Scene spot_scene(cv::Point2d at) {
  constexpr int kField = 720;
  Scene scene;
  scene.radiance = cv::Mat(kField, kField, CV_32FC3, cv::Scalar::all(0.05));
  const double middle = (kField - 1) / 2.0;
  cv::circle(
      scene.radiance,
      {static_cast<int>(std::lround(middle + at.x)), static_cast<int>(std::lround(middle + at.y))},
      14, cv::Scalar::all(8), cv::FILLED);
  scene.mark = cv::Mat::zeros(kField, kField, CV_8U);
  cv::circle(scene.mark, {360, 360}, 200, cv::Scalar::all(255), cv::FILLED);
  scene.mark_radius = 200;
  return scene;
}

TEST(Photo, TruthSaysWhereAPointOfTheMarkIs) {
  const cv::Point2d at(90, -60);
  const Scene scene = spot_scene(at);
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Rng rng{seed};
    const Photo photo = take_photo(scene, Physics::kSimple, 640, rng);
    const cv::Mat grey = cv::imdecode(photo.jpeg, cv::IMREAD_GRAYSCALE);
    ASSERT_EQ(grey.size(), photo.size);
    double most = 0;
    cv::minMaxLoc(grey, nullptr, &most);
    const cv::Moments spot = cv::moments(cv::Mat(grey > 0.7 * most), true);
    const cv::Vec3d where = photo.pose.photo_from_mark * cv::Vec3d(at.x, at.y, 1);
    EXPECT_NEAR(spot.m10 / spot.m00, where[0] / where[2], 2);
    EXPECT_NEAR(spot.m01 / spot.m00, where[1] / where[2], 2);
    // Without tilt the matrix is the stated similarity.
    const double c = photo.pose.scale * std::cos(photo.pose.rotation_rad);
    const double s = photo.pose.scale * std::sin(photo.pose.rotation_rad);
    EXPECT_NEAR(where[0], photo.pose.centre.x + c * at.x - s * at.y, 1e-6);
    EXPECT_NEAR(where[1], photo.pose.centre.y + s * at.x + c * at.y, 1e-6);
  }
}

TEST(Photo, HardPosesKeepMostOfTheMark) {
  const Scene scene = spot_scene({0, 0});
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng{seed, 77};
    const Photo photo = take_photo(scene, Physics::kHard, 640, rng);
    EXPECT_LE(photo.outside_share, 0.2 + 1e-9);
    EXPECT_LE(photo.occluded_share, 0.15);
    EXPECT_GE(photo.pose.scale, 0.6);
    EXPECT_LE(photo.pose.scale, 1.4);
    const int longer = std::max(photo.size.width, photo.size.height);
    const int shorter = std::min(photo.size.width, photo.size.height);
    EXPECT_GE(longer, 559);
    EXPECT_LE(longer, 720);
    EXPECT_LE(longer, shorter * 4 / 3 + 2);
    EXPECT_GE(photo.jpeg_quality, 60);
    EXPECT_LE(photo.jpeg_quality, 95);
  }
}

class Relief : public AssetsTest {};

TEST_F(Relief, MouldsOfOneDesignDifferAndOneMouldIsTheSame) {
  Rng rng{4};
  const Design design = make_design(assets(), Partition::kTrain, rng, nullptr);
  const MouldStyle style = make_style(design, 360, rng);
  const auto mould = [&](std::uint64_t seed) {
    Rng own{seed};
    return make_mould(design, style, 360, own).height;
  };
  EXPECT_EQ(cv::norm(mould(1), mould(1), cv::NORM_INF), 0);
  EXPECT_GT(cv::norm(mould(1), mould(2), cv::NORM_INF), 0.5);
  // The drawing is common: heights of two moulds still go together.
  cv::Mat a = mould(1) - cv::mean(mould(1))[0];
  cv::Mat b = mould(2) - cv::mean(mould(2))[0];
  EXPECT_GT(a.dot(b) / std::sqrt(a.dot(a) * b.dot(b)), 0.3);
}

TEST_F(Relief, PhotosAreOrdinaryPictures) {
  Rng rng{8};
  for (int i = 0; i < 6; ++i) {
    const Design design = make_design(assets(), Partition::kTrain, rng, nullptr);
    const MouldStyle style = make_style(design, 720, rng);
    const Mould mould = make_mould(design, style, 720, rng);
    Truth truth;
    const Photo photo = render_relief(mould, Physics::kHard, 640, rng, truth);
    const cv::Mat image = cv::imdecode(photo.jpeg, cv::IMREAD_COLOR);
    ASSERT_FALSE(image.empty());
    cv::Mat grey;
    cv::cvtColor(image, grey, cv::COLOR_BGR2GRAY);
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(grey, mean, deviation);
    EXPECT_GT(mean[0], 40);
    EXPECT_LT(mean[0], 220);
    EXPECT_GT(deviation[0], 4);
  }
}

}  // namespace
}  // namespace pressmark::render
