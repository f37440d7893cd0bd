// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "conformance.hpp"
#include "reference.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::kernels {
namespace {

class CanonicaliseTest : public BackendTest {
 protected:
  GreyImage canonicalise(const ImageView& view, int long_side_px) const {
    GreyImage output;
    backend_->canonicalise({&view, 1}, long_side_px, {&output, 1});
    EXPECT_EQ(output.pixels.size(), static_cast<std::size_t>(output.width * output.height));
    return output;
  }
};
PRESSMARK_ON_ALL_BACKENDS(CanonicaliseTest);

ImageView view_of(const test::Picture& picture) {
  return {picture.pixels.data(), picture.width, picture.height, picture.channels,
          std::int64_t{picture.width} * picture.channels};
}

TEST_P(CanonicaliseTest, NeverEnlargesAndKeepsGreyPixels) {
  const test::Picture grey = test::grey_of(test::test_picture(70, 50));
  const GreyImage same = canonicalise(view_of(grey), 512);
  EXPECT_EQ(same.width, 70);
  EXPECT_EQ(same.height, 50);
  EXPECT_EQ(same.pixels, grey.pixels);
  EXPECT_EQ(canonicalise(view_of(grey), 70).pixels, grey.pixels);
}

TEST_P(CanonicaliseTest, WholeFactorsGiveTheMeanOfEachBlock) {
  for (int factor : {2, 3, 4, 8}) {
    const test::Picture picture = test::grey_of(test::test_picture(20 * factor, 12 * factor));
    const GreyImage reduced = canonicalise(view_of(picture), 20);
    ASSERT_EQ(reduced.width, 20);
    ASSERT_EQ(reduced.height, 12);
    const std::vector<double> means =
        reference::block_means({picture.width, picture.height, picture.pixels}, factor);
    for (std::size_t i = 0; i < means.size(); ++i) {
      ASSERT_NEAR(reduced.pixels[i], means[i], 0.501) << "factor " << factor << ", pixel " << i;
    }
  }
}

TEST_P(CanonicaliseTest, OtherFactorsKeepTheMeanOfTheImage) {
  const test::Picture picture = test::grey_of(test::test_picture(157, 93));
  const GreyImage reduced = canonicalise(view_of(picture), 64);
  EXPECT_EQ(reduced.width, 64);
  EXPECT_EQ(reduced.height, 38);
  const auto mean = [](const std::vector<std::uint8_t>& pixels) {
    double sum = 0;
    for (std::uint8_t value : pixels) sum += value;
    return sum / static_cast<double>(pixels.size());
  };
  EXPECT_NEAR(mean(reduced.pixels), mean(picture.pixels), 0.5);
}

// By definition: every source pixel counts with the area that it covers of the reduced one.
double area_mean(const test::Picture& picture, double scale, int x, int y) {
  double sum = 0, area = 0;
  for (int v = 0; v < picture.height; ++v) {
    for (int u = 0; u < picture.width; ++u) {
      const double across =
          std::min((x + 1) * scale, u + 1.0) - std::max(x * scale, static_cast<double>(u));
      const double down =
          std::min((y + 1) * scale, v + 1.0) - std::max(y * scale, static_cast<double>(v));
      if (across <= 0 || down <= 0) continue;
      sum += across * down * picture.pixels[static_cast<std::size_t>(v * picture.width + u)];
      area += across * down;
    }
  }
  return sum / area;
}

TEST_P(CanonicaliseTest, OtherFactorsWeighPixelsByTheirArea) {
  for (int reduced_side : {29, 48, 61}) {
    const test::Picture picture = test::grey_of(test::test_picture(72, 72));
    const GreyImage reduced = canonicalise(view_of(picture), reduced_side);
    ASSERT_EQ(reduced.width, reduced_side);
    ASSERT_EQ(reduced.height, reduced_side);
    for (int y = 0; y < reduced_side; ++y) {
      for (int x = 0; x < reduced_side; ++x) {
        ASSERT_NEAR(reduced.pixels[static_cast<std::size_t>(y * reduced_side + x)],
                    area_mean(picture, 72.0 / reduced_side, x, y), 0.501)
            << x << ", " << y << " of " << reduced_side;
      }
    }
  }
}

TEST_P(CanonicaliseTest, WeighsColoursAsBt601) {
  const std::uint8_t colours[][3] = {
      {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {10, 100, 200}, {255, 255, 255}};
  for (const auto& [blue, green, red] : colours) {
    const std::uint8_t bgr[3] = {blue, green, red};
    const GreyImage grey = canonicalise({bgr, 1, 1, 3, 3}, 64);
    ASSERT_EQ(grey.pixels.size(), 1u);
    EXPECT_EQ(grey.pixels[0], std::lround(0.114 * blue + 0.587 * green + 0.299 * red));
  }
}

TEST_P(CanonicaliseTest, IgnoresRowPadding) {
  for (int channels : {1, 3}) {
    test::Picture picture = test::test_picture(37, 21);
    if (channels == 1) picture = test::grey_of(picture);
    const std::size_t row_bytes = static_cast<std::size_t>(37 * channels);
    const std::size_t stride = row_bytes + 13;
    std::vector<std::uint8_t> padded(stride * 21, 0xee);
    for (std::size_t y = 0; y < 21; ++y) {
      std::copy_n(&picture.pixels[y * row_bytes], row_bytes, &padded[y * stride]);
    }
    const ImageView view{padded.data(), 37, 21, channels, static_cast<std::int64_t>(stride)};
    for (int side : {16, 37}) {
      EXPECT_EQ(canonicalise(view, side).pixels, canonicalise(view_of(picture), side).pixels);
    }
  }
}

TEST_P(CanonicaliseTest, OnePixelStaysOne) {
  const std::uint8_t value = 77;
  const GreyImage grey = canonicalise({&value, 1, 1, 1, 1}, 64);
  EXPECT_EQ(grey.width, 1);
  EXPECT_EQ(grey.height, 1);
  EXPECT_EQ(grey.pixels, std::vector<std::uint8_t>{77});
}

TEST_P(CanonicaliseTest, ALongThinImageKeepsOnePixelOfHeight) {
  const std::vector<std::uint8_t> line(1000, 90);
  const GreyImage grey = canonicalise({line.data(), 1000, 1, 1, 1000}, 64);
  EXPECT_EQ(grey.width, 64);
  EXPECT_EQ(grey.height, 1);
  EXPECT_EQ(grey.pixels, std::vector<std::uint8_t>(64, 90));
  const GreyImage tall = canonicalise({line.data(), 1, 1000, 1, 1}, 64);
  EXPECT_EQ(tall.width, 1);
  EXPECT_EQ(tall.height, 64);
}

TEST_P(CanonicaliseTest, ABatchEqualsSingleCallsAndMayBeEmpty) {
  backend_->canonicalise({}, 64, {});
  const test::Picture a = test::test_picture(90, 40, 2), b = test::test_picture(31, 77, 3);
  const ImageView views[] = {view_of(a), view_of(b)};
  GreyImage outputs[2];
  backend_->canonicalise(views, 48, outputs);
  EXPECT_EQ(outputs[0].pixels, canonicalise(views[0], 48).pixels);
  EXPECT_EQ(outputs[1].pixels, canonicalise(views[1], 48).pixels);
  EXPECT_EQ(outputs[1].height, 48);
}

}  // namespace
}  // namespace pressmark::kernels
