// SPDX-License-Identifier: Apache-2.0
//
// Orientation, regions and reduced decoding.
#include <gtest/gtest.h>

#include <algorithm>
#include <climits>

#include "engine/image/image.hpp"
#include "tests/engine/image/expect_error.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

TEST(Orientation, AllEightGiveTheSameUprightPicture) {
  const Picture picture = sample_picture(), grey = grey_of(picture);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Picture stored = stored_for(picture, orientation);
    EXPECT_EQ(image::decode(make_png(stored, orientation), {}).pixels, picture);
    EXPECT_EQ(image::decode(make_webp_with_orientation(stored, orientation), {}).pixels, picture);
    EXPECT_EQ(image::decode(make_tiff(stored, {.orientation = orientation}), {}).pixels, picture);
    const Picture stored_grey = stored_for(grey, orientation);
    EXPECT_EQ(image::decode(make_png(stored_grey, orientation), {}).pixels, grey);
    const Bytes jpeg = with_orientation(make_jpeg(stored), orientation);
    EXPECT_LE(difference(image::decode(jpeg, {}).pixels, picture), 5);
  }
}

TEST(Orientation, TheTestCanTellThemApart) {
  const Picture picture = test_picture(64, 64, 3);
  for (int orientation = 2; orientation <= 8; ++orientation) {
    EXPECT_GT(difference(stored_for(picture, orientation), picture), 15) << orientation;
  }
}

TEST(Region, IsCutFromTheUprightPhoto) {
  const Picture picture = sample_picture();
  const RegionOfInterest region{.x = 11, .y = 7, .width = 50, .height = 33};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Bytes png = make_png(stored_for(picture, orientation), orientation);
    const image::Photo photo = image::decode(png, {}, 0, region);
    EXPECT_EQ(photo.pixels, cut(picture, 11, 7, 50, 33));
    EXPECT_EQ(photo.origin_x, 11);
    EXPECT_EQ(photo.origin_y, 7);
    EXPECT_EQ(photo.upright_width, 96);
    EXPECT_EQ(photo.upright_height, 64);
  }
}

TEST(Region, MayBeTheWholePhotoOrItsLastPixel) {
  const Picture picture = sample_picture();
  const Bytes png = make_png(picture);
  const RegionOfInterest whole{.x = 0, .y = 0, .width = 96, .height = 64};
  EXPECT_EQ(image::decode(png, {}, 0, whole).pixels, picture);
  const RegionOfInterest last{.x = 95, .y = 63, .width = 1, .height = 1};
  EXPECT_EQ(image::decode(png, {}, 0, last).pixels, cut(picture, 95, 63, 1, 1));
}

TEST(Region, OutsideThePhotoIsRefused) {
  const Bytes png = make_png(stored_for(sample_picture(), 6), 6);
  for (const RegionOfInterest& region :
       {RegionOfInterest{-1, 0, 10, 10}, RegionOfInterest{0, -1, 10, 10},
        RegionOfInterest{87, 0, 10, 10}, RegionOfInterest{0, 55, 10, 10},
        RegionOfInterest{0, 0, 0, 10}, RegionOfInterest{0, 0, 10, 0},
        RegionOfInterest{0, 0, -5, 10}, RegionOfInterest{INT_MAX, 0, INT_MAX, 1},
        RegionOfInterest{200, 200, 10, 10}}) {
    expect_error([&] { image::decode(png, {}, 0, region); }, ErrorCode::kInvalidArgument,
                 "is not inside the upright photo of 96 x 64 pixels");
  }
}

struct ReductionCase {
  int enough_px, reduction;
};

TEST(Reduction, IsTheLargestThatLeavesEnough) {
  const Bytes jpeg = make_jpeg(test_picture(640, 401));
  for (const ReductionCase& expected :
       {ReductionCase{0, 1}, ReductionCase{1000, 1}, ReductionCase{321, 1}, ReductionCase{320, 2},
        ReductionCase{161, 2}, ReductionCase{160, 4}, ReductionCase{81, 4}, ReductionCase{80, 8},
        ReductionCase{1, 8}}) {
    SCOPED_TRACE(expected.enough_px);
    const image::Photo photo = image::decode(jpeg, {}, expected.enough_px);
    EXPECT_EQ(photo.reduction, expected.reduction);
    EXPECT_EQ(photo.pixels.width, 640 / expected.reduction);
    EXPECT_EQ(photo.pixels.height, (401 + expected.reduction - 1) / expected.reduction);
    EXPECT_EQ(photo.upright_width, 640);
    EXPECT_EQ(photo.upright_height, 401);
  }
}

TEST(Reduction, IsForJpegOnly) {
  const image::Photo photo = image::decode(make_png(test_picture(640, 400)), {}, 100);
  EXPECT_EQ(photo.reduction, 1);
  EXPECT_EQ(photo.pixels.width, 640);
}

TEST(Reduction, GivesTheSamePictureAsAveraging) {
  const Picture picture = test_picture(640, 400);
  const Bytes jpeg = make_jpeg(picture, {.subsampled = false});
  for (int reduction : {2, 4, 8}) {
    const Picture reduced = image::decode(jpeg, {}, 640 / reduction).pixels;
    EXPECT_LE(difference(reduced, image::reduce(picture, 640 / reduction)), 2) << reduction;
  }
}

TEST(Reduction, OfSmallPhotosKeepsEverySide) {
  for (int width : {1, 2, 3, 7, 15, 16, 17, 64}) {
    for (int height : {1, 3, 16}) {
      const Bytes jpeg = make_jpeg(test_picture(width, height));
      const image::Photo photo = image::decode(jpeg, {}, 1);
      const int reduction = static_cast<int>(photo.reduction);
      EXPECT_EQ(photo.pixels.width, (width + reduction - 1) / reduction);
      EXPECT_EQ(photo.pixels.height, (height + reduction - 1) / reduction);
    }
  }
}

// The area of the upright photo that the decoded pixels cover is cut out, averaged over the grid of
// the reduced picture, and compared.
TEST(Reduction, OriginSaysWhereEveryOrientationAndRegionLies) {
  const int width = 645, height = 403;  // not divisible: the grid overhangs
  const Picture picture = test_picture(width, height);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Bytes jpeg = with_orientation(
        make_jpeg(stored_for(picture, orientation), {.subsampled = false}), orientation);
    for (const RegionOfInterest& region :
         {RegionOfInterest{0, 0, width, height}, RegionOfInterest{101, 53, 400, 250}}) {
      SCOPED_TRACE(testing::Message() << orientation << ", from " << region.x);
      const image::Photo photo = image::decode(jpeg, {}, 50, region);
      const int step = static_cast<int>(photo.reduction);
      EXPECT_EQ(step, 8);
      EXPECT_GT(photo.origin_x, region.x - step);
      EXPECT_LE(photo.origin_x, region.x);
      EXPECT_GE(photo.origin_x + step * photo.pixels.width, region.x + region.width);
      EXPECT_GE(photo.origin_y + step * photo.pixels.height, region.y + region.height);
      // Whole grid cells inside the photo only.
      const int first_column = photo.origin_x < 0 ? 1 : 0, first_row = photo.origin_y < 0 ? 1 : 0;
      const int columns = (width - photo.origin_x) / step - first_column;
      const int rows = (height - photo.origin_y) / step - first_row;
      const int used_columns = std::min(columns, photo.pixels.width - first_column);
      const int used_rows = std::min(rows, photo.pixels.height - first_row);
      const Picture seen = cut(photo.pixels, first_column, first_row, used_columns, used_rows);
      const Picture place =
          cut(picture, photo.origin_x + step * first_column, photo.origin_y + step * first_row,
              step * used_columns, step * used_rows);
      EXPECT_LE(difference(seen, image::reduce(place, std::max(used_columns, used_rows))), 2);
    }
  }
}

TEST(Reduction, RegardsTheRegionsSize) {
  const Bytes jpeg = make_jpeg(test_picture(640, 400));
  const RegionOfInterest region{.x = 0, .y = 0, .width = 200, .height = 100};
  EXPECT_EQ(image::decode(jpeg, {}, 100, region).reduction, 2);
  EXPECT_EQ(image::decode(jpeg, {}, 101, region).reduction, 1);
}

}  // namespace
}  // namespace pressmark::test
