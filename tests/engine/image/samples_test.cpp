// SPDX-License-Identifier: Apache-2.0
//
// From stored samples to 8-bit grey or BGR: depth, alpha, palettes.
#include <gtest/gtest.h>

#include "engine/image/image.hpp"
#include "engine/image/samples.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

using Samples = std::vector<std::uint16_t>;

std::vector<std::uint8_t> grey16(const Samples& samples) {
  const int width = static_cast<int>(samples.size());
  const Bytes png = make_png(width, 1, samples, {.colour = PngColour::kGrey, .bits = 16});
  const Bytes tiff = make_tiff(width, 1, 1, samples);
  const Picture pixels = image::decode(png, {}).pixels;
  EXPECT_EQ(pixels.channels, 1);
  EXPECT_EQ(image::decode(tiff, {}).pixels, pixels);
  return pixels.pixels;
}

TEST(Depth, FullScaleIsTheSmallestThatHoldsTheLargestSample) {
  EXPECT_EQ(grey16({0, 7, 255}), (Bytes{0, 7, 255}));
  EXPECT_EQ(grey16({0, 256, 1023}), (Bytes{0, 64, 255}));
  EXPECT_EQ(grey16({0, 1024, 4095}), (Bytes{0, 64, 255}));
  EXPECT_EQ(grey16({0, 4096, 16383}), (Bytes{0, 64, 255}));
  EXPECT_EQ(grey16({0, 16384, 65535}), (Bytes{0, 64, 255}));
  EXPECT_EQ(grey16({0, 0, 0}), (Bytes{0, 0, 0}));
}

TEST(Depth, RoundsToTheNearest) {
  // 65535 / 255 = 257 per step.
  EXPECT_EQ(grey16({128, 129, 385, 386, 65535}), (Bytes{0, 1, 1, 2, 255}));
}

TEST(Depth, RegionIsScaledLikeTheWholePhoto) {
  const Bytes png = make_png(3, 1, {100, 200, 4000}, {.colour = PngColour::kGrey, .bits = 16});
  const RegionOfInterest dark{.x = 0, .y = 0, .width = 2, .height = 1};
  EXPECT_EQ(image::decode(png, {}, 0, dark).pixels.pixels, (Bytes{6, 12}));
}

TEST(Depth, SmallGreyDepthsFillTheScale) {
  const PngStyle one_bit{.colour = PngColour::kGrey, .bits = 1};
  EXPECT_EQ(image::decode(make_png(3, 1, {0, 1, 0}, one_bit), {}).pixels.pixels,
            (Bytes{0, 255, 0}));
  const PngStyle four_bits{.colour = PngColour::kGrey, .bits = 4};
  EXPECT_EQ(image::decode(make_png(3, 1, {0, 5, 15}, four_bits), {}).pixels.pixels,
            (Bytes{0, 85, 255}));
}

TEST(Depth, WhiteAsZeroIsTurned) {
  const TiffStyle style{.photometric = 0};
  EXPECT_EQ(image::decode(make_tiff(3, 1, 1, Bytes{0, 100, 255}, style), {}).pixels.pixels,
            (Bytes{255, 155, 0}));
  EXPECT_EQ(image::decode(make_tiff(3, 1, 1, Samples{0, 25700, 65535}, style), {}).pixels.pixels,
            (Bytes{255, 155, 0}));
}

TEST(Alpha, IsLaidOverWhite) {
  // Red, green, blue, alpha: opaque, half, clear.
  const Samples rgba{10, 20, 30, 255, 10, 20, 30, 128, 10, 20, 30, 0};
  const Picture expected{3, 1, 3, {30, 20, 10, 142, 137, 132, 255, 255, 255}};
  EXPECT_EQ(image::decode(make_png(3, 1, rgba, {.colour = PngColour::kRgba}), {}).pixels, expected);
  const Bytes values(rgba.begin(), rgba.end());
  const Picture tiff = image::decode(make_tiff(3, 1, 4, values, {.extra_sample = 2}), {}).pixels;
  EXPECT_LE(difference(tiff, expected), 0.5);  // libtiff rounds when it premultiplies
}

TEST(Alpha, OfGreyAndOf16BitsIsLaidOverWhite) {
  const Samples grey{100, 255, 100, 0};
  EXPECT_EQ(image::decode(make_png(2, 1, grey, {.colour = PngColour::kGreyAlpha}), {}).pixels,
            (Picture{2, 1, 1, {100, 255}}));
  const Samples deep{2570, 65535, 2570, 0, 65535, 65535};
  const Picture expected{3, 1, 1, {10, 255, 255}};
  const PngStyle style{.colour = PngColour::kGreyAlpha, .bits = 16};
  EXPECT_EQ(image::decode(make_png(3, 1, deep, style), {}).pixels, expected);
  EXPECT_EQ(image::decode(make_tiff(3, 1, 2, deep, {.extra_sample = 2}), {}).pixels, expected);
}

TEST(Alpha, PremultipliedIsNotAppliedTwice) {
  // Half covered mid grey, stored as 64 of alpha 128.
  const Picture expected{1, 1, 1, {191}};
  EXPECT_EQ(image::decode(make_tiff(1, 1, 2, Bytes{64, 128}, {.extra_sample = 1}), {}).pixels,
            expected);
  const Samples deep{64 * 257, 128 * 257};
  EXPECT_EQ(image::decode(make_tiff(1, 1, 2, deep, {.extra_sample = 1}), {}).pixels, expected);
}

TEST(Alpha, OfWebpBitmapAndGifIsLaidOverWhite) {
  Picture bgra{16, 16, 4, {}};
  for (int i = 0; i < 256; ++i) {
    const auto alpha = static_cast<std::uint8_t>(i % 16 < 8 ? 255 : 0);
    bgra.pixels.insert(bgra.pixels.end(), {40, 40, 40, alpha});
  }
  const Picture webp = image::decode(make_webp_alpha(bgra), {}).pixels;
  const Picture bmp = image::decode(make_bmp_with_masks(bgra), {}).pixels;
  ASSERT_EQ(webp.channels, 3);
  ASSERT_EQ(bmp.channels, 3);
  EXPECT_EQ(bmp.pixels.front(), 40);
  EXPECT_EQ(bmp.pixels.back(), 255);
  EXPECT_NEAR(webp.pixels.front(), 40, 4);
  EXPECT_EQ(webp.pixels.back(), 255);
  const Bytes gif = make_gif(Picture{2, 1, 1, {10, 20}}, 1, 20);
  EXPECT_EQ(image::decode(gif, {}).pixels, (Picture{2, 1, 1, {10, 255}}));
}

TEST(Alpha, ZeroInAWholeBitmapMeansOpaque) {
  const Bytes bmp = make_bmp_with_masks(Picture{2, 1, 4, {1, 2, 3, 0, 4, 5, 6, 0}});
  EXPECT_EQ(image::decode(bmp, {}).pixels, (Picture{2, 1, 3, {1, 2, 3, 4, 5, 6}}));
}

TEST(Palette, IsResolved) {
  for (int bits : {1, 2, 4, 8}) {
    const auto last = static_cast<std::uint16_t>((1 << bits) - 1);
    const Bytes png = make_png(2, 1, {0, last}, {.colour = PngColour::kPalette, .bits = bits});
    // The palette of the encoder: index in blue, 7 in green, its complement in red.
    const auto blue = static_cast<std::uint8_t>(last), red = static_cast<std::uint8_t>(255 - last);
    EXPECT_EQ(image::decode(png, {}).pixels, (Picture{2, 1, 3, {0, 7, 255, blue, 7, red}})) << bits;
  }
}

TEST(Palette, OfGreysGivesOneChannel) {
  const Picture grey{3, 2, 1, {1, 2, 3, 250, 128, 0}};
  EXPECT_EQ(image::decode(make_bmp(grey), {}).pixels, grey);
  EXPECT_EQ(image::decode(make_gif(grey), {}).pixels, grey);
}

TEST(Palette, IndexOutsideIsDamage) {
  Bytes bmp = make_bmp(Picture{1, 1, 1, {200}});
  bmp[10] = 62;  // a palette of two entries; then the third, read as pixels: 2 2 2 0
  bmp[11] = 0;
  EXPECT_THROW(image::decode(bmp, {}), Error);
}

TEST(Cmyk, AllWaysToStoreItAgree) {
  const Picture picture = sample_picture();
  for (Inks inks : {Inks::kPlain, Inks::kAdobe, Inks::kAdobeYcck}) {
    const Picture pixels = image::decode(make_cmyk_jpeg(picture, inks), {}).pixels;
    EXPECT_LE(difference(pixels, picture), 4) << static_cast<int>(inks);
  }
}

}  // namespace
}  // namespace pressmark::test
