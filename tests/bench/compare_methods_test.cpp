// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/method.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/test_picture.hpp"

namespace pressmark::compare {
namespace {

constexpr int kLongSide = 512, kKeypoints = 1000;

std::unique_ptr<Method> make(const std::string& name) {
  if (name == "pressmark") return make_pressmark();
  if (name == "opencv_sift") return make_opencv_sift(kLongSide, kKeypoints);
  if (name == "opencv_orb") return make_opencv_orb(kLongSide, kKeypoints);
  if (name == "opencv_akaze") return make_opencv_akaze(kLongSide, kKeypoints);
  return make_opencv_phash();
}

image::Photo photo_of(image::PixelBuffer pixels) {
  image::Photo photo;
  photo.upright_width = pixels.width;
  photo.upright_height = pixels.height;
  photo.pixels = std::move(pixels);
  return photo;
}

// 0: a picture; 1: the same, turned by 180 degrees; 2: another; 3: one without any content.
void describe_four(Method& method) {
  image::PixelBuffer picture = test::test_picture(320, 280, 1);
  method.describe(photo_of(picture));
  method.describe(photo_of(test::stored_for(picture, 3)));
  method.describe(photo_of(test::test_picture(320, 280, 2)));
  std::fill(picture.pixels.begin(), picture.pixels.end(), std::uint8_t{128});
  method.describe(photo_of(picture));
}

class CompareMethods : public testing::TestWithParam<const char*> {};

TEST_P(CompareMethods, IsNamedAsItIsAskedFor) {
  EXPECT_EQ(make(GetParam())->name(), GetParam());
}

TEST_P(CompareMethods, FindsThePictureInItselfRatherThanInAnother) {
  const auto method = make(GetParam());
  describe_four(*method);
  method->prepare(0);
  EXPECT_GT(method->compare(0, 0), method->compare(0, 2));
}

TEST_P(CompareMethods, ComparesWithAPhotoThatShowsNothing) {
  const auto method = make(GetParam());
  describe_four(*method);
  method->prepare(3);
  const float nothing = method->compare(3, 0);
  method->prepare(0);
  EXPECT_LT(nothing, method->compare(0, 0));
}

TEST_P(CompareMethods, KeepsNoMoreThanItMay) {
  const auto method = make(GetParam());
  describe_four(*method);
  EXPECT_GT(method->bytes(0), 0);
  EXPECT_LE(method->bytes(0), std::string(GetParam()) == "pressmark" ? 100'000 : 144 * kKeypoints);
}

INSTANTIATE_TEST_SUITE_P(, CompareMethods,
                         testing::Values("pressmark", "opencv_sift", "opencv_orb", "opencv_akaze",
                                         "opencv_phash"),
                         [](const auto& made) { return std::string(made.param); });

class TurnedMethods : public testing::TestWithParam<const char*> {};

TEST_P(TurnedMethods, FindTheTurnedPictureRatherThanAnother) {
  const auto method = make(GetParam());
  describe_four(*method);
  method->prepare(0);
  EXPECT_GT(method->compare(0, 1), method->compare(0, 2));
}

INSTANTIATE_TEST_SUITE_P(, TurnedMethods,
                         testing::Values("pressmark", "opencv_sift", "opencv_orb", "opencv_akaze"),
                         [](const auto& made) { return std::string(made.param); });

TEST(LimitedMethods, KeepTheStrongestOfDetectorsThatTakeNoLimit) {
  const auto method = make_opencv_akaze(kLongSide, 20);
  method->describe(photo_of(test::test_picture(320, 280, 1)));
  EXPECT_EQ(method->bytes(0), 20 * (16 + 61));
}

}  // namespace
}  // namespace pressmark::compare
