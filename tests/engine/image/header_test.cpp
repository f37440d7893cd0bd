// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/image/image.hpp"
#include "tests/engine/image/expect_error.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

using image::FileFormat;
using image::Header;

TEST(Header, StatesTheStoredSizeAndOrientation) {
  const Picture stored = stored_for(sample_picture(), 6);  // 64 x 96
  const Header jpeg = image::read_header(with_orientation(make_jpeg(stored), 6));
  EXPECT_EQ(jpeg.format, FileFormat::kJpeg);
  EXPECT_EQ(jpeg.width, 64);
  EXPECT_EQ(jpeg.height, 96);
  EXPECT_EQ(jpeg.orientation, 6);
  const Header png = image::read_header(make_png(stored, 7));
  EXPECT_EQ(png.format, FileFormat::kPng);
  EXPECT_EQ(png.orientation, 7);
  const Header tiff = image::read_header(make_tiff(stored, {.orientation = 5}));
  EXPECT_EQ(tiff.format, FileFormat::kTiff);
  EXPECT_EQ(tiff.orientation, 5);
  const Header webp = image::read_header(make_webp_with_orientation(stored, 2));
  EXPECT_EQ(webp.format, FileFormat::kWebp);
  EXPECT_EQ(webp.orientation, 2);
  EXPECT_EQ(image::read_header(make_bmp(stored)).format, FileFormat::kBmp);
  EXPECT_EQ(image::read_header(make_gif(grey_of(stored))).format, FileFormat::kGif);
}

TEST(Header, AgreesWithDecoding) {
  for (const SampleFile& file : good_samples()) {
    SCOPED_TRACE(file.name);
    const Header header = image::read_header(file.bytes);
    const Header decoded = image::decode(file.bytes, {}).header;
    EXPECT_EQ(header.format, decoded.format);
    EXPECT_EQ(header.width, decoded.width);
    EXPECT_EQ(header.height, decoded.height);
    EXPECT_EQ(header.orientation, decoded.orientation);
  }
}

TEST(Header, MeaninglessOrientationCountsAsUpright) {
  const Bytes jpeg = make_jpeg(sample_picture());
  for (int orientation : {0, 9, 65535}) {
    EXPECT_EQ(image::read_header(with_orientation(jpeg, orientation)).orientation, 1);
  }
}

TEST(Header, BigEndianExifIsRead) {
  const Bytes png = make_png(sample_picture());
  const Bytes chunk = png_chunk("eXIf", exif_block(8, true));
  const ByteSpan all(png);
  EXPECT_EQ(image::read_header(joined({all.first(33), chunk, all.subspan(33)})).orientation, 8);
}

TEST(Header, BrokenExifDoesNotSpoilThePhoto) {
  const Bytes png = make_png(sample_picture());
  const ByteSpan all(png);
  const Bytes block = exif_block(6);
  for (std::size_t length = 0; length < block.size(); ++length) {
    const Bytes chunk = png_chunk("eXIf", ByteSpan(block).first(length));
    const Bytes odd = joined({all.first(33), chunk, all.subspan(33)});
    EXPECT_NO_THROW(image::decode(odd, {})) << length;
  }
}

TEST(Header, BombsAreReadableWithoutTheirPixels) {
  const Header header = image::read_header(png_start(30000, 30000));
  EXPECT_EQ(header.width, 30000);
  EXPECT_EQ(header.height, 30000);
}

TEST(Header, SizelessPicturesAreDamaged) {
  const Bytes jpeg = make_jpeg(sample_picture());
  expect_error([&] { image::read_header(with_stated_size(jpeg, 96, 0)); }, ErrorCode::kCorruptData,
               "no size");
  expect_error([&] { image::read_header(png_start(0, 5)); }, ErrorCode::kCorruptData, "size");
  expect_error([&] { image::read_header(png_start(0x80000000u, 5)); }, ErrorCode::kCorruptData,
               "size");
}

TEST(Header, TextThatBeginsLikeABitmapIsText) {
  expect_error([] { image::read_header(bytes_of("BMW and other makes of cars, a list")); },
               ErrorCode::kUnsupported, "not an image (text)");
}

TEST(Header, EveryFormatHasAName) {
  EXPECT_EQ(image::to_string(FileFormat::kJpeg), "jpeg");
  EXPECT_EQ(image::to_string(FileFormat::kPng), "png");
  EXPECT_EQ(image::to_string(FileFormat::kTiff), "tiff");
  EXPECT_EQ(image::to_string(FileFormat::kWebp), "webp");
  EXPECT_EQ(image::to_string(FileFormat::kBmp), "bmp");
  EXPECT_EQ(image::to_string(FileFormat::kGif), "gif");
}

}  // namespace
}  // namespace pressmark::test
