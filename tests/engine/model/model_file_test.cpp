// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <optional>
#include <string>

#include "engine/image/image.hpp"
#include "engine/model/model_data.hpp"
#include "pressmark/error.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::models {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kHeaderBytes = 32, kChecksumBytes = 8;

// The code of what decode_model throws; nothing where it accepts the bytes.
std::optional<ErrorCode> refusal(std::span<const std::uint8_t> bytes, std::string* message = {}) {
  try {
    decode_model(bytes);
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  return std::nullopt;
}

class ModelFileTest : public testing::Test {
 protected:
  const ModelData model_ = test::test_model_data({.words = 2, .global_size = 5});
  const Bytes bytes_ = encode_model(model_);
};

TEST_F(ModelFileTest, DecodingGivesBackWhatWasEncoded) {
  const ModelData decoded = decode_model(bytes_);
  EXPECT_EQ(decoded.id, model_.id);
  EXPECT_EQ(decoded.words, 2);
  EXPECT_EQ(decoded.global_size, 5);
  EXPECT_EQ(decoded.whitening_mean, model_.whitening_mean);
  EXPECT_EQ(decoded.whitening_projection, model_.whitening_projection);
  EXPECT_EQ(decoded.centroids, model_.centroids);
  EXPECT_EQ(decoded.vlad_mean, model_.vlad_mean);
  EXPECT_EQ(decoded.vlad_projection, model_.vlad_projection);
  EXPECT_EQ(encode_model(decoded), bytes_);
}

TEST_F(ModelFileTest, OnlyTheGlobalProjectionIsRounded) {
  ModelData fine = model_;
  fine.centroids[0] = 0.123456789f;
  fine.vlad_projection[0] = 0.123456789f;
  const ModelData decoded = decode_model(encode_model(fine));
  EXPECT_EQ(decoded.centroids[0], 0.123456789f);
  EXPECT_NE(decoded.vlad_projection[0], 0.123456789f);
  EXPECT_NEAR(decoded.vlad_projection[0], 0.123456789f, 1e-4);
}

TEST_F(ModelFileTest, TheHeaderIsWhatTheFormatSays) {
  const std::uint8_t golden[kHeaderBytes] = {'P', 'M', 'R', 'K', 'M', 'O', 'D', 'L',  // magic
                                             1,   0,   0,   0,                        // version
                                             128, 0,   0,   0,   // descriptor size
                                             64,  0,   0,   0,   // code size
                                             2,   0,   0,   0,   // words
                                             5,   0,   0,   0,   // global size
                                             0,   0,   0,   0};  // reserved
  ASSERT_GT(bytes_.size(), kHeaderBytes);
  EXPECT_THAT(std::span(bytes_).first(kHeaderBytes), testing::ElementsAreArray(golden));
  EXPECT_EQ(bytes_.size(),
            kHeaderBytes + 4 * (128 + 64 * 128 + 2 * 2 * 64) + 2 * 5 * 2 * 64 + kChecksumBytes);
  // The first number behind it is the first of the mean.
  float first;
  std::memcpy(&first, &bytes_[kHeaderBytes], sizeof(first));
  EXPECT_EQ(first, model_.whitening_mean[0]);
}

TEST_F(ModelFileTest, TheIdIsOfTheBytes) {
  EXPECT_EQ(model_.id, image::sha256(bytes_).hex().substr(0, 16));
}

TEST_F(ModelFileTest, EveryTruncationIsRefused) {
  for (std::size_t length = 0; length < bytes_.size(); ++length) {
    ASSERT_EQ(refusal(std::span(bytes_).first(length)), ErrorCode::kCorruptData) << length;
  }
  Bytes longer = bytes_;
  longer.push_back(0);
  EXPECT_EQ(refusal(longer), ErrorCode::kCorruptData);
}

TEST_F(ModelFileTest, EveryByteIsProtected) {
  Bytes changed = bytes_;
  // Every byte of the header and the checksum, and every seventh in between.
  for (std::size_t i = 0; i < changed.size();
       i += i < kHeaderBytes || i + kChecksumBytes + 7 >= changed.size() ? 1 : 7) {
    for (int flip : {0x01, 0x80}) {
      changed[i] = static_cast<std::uint8_t>(bytes_[i] ^ flip);
      ASSERT_TRUE(refusal(changed).has_value()) << "byte " << i;
      changed[i] = bytes_[i];
    }
  }
  EXPECT_FALSE(refusal(changed).has_value());
}

TEST_F(ModelFileTest, ANewerVersionIsNotSupported) {
  Bytes newer = bytes_;
  newer[8] = 2;
  std::string message;
  EXPECT_EQ(refusal(newer, &message), ErrorCode::kUnsupported);
  EXPECT_THAT(message, testing::HasSubstr("newer"));
  newer[8] = 0;
  EXPECT_EQ(refusal(newer), ErrorCode::kCorruptData);
}

TEST_F(ModelFileTest, OtherDescriptorAndCodeSizesAreNotSupported) {
  for (std::size_t field : {12u, 16u}) {
    Bytes other = bytes_;
    other[field] = 32;
    EXPECT_EQ(refusal(other), ErrorCode::kUnsupported);
  }
}

TEST_F(ModelFileTest, HugeSizesInTheHeaderAreRefusedWithoutAllocation) {
  for (std::size_t field : {20u, 24u}) {
    Bytes huge = bytes_;
    std::memset(&huge[field], 0xff, 4);
    EXPECT_EQ(refusal(huge), ErrorCode::kCorruptData);
    std::memset(&huge[field], 0, 4);
    EXPECT_EQ(refusal(huge), ErrorCode::kCorruptData);
  }
}

TEST_F(ModelFileTest, NumbersThatAreNoneAreRefused) {
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    ModelData model = model_;
    model.centroids[7] = bad;
    EXPECT_EQ(refusal(encode_model(model)), ErrorCode::kCorruptData);
    model = model_;
    model.vlad_projection[7] = bad;
    EXPECT_EQ(refusal(encode_model(model)), ErrorCode::kCorruptData);
  }
}

}  // namespace
}  // namespace pressmark::models
