// SPDX-License-Identifier: Apache-2.0
//
// Every kind of file: good ones give their picture, bad ones their reason.
#include <gtest/gtest.h>

#include "engine/image/image.hpp"
#include "tests/engine/image/expect_error.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

// Mean absolute difference allowed. Most of it is colour, which is stored at half the resolution.
double tolerance(const SampleFile& file) {
  const bool lossy =
      file.name.ends_with(".jpg") || file.name.ends_with(".jpeg") || file.name == "lossy.webp";
  return lossy ? 5.0 : 0.0;
}

TEST(Formats, GoodFilesGiveTheirPictureUpright) {
  const Picture picture = sample_picture();
  for (const SampleFile& file : good_samples()) {
    SCOPED_TRACE(file.name);
    const image::Photo photo = image::decode(file.bytes, {});
    EXPECT_EQ(photo.pixels.width, file.width);
    EXPECT_EQ(photo.pixels.height, file.height);
    EXPECT_EQ(photo.upright_width, file.width);
    EXPECT_EQ(photo.upright_height, file.height);
    EXPECT_EQ(photo.reduction, 1);
    const bool grey = file.name.starts_with("grey");
    const double error = difference(photo.pixels, grey ? grey_of(picture) : picture);
    EXPECT_LE(error, tolerance(file));
  }
}

TEST(Formats, BadFilesGiveTheirReason) {
  for (const SampleFile& file : bad_samples()) {
    SCOPED_TRACE(file.name);
    expect_error([&] { image::decode(file.bytes, {}); }, file.code, file.reason);
  }
}

TEST(Formats, NothingIsPrinted) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  for (const std::vector<SampleFile>& files : {good_samples(), bad_samples()}) {
    for (const SampleFile& file : files) {
      try {
        image::decode(file.bytes, {});
      } catch (const Error&) {
      }
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Formats, SamePixelsEveryTime) {
  for (const SampleFile& file : good_samples()) {
    SCOPED_TRACE(file.name);
    EXPECT_EQ(image::decode(file.bytes, {}).pixels, image::decode(file.bytes, {}).pixels);
  }
}

TEST(Formats, PixelCapIsTheCallersChoice) {
  for (const SampleFile& file : good_samples()) {
    SCOPED_TRACE(file.name);
    EXPECT_NO_THROW(image::decode(file.bytes, {.max_pixels = 96 * 64}));
    expect_error([&] { image::decode(file.bytes, {.max_pixels = 96 * 64 - 1}); },
                 ErrorCode::kUnsupported, "is over the limit of 6143 pixels");
  }
  const Bytes wide = with_stated_size(make_jpeg(sample_picture()), 30000, 7000);
  expect_error([&] { image::decode(wide, {}); }, ErrorCode::kUnsupported, "30000 x 7000");
  // Within a higher cap the same file is found to be damaged instead. (Of width 96: a small one.)
  const Bytes tall = with_stated_size(make_jpeg(sample_picture()), 96, 640);
  expect_error([&] { image::decode(tall, {}); }, ErrorCode::kCorruptData, "cut off");
}

TEST(Formats, UnusableOptionsAreRefused) {
  expect_error([] { image::decode(make_png(sample_picture()), {.max_pixels = 0}); },
               ErrorCode::kInvalidArgument, "max_pixels");
}

TEST(Jpeg, StrayBytesThatLoseNothingAreAccepted) {
  const Picture picture = sample_picture();
  const Bytes jpeg = make_jpeg(picture);
  const Picture expected = image::decode(jpeg, {}).pixels;
  for (const SampleFile& file : good_samples()) {
    if (file.name != "padded_end.jpg" && file.name != "stray_bytes_in_header.jpg" &&
        file.name != "trailer.jpg") {
      continue;
    }
    SCOPED_TRACE(file.name);
    EXPECT_EQ(image::decode(file.bytes, {}).pixels, expected);
  }
}

TEST(Jpeg, StrayBytesDoNotHideLostData) {
  const Bytes jpeg = make_jpeg(sample_picture());
  const ByteSpan all(jpeg);
  const Bytes stray = bytes_of("abc");
  const Bytes cut = joined({all.first(20), stray, all.subspan(20, jpeg.size() - 60)});
  expect_error([&] { image::decode(cut, {}); }, ErrorCode::kCorruptData, "cut off");
}

TEST(Jpeg, MissingMiddleIsAnError) {
  // As after a bad sector: the file has its end, but a part of its pixels is zeroed.
  Bytes jpeg = make_jpeg(test_picture(320, 240));
  std::fill(jpeg.begin() + std::ssize(jpeg) / 2, jpeg.end() - 2, std::uint8_t{0});
  expect_error([&] { image::decode(jpeg, {}); }, ErrorCode::kCorruptData, "JPEG is damaged");
}

TEST(Jpeg, UnsupportedProcessesAreNamed) {
  Bytes lossless = make_jpeg(sample_picture());
  for (std::size_t i = 0; i + 1 < lossless.size(); ++i) {
    if (lossless[i] == 0xff && lossless[i + 1] == 0xc0) lossless[i + 1] = 0xc3;
  }
  expect_error([&] { image::decode(lossless, {}); }, ErrorCode::kUnsupported, "lossless");
}

TEST(Png, InterlacedIsRead) {
  const Picture grey = grey_of(sample_picture());
  const std::vector<std::uint16_t> samples(grey.pixels.begin(), grey.pixels.end());
  const Bytes png =
      make_png(grey.width, grey.height, samples, {.colour = PngColour::kGrey, .interlaced = true});
  EXPECT_EQ(image::decode(png, {}).pixels, grey);
}

TEST(Png, OnePixelIsRead) {
  const Bytes png = make_png(Picture{1, 1, 3, {10, 20, 30}});
  const image::Photo photo = image::decode(png, {});
  EXPECT_EQ(photo.pixels, (Picture{1, 1, 3, {10, 20, 30}}));
}

TEST(Png, AnimationIsRefusedAndDamagedTextIsNot) {
  const Bytes png = make_png(sample_picture());
  const ByteSpan all(png);
  const Bytes control{0, 0, 0, 5, 0, 0, 0, 0};
  const Bytes animated = joined({all.first(33), png_chunk("acTL", control), all.subspan(33)});
  expect_error([&] { image::decode(animated, {}); }, ErrorCode::kUnsupported,
               "animated PNG (5 frames)");
  Bytes text = png_chunk("tEXt", bytes_of("Comment\0hello"));
  text.back() ^= 1;
  const Bytes damaged = joined({all.first(33), text, all.subspan(33)});
  EXPECT_EQ(image::decode(damaged, {}).pixels, sample_picture());
}

TEST(Tiff, EveryLayoutOf8And16BitsIsRead) {
  const Picture picture = sample_picture();
  std::vector<std::uint16_t> deep;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    for (std::size_t c = 3; c-- > 0;) {
      deep.push_back(static_cast<std::uint16_t>(picture.pixels[i + c] * 257));
    }
  }
  for (int compression : {1, 5, 8}) {
    for (int tile : {0, 16, 128}) {
      for (bool planes : {false, true}) {
        for (bool big_endian : {false, true}) {
          const TiffStyle style{.compression = compression,
                                .rows_per_strip = 10,
                                .tile = tile,
                                .planes = planes,
                                .big_endian = big_endian};
          SCOPED_TRACE(testing::Message() << "compression " << compression << ", tile " << tile
                                          << ", planes " << planes << ", big " << big_endian);
          const Bytes tiff = make_tiff(picture, style), kept = tiff;
          EXPECT_EQ(image::decode(tiff, {}).pixels, picture);
          EXPECT_EQ(tiff, kept);
          EXPECT_EQ(image::decode(make_tiff(96, 64, 3, deep, style), {}).pixels, picture);
        }
      }
    }
  }
}

TEST(Tiff, JpegInsideIsReadAndItsDamageFound) {
  const Picture grey = grey_of(sample_picture());
  Bytes tiff = make_tiff(grey, {.compression = 7, .rows_per_strip = 64});
  EXPECT_LE(difference(image::decode(tiff, {}).pixels, grey), 8);
  for (std::size_t i = tiff.size() / 3; i < tiff.size() / 2; ++i) tiff[i] = 0;
  expect_error([&] { image::decode(tiff, {}); }, ErrorCode::kCorruptData, "TIFF is damaged");
}

TEST(Tiff, CmykIsConverted) {
  // Full cyan; no ink; full black.
  const std::vector<std::uint8_t> inks{255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255};
  const Bytes tiff = make_tiff(3, 1, 4, inks, {.photometric = 5});
  EXPECT_EQ(image::decode(tiff, {}).pixels,
            (Picture{3, 1, 3, {255, 255, 0, 255, 255, 255, 0, 0, 0}}));
}

TEST(Gif, CanvasLargerThanThePictureIsWhite) {
  Bytes gif = make_gif(Picture{2, 1, 1, {10, 20}});
  gif[6] = 3;  // the canvas is 3 wide
  EXPECT_EQ(image::decode(gif, {}).pixels, (Picture{3, 1, 1, {10, 20, 255}}));
  gif[6] = 0;  // a canvas without size: that of the picture
  EXPECT_EQ(image::decode(gif, {}).pixels, (Picture{2, 1, 1, {10, 20}}));
}

}  // namespace
}  // namespace pressmark::test
