// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>

#include "engine/image/image.hpp"
#include "tests/engine/image/expect_error.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::test {
namespace {

double mean(const Picture& picture) {
  return std::accumulate(picture.pixels.begin(), picture.pixels.end(), 0.0) /
         static_cast<double>(picture.pixels.size());
}

TEST(Reduce, AveragesAreas) {
  const Picture picture{4, 2, 1, {0, 10, 100, 110, 20, 30, 120, 130}};
  EXPECT_EQ(image::reduce(picture, 2), (Picture{2, 1, 1, {15, 115}}));
}

TEST(Reduce, KeepsProportionsColourAndBrightness) {
  const Picture picture = test_picture(300, 200);
  const Picture reduced = image::reduce(picture, 77);
  EXPECT_EQ(reduced.width, 77);
  EXPECT_EQ(reduced.height, 51);
  EXPECT_EQ(reduced.channels, 3);
  EXPECT_NEAR(mean(reduced), mean(picture), 1);
  EXPECT_EQ(image::reduce(stored_for(picture, 6), 77).height, 77);
}

TEST(Reduce, NeverEnlarges) {
  const Picture picture = test_picture(30, 20);
  EXPECT_EQ(image::reduce(picture, 30), picture);
  EXPECT_EQ(image::reduce(picture, 1000), picture);
}

TEST(Reduce, KeepsAtLeastOnePixel) {
  const Picture line = grey_of(test_picture(500, 1));
  const Picture reduced = image::reduce(line, 10);
  EXPECT_EQ(reduced.width, 10);
  EXPECT_EQ(reduced.height, 1);
}

TEST(Reduce, RefusesNothing) {
  expect_error([] { image::reduce(Picture{}, 10); }, ErrorCode::kInvalidArgument, "reduced");
  expect_error([] { image::reduce(test_picture(4, 4), 0); }, ErrorCode::kInvalidArgument,
               "reduced");
}

TEST(EncodeJpeg, IsReadBack) {
  const Picture picture = test_picture(123, 77), grey = grey_of(picture);
  EXPECT_LE(difference(image::decode(image::encode_jpeg(picture, 95), {}).pixels, picture), 3);
  EXPECT_LE(difference(image::decode(image::encode_jpeg(grey, 95), {}).pixels, grey), 2);
}

TEST(EncodeJpeg, IsDeterministicAndObeysQuality) {
  const Picture picture = test_picture(200, 100);
  EXPECT_EQ(image::encode_jpeg(picture, 80), image::encode_jpeg(picture, 80));
  EXPECT_LT(image::encode_jpeg(picture, 1).size(), image::encode_jpeg(picture, 100).size() / 4);
}

TEST(EncodeJpeg, RefusesWhatCannotBeEncoded) {
  const Picture picture = test_picture(8, 8);
  expect_error([&] { image::encode_jpeg(picture, 0); }, ErrorCode::kInvalidArgument, "quality");
  expect_error([&] { image::encode_jpeg(picture, 101); }, ErrorCode::kInvalidArgument, "quality");
  expect_error([] { image::encode_jpeg(Picture{}, 80); }, ErrorCode::kInvalidArgument, "picture");
  const Picture wide{70'000, 1, 1, std::vector<std::uint8_t>(70'000)};
  expect_error([&] { image::encode_jpeg(wide, 80); }, ErrorCode::kIo, "JPEG encoder");
}

}  // namespace
}  // namespace pressmark::test
