// SPDX-License-Identifier: Apache-2.0
//
// Cut off and altered files: an error or a picture, never a crash, and never a partial picture.
#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "engine/image/image.hpp"
#include "tests/support/sample_images.hpp"

namespace pressmark::test {
namespace {

std::optional<image::Photo> try_decode(ByteSpan bytes, int enough_px = 0) {
  try {
    return image::decode(bytes, {.max_pixels = 1 << 22}, enough_px);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<SampleFile> small_samples() {
  std::vector<SampleFile> files = good_samples();
  files.push_back({"tags_first.tif", make_tiff_tags_first(grey_of(sample_picture()))});
  std::vector<std::uint16_t> deep(96 * 64);
  for (std::size_t i = 0; i < deep.size(); ++i) deep[i] = static_cast<std::uint16_t>(i * 10);
  files.push_back({"deep_tiles.tif", make_tiff(96, 64, 1, deep, {.compression = 8, .tile = 32})});
  files.push_back({"jpeg.tif", make_tiff(sample_picture(), {.compression = 7})});
  return files;
}

// How many bytes the picture needs: some files go on behind it.
std::size_t complete_at(const SampleFile& file) {
  if (file.name == "trailer.jpg") return make_jpeg(sample_picture()).size();
  if (file.name == "two_pages.tif") return make_tiff(sample_picture()).size();
  return file.bytes.size();
}

TEST(Damage, PrefixesGiveNoPicture) {
  for (const SampleFile& file : small_samples()) {
    SCOPED_TRACE(file.name);
    const std::size_t complete = complete_at(file);
    for (std::size_t length = 0; length < complete; length += 1 + length / 150) {
      ASSERT_FALSE(try_decode(ByteSpan(file.bytes).first(length))) << length;
    }
    for (std::size_t missing = 1; missing <= 40; ++missing) {
      ASSERT_FALSE(try_decode(ByteSpan(file.bytes).first(complete - missing))) << missing;
    }
    EXPECT_TRUE(try_decode(file.bytes));
  }
}

TEST(Damage, PrefixesOfReducedJpegsGiveNoPicture) {
  for (bool progressive : {false, true}) {
    const Bytes jpeg = make_jpeg(test_picture(256, 192), {.progressive = progressive});
    for (std::size_t length = 0; length < jpeg.size(); length += 1 + length / 100) {
      ASSERT_FALSE(try_decode(ByteSpan(jpeg).first(length), 32)) << length;
    }
    EXPECT_TRUE(try_decode(jpeg, 32));
  }
}

TEST(Damage, FlippedBytesDoNotCrashOrPrint) {
  testing::internal::CaptureStderr();
  std::mt19937_64 random(1);
  for (const SampleFile& file : small_samples()) {
    const std::size_t size = file.bytes.size();
    // Every byte of the first part, which holds most headers, then samples of the rest and the end.
    for (std::size_t i = 0; i < size; i += i < 200 || i + 250 > size ? 1 : 1 + size / 150) {
      Bytes changed = file.bytes;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ (1 + random() % 255));
      try_decode(changed);
      changed[i] = 0xff;
      try_decode(changed);
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Damage, SeveralFlippedBytesDoNotCrash) {
  std::mt19937_64 random(2);
  for (const SampleFile& file : small_samples()) {
    for (int round = 0; round < 60; ++round) {
      Bytes changed = file.bytes;
      for (int i = 0; i < 8; ++i) {
        changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
      }
      try_decode(changed, static_cast<int>(random() % 100));
    }
  }
}

TEST(Damage, ChecksumsOfPngFindEveryFlip) {
  const Bytes png = make_png(sample_picture());
  for (std::size_t i = 33; i < png.size() - 12; i += 7) {
    Bytes changed = png;
    changed[i] ^= 0x40;
    ASSERT_FALSE(try_decode(changed)) << i;
  }
}

}  // namespace
}  // namespace pressmark::test
