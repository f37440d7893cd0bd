// SPDX-License-Identifier: Apache-2.0
#include "engine/store/segment.hpp"

#include <cstring>
#include <limits>

#include "golden_segment.hpp"
#include "store_fixture.hpp"

namespace pressmark::store {
namespace {

class SegmentTest : public StoreTest {
 protected:
  SegmentTest() { std::filesystem::create_directories(file_.parent_path()); }

  SegmentFacts write(const std::vector<NewImage>& images, int number = 1) const {
    return write_segment(file_, number, settings(), images);
  }

  // Two images with numbers that a reader of the specification can recompute.
  static std::vector<NewImage> golden_images() {
    std::vector<NewImage> images(2);
    images[0].file = "/a";
    images[1].file = "/b";
    for (std::size_t i = 0; i < 32; ++i) {
      images[0].info.sha256.bytes[i] = static_cast<std::uint8_t>(i);
      images[1].info.sha256.bytes[i] = static_cast<std::uint8_t>(255 - i);
    }
    Description& marked = images[0].description;
    marked.width_px = 512;
    marked.height_px = 384;
    marked.photo_scale = 2.5;
    marked.photo_origin_x = 10;
    marked.photo_origin_y = -0.25;
    marked.raw.keypoints = {{100.5f, 20.25f, 12.0f, kernels::angle_from_grid(0x4000)}};
    marked.relit.keypoints = {{1.0f, 2.0f, 3.0f, kernels::angle_from_grid(0x8000)},
                              {511.0f, 383.984375f, 0.25f, 0.0f}};
    for (int i = 0; i < kLocalCodeSize; ++i) {
      marked.raw.codes.push_back(static_cast<std::int8_t>(i * 4 - 128));
    }
    for (int i = 0; i < 2 * kLocalCodeSize; ++i) {
      marked.relit.codes.push_back(static_cast<std::int8_t>(64 - i));
    }
    marked.raw.words = {0x0201};
    marked.relit.words = {4095, 0};
    marked.light = {1.5f, 0.25f, true};
    marked.quality = {0.5f, 200.0f, 0.125f, 0.0625f};
    for (std::size_t i = 0; i < marked.dense.values.size(); ++i) {
      marked.dense.values[i] = static_cast<std::int8_t>(static_cast<int>(i % 251) - 125);
    }
    marked.dense_cohort = {0.25f, 0.03125f};
    marked.global = {1.0f, 0.0f, -0.5f, 0.25f};
    Description& blank = images[1].description;
    blank.width_px = 1;
    blank.height_px = 1024;
    blank.global = {0, 0, 0, 0};
    return images;
  }
  static CatalogueSettings golden_settings() {
    CatalogueSettings settings;
    settings.model_id = "0123456789abcdef";
    settings.global_size = 4;
    return settings;
  }

  const std::filesystem::path file_ = root_ / "segments" / "00000001.pmseg";
};

TEST_F(SegmentTest, GivesBackEveryBit) {
  const auto images = make_images(1, 7, 33);
  const SegmentFacts facts = write(images);
  EXPECT_EQ(static_cast<std::uintmax_t>(facts.bytes), std::filesystem::file_size(file_));
  const Segment segment(file_, facts);
  ASSERT_EQ(segment.images(), 7);
  std::vector<float> globals;
  for (int i = 0; i < 7; ++i) {
    const Description& expected = images[static_cast<std::size_t>(i)].description;
    EXPECT_EQ(segment.description(i), expected);
    EXPECT_EQ(segment.sha256(i), images[static_cast<std::size_t>(i)].info.sha256);
    globals.insert(globals.end(), expected.global.begin(), expected.global.end());
  }
  EXPECT_EQ(segment.globals(), globals);
  EXPECT_EQ(error_of([&] { segment.description(7); }), ErrorCode::kCorruptData);
  EXPECT_EQ(error_of([&] { segment.description(-1); }), ErrorCode::kCorruptData);
}

TEST_F(SegmentTest, HoldsEveryValueOfTheKeypointGrid) {
  auto images = make_images(1, 65536 / (2 * kMaxImageKeypoints), 0);
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto step = static_cast<std::uint16_t>(i);
    LocalCodes& local = images[i / (2 * kMaxImageKeypoints)].description.local(
        i / kMaxImageKeypoints % 2 == 0 ? Channel::kRaw : Channel::kRelit);
    local.keypoints.push_back({kernels::px_from_grid(step), kernels::px_from_grid(step),
                               kernels::px_from_grid(step), kernels::angle_from_grid(step)});
    local.codes.resize(local.codes.size() + kLocalCodeSize, static_cast<std::int8_t>(i % 127));
    if (local.words.size() < kIndexedCodes) local.words.push_back(step);
  }
  const Segment segment(file_, write(images));
  for (int i = 0; i < segment.images(); ++i) {
    EXPECT_EQ(segment.description(i), images[static_cast<std::size_t>(i)].description);
    EXPECT_EQ(segment.description(i).keypoint_count(), 2 * static_cast<int>(kMaxImageKeypoints));
  }
}

TEST_F(SegmentTest, GivesBackTheDetailCodeOfThoseThatHaveOne) {
  auto images = make_images(1, 3, 5);
  for (std::size_t i = 0; i < 2; ++i) {
    Description& description = images[2 * i].description;
    for (std::size_t b = 0; b < detail_bytes(description.width_px, description.height_px); ++b) {
      description.detail.push_back(static_cast<std::uint8_t>(31 * b + i));
    }
  }
  const SegmentFacts facts = write(images);
  EXPECT_EQ(facts.bytes % 64, 0);
  const Segment segment(file_, facts);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(segment.description(i), images[static_cast<std::size_t>(i)].description) << i;
  }
}

TEST_F(SegmentTest, KeepsSectionsAligned) {
  write(make_images(1, 3, 5));
  const std::string bytes = file_bytes(file_);
  SegmentHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.globals_offset % 64, 0u);
  EXPECT_EQ(header.blocks_offset % 64, 0u);
  EXPECT_EQ(header.file_size, bytes.size());
}

TEST_F(SegmentTest, WritesTheGoldenBytes) {
  const SegmentFacts facts = write_segment(file_, 7, golden_settings(), golden_images());
  const std::string bytes = file_bytes(file_);
  EXPECT_EQ(hex_of(bytes.substr(0, kGoldenHeadBytes)), kGoldenHeadHex);
  EXPECT_EQ(bytes, golden_segment());
  EXPECT_EQ(facts.checksum, kGoldenChecksum);
}

TEST_F(SegmentTest, ReadsTheGoldenBytes) {
  write_bytes(file_, golden_segment());
  const Segment segment(
      file_, {7, "0123456789abcdef", 2, 4, kGoldenHeadBytes + 2 * 8256, kGoldenChecksum});
  const auto images = golden_images();
  ASSERT_EQ(segment.images(), 2);
  EXPECT_EQ(segment.description(0), images[0].description);
  EXPECT_EQ(segment.description(1), images[1].description);
  EXPECT_EQ(segment.globals(), (std::vector<float>{1.0f, 0.0f, -0.5f, 0.25f, 0, 0, 0, 0}));
}

TEST_F(SegmentTest, TruncatedAnywhereIsAnError) {
  const SegmentFacts facts = write(make_images(1, 3, 4));
  const std::string bytes = file_bytes(file_);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write_bytes(file_, bytes.substr(0, length));
    std::string message;
    EXPECT_EQ(error_of([&] { Segment(file_, facts); }, &message), ErrorCode::kCorruptData)
        << length;
    EXPECT_THAT(message, testing::HasSubstr(file_.native()));
  }
  write_bytes(file_, bytes + '\0');
  EXPECT_EQ(error_of([&] { Segment(file_, facts); }), ErrorCode::kCorruptData);
  std::filesystem::remove(file_);
  EXPECT_EQ(error_of([&] { Segment(file_, facts); }), ErrorCode::kCorruptData);
}

TEST_F(SegmentTest, EveryFlippedByteIsAnErrorOrHarmless) {
  const auto images = make_images(1, 3, 4);
  const SegmentFacts facts = write(images);
  const std::string bytes = file_bytes(file_);
  std::size_t harmless = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char mask = at % 2 == 0 ? '\x01' : '\xff';
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ mask);
    write_bytes(file_, damaged);
    std::size_t failures = 0;
    try {
      const Segment segment(file_, facts);
      for (int slot = 0; slot < 3; ++slot) {
        try {
          EXPECT_EQ(segment.description(slot), images[static_cast<std::size_t>(slot)].description)
              << at;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::kCorruptData);
          ++failures;
        }
      }
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCorruptData ||
                  error.code() == ErrorCode::kUnsupported);
      EXPECT_THAT(error.what(), testing::HasSubstr(file_.native()));
      failures = 3;
    }
    EXPECT_NE(failures, 2u) << "one block, one vector or the whole file: " << at;
    if (failures == 0) ++harmless;
  }
  // 128 + 3 * 128 = 512 and 512 + 3 * 64 bytes need no padding, and the padding within a block has
  // the block's checksum.
  EXPECT_EQ(harmless, 0u);
}

TEST_F(SegmentTest, ANewerFormatIsUnsupported) {
  const SegmentFacts facts = write(make_images(1, 1));
  std::string bytes = file_bytes(file_);
  bytes[8] = 3;
  write_bytes(file_, bytes);
  std::string message;
  EXPECT_EQ(error_of([&] { Segment(file_, facts); }, &message), ErrorCode::kUnsupported);
  EXPECT_THAT(message, testing::HasSubstr("segment format 3, this build reads up to 2"));
}

TEST_F(SegmentTest, AnotherValidSegmentDoesNotPassForTheCommittedOne) {
  const SegmentFacts facts = write(make_images(1, 2));
  write(make_images(50, 2));
  std::string message;
  EXPECT_EQ(error_of([&] { Segment(file_, facts); }, &message), ErrorCode::kCorruptData);
  EXPECT_THAT(message, testing::HasSubstr("not the file that was committed"));
}

// Forged files: all checksums right, values impossible.
TEST_F(SegmentTest, ImpossibleValuesAreErrorsWhateverTheChecksums) {
  write(make_images(1, 2, 3));
  const std::string bytes = file_bytes(file_);
  const auto forge = [&](auto&& change_header, auto&& change_record) {
    std::string forged = bytes;
    SegmentHeader header;
    SegmentRecord records[2];
    std::memcpy(&header, forged.data(), sizeof header);
    std::memcpy(records, forged.data() + sizeof header, sizeof records);
    change_record(records[1]);
    header.records_checksum = xxh3_64(std::as_bytes(std::span(records)));
    change_header(header);
    header.header_checksum = xxh3_64(
        std::as_bytes(std::span(&header, 1)).first(offsetof(SegmentHeader, header_checksum)));
    std::memcpy(forged.data(), &header, sizeof header);
    std::memcpy(forged.data() + sizeof header, records, sizeof records);
    write_bytes(file_, forged);
    const SegmentFacts facts{
        static_cast<std::int64_t>(header.number),    settings().model_id,
        static_cast<int>(header.image_count),        static_cast<int>(header.global_size),
        static_cast<std::int64_t>(header.file_size), header.header_checksum};
    const Segment segment(file_, facts);
    segment.description(1);
  };
  const auto same = [](auto&) {};
  forge(same, same);  // the forger is good
  const auto header_error = [&](auto&& change) { return error_of([&] { forge(change, same); }); };
  const auto record_error = [&](auto&& change) { return error_of([&] { forge(same, change); }); };
  constexpr auto kBad = ErrorCode::kCorruptData;
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.image_count = 0; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.image_count = 0xffffffff; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.global_size = 0xffffffff; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.global_size = 0; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.blocks_offset = ~0ull - 63; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.records_offset = 64; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.record_size = 0; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.file_size += 64; }), kBad);
  EXPECT_EQ(header_error([](SegmentHeader& h) { h.image_count = 1; }), kBad);
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.block_offset = ~0ull; }), kBad);
  for (std::size_t c : {0u, 1u}) {
    EXPECT_EQ(record_error([c](SegmentRecord& r) { r.keypoint_counts[c] = 0xffffffff; }), kBad);
    EXPECT_EQ(record_error([c](SegmentRecord& r) { r.keypoint_counts[c] = 4097; }), kBad);
    EXPECT_EQ(record_error([c](SegmentRecord& r) { r.keypoint_counts[c] = 0; }), kBad);
  }
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.light_sure = 2; }), kBad);
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.detail_bytes = 1; }), kBad);
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(record_error([=](SegmentRecord& r) { r.light_azimuth_rad = kNan; }), kBad);
  for (const auto share : {&SegmentRecord::light_coherence, &SegmentRecord::sharpness,
                           &SegmentRecord::dark_share, &SegmentRecord::bright_share}) {
    for (float value : {-0.01f, 1.01f, kNan}) {
      EXPECT_EQ(record_error([=](SegmentRecord& r) { r.*share = value; }), kBad);
    }
  }
  for (float value : {-0.1f, 255.5f, kNan}) {
    EXPECT_EQ(record_error([=](SegmentRecord& r) { r.contrast = value; }), kBad);
  }
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.width_px = 0; }), kBad);
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.height_px = 1u << 31; }), kBad);
  EXPECT_EQ(record_error(
                [](SegmentRecord& r) { r.photo_scale = std::numeric_limits<double>::quiet_NaN(); }),
            kBad);
  EXPECT_EQ(record_error([](SegmentRecord& r) { r.global_checksum ^= 1; }), kBad);
}

TEST_F(SegmentTest, WhatCannotBeStoredExactlyIsRefusedAndLeavesNoFile) {
  const auto refused = [&](auto&& change) {
    auto images = make_images(1, 2, 3);
    change(images[1].description);
    const ErrorCode code = error_of([&] { write(images); });
    EXPECT_TRUE(std::filesystem::is_empty(file_.parent_path()));
    return code == ErrorCode::kInvalidArgument;
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const Channel channel : kChannels) {
    const auto at = [channel](Description& d) -> Keypoint& {
      return d.local(channel).keypoints.back();
    };
    EXPECT_TRUE(refused([=](Description& d) { at(d).x_px = 1.001f; }));
    EXPECT_TRUE(refused([=](Description& d) { at(d).y_px = 1024.0f; }));
    EXPECT_TRUE(refused([=](Description& d) { at(d).size_px = -1.0f; }));
    EXPECT_TRUE(refused([=](Description& d) { at(d).angle_rad = 1e-7f; }));
    EXPECT_TRUE(refused([=](Description& d) { at(d).angle_rad = 6.2831855f; }));
    EXPECT_TRUE(refused([=](Description& d) { at(d).x_px = kNan; }));
    EXPECT_TRUE(refused([=](Description& d) { d.local(channel).codes.pop_back(); }));
    EXPECT_TRUE(refused([=](Description& d) { d.local(channel).words.pop_back(); }));
    EXPECT_TRUE(refused([=](Description& d) { d.local(channel).words.push_back(0); }));
    EXPECT_TRUE(refused([=](Description& d) {
      d.local(channel).keypoints.resize(4097, d.local(channel).keypoints[0]);
      d.local(channel).codes.resize(4097 * kLocalCodeSize);
      d.local(channel).words.resize(kIndexedCodes);
    }));
  }
  EXPECT_TRUE(refused([=](Description& d) { d.light.azimuth_rad = kNan; }));
  EXPECT_TRUE(refused([](Description& d) { d.light.coherence = 1.5f; }));
  EXPECT_TRUE(refused([](Description& d) { d.quality.sharpness = -0.5f; }));
  EXPECT_TRUE(refused([](Description& d) { d.quality.contrast = 256; }));
  EXPECT_TRUE(refused([=](Description& d) { d.quality.dark_share = kNan; }));
  EXPECT_TRUE(refused([](Description& d) { d.quality.bright_share = 2; }));
  EXPECT_TRUE(refused([=](Description& d) { d.global[3] = kNan; }));
  EXPECT_TRUE(refused([](Description& d) { d.global.pop_back(); }));
  EXPECT_TRUE(refused([](Description& d) { d.width_px = 0; }));
  EXPECT_TRUE(refused([](Description& d) { d.height_px = 1025; }));
  EXPECT_TRUE(refused([](Description& d) { d.detail.assign(10, 0); }));
  EXPECT_TRUE(refused([](Description& d) { d.photo_scale = 0; }));
}

}  // namespace
}  // namespace pressmark::store
