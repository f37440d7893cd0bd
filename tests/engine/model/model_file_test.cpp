// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "engine/image/image.hpp"
#include "engine/model/model_data.hpp"
#include "pressmark/error.hpp"
#include "tests/support/test_model.hpp"

namespace pressmark::models {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kHeaderBytes = 56, kChecksumBytes = 8;

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

// With different numbers in all places that could be mixed up.
ModelData some_model() {
  ModelData model = test::test_model_data({.words = 2, .global_size = 5});
  model.raw.even_size = 40;
  model.relit.even_size = 22;
  model.relit.mean[0] = 0.25f;
  model.raw.vocabulary.assign(3 * kLocalCodeSize, -5);
  model.relit.vocabulary.assign(259 * kLocalCodeSize, 7);
  model.fusion.weights = {0.5f, 1.5f, 2.5f, -9.5f};
  model.cohort.resize(3);
  model.cohort[1].values[7] = -127;
  model.cohort[2].values.back() = 12;
  model.mould.weights = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, -15};
  model.mould.same_from = 2.5f;
  model.mould.different_to = -1.5f;
  return decode_model(encode_model(model));
}

class ModelFileTest : public testing::Test {
 protected:
  const ModelData model_ = some_model();
  const Bytes bytes_ = encode_model(model_);
};

TEST_F(ModelFileTest, DecodingGivesBackWhatWasEncoded) {
  const ModelData decoded = decode_model(bytes_);
  EXPECT_EQ(decoded.id, model_.id);
  EXPECT_EQ(decoded.words, 2);
  EXPECT_EQ(decoded.global_size, 5);
  for (const Channel channel : kChannels) {
    EXPECT_EQ(decoded.local(channel).mean, model_.local(channel).mean);
    EXPECT_EQ(decoded.local(channel).projection, model_.local(channel).projection);
    EXPECT_EQ(decoded.local(channel).even_size, model_.local(channel).even_size);
    EXPECT_EQ(decoded.local(channel).vocabulary, model_.local(channel).vocabulary);
  }
  EXPECT_EQ(decoded.fusion.weights, model_.fusion.weights);
  EXPECT_EQ(decoded.fusion.knots, model_.fusion.knots);
  EXPECT_EQ(decoded.mould.weights, model_.mould.weights);
  EXPECT_EQ(decoded.mould.same_from, 2.5f);
  EXPECT_EQ(decoded.mould.different_to, -1.5f);
  EXPECT_EQ(decoded.centroids, model_.centroids);
  EXPECT_EQ(decoded.vlad_mean, model_.vlad_mean);
  EXPECT_EQ(decoded.vlad_projection, model_.vlad_projection);
  EXPECT_EQ(decoded.cohort, model_.cohort);
  EXPECT_EQ(encode_model(decoded), bytes_);
}

TEST_F(ModelFileTest, TheMouldsAnswerMayBeUntaught) {
  ModelData untaught = model_;
  untaught.mould = {};
  const Bytes bytes = encode_model(untaught);
  EXPECT_EQ(bytes.size(), bytes_.size() - 4 * 17);
  EXPECT_FALSE(decode_model(bytes).mould.is_taught());
}

TEST_F(ModelFileTest, ThresholdsOfTheMouldMustNotOverlap) {
  ModelData model = model_;
  model.mould.same_from = -2;
  std::string message;
  EXPECT_EQ(refusal(encode_model(model), &message), ErrorCode::kCorruptData);
  EXPECT_THAT(message, testing::HasSubstr("thresholds"));
  model.mould.same_from = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal(encode_model(model)), ErrorCode::kCorruptData);
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
                                             2,   0,   0,   0,                        // version
                                             128, 0,   0,   0,   // descriptor size
                                             64,  0,   0,   0,   // code size
                                             2,   0,   0,   0,   // words
                                             5,   0,   0,   0,   // global size
                                             40,  0,   0,   0,   // even size, raw
                                             22,  0,   0,   0,   // even size, relit
                                             4,   0,   0,   0,   // weights of the fusion
                                             16,  0,   0,   0,   // knots of the fusion
                                             2,   0,             // words of the raw vocabulary - 1
                                             2,   1,             // of the relit one
                                             3,   0,   0,   0,   // cohort
                                             15,  0,   0,   0};  // weights of the mould's answer
  ASSERT_GT(bytes_.size(), kHeaderBytes);
  EXPECT_THAT(std::span(bytes_).first(kHeaderBytes), testing::ElementsAreArray(golden));
  EXPECT_EQ(bytes_.size(), kHeaderBytes +
                               4 * (2 * (128 + 64 * 128) + 4 + 16 + 15 + 2 + 2 * 2 * 64) +
                               2 * 5 * 2 * 64 + (3 + 259) * 64 + 3 * 8192 + kChecksumBytes);
}

TEST_F(ModelFileTest, TheNumbersFollowInTheOrderOfTheFormat) {
  std::size_t at = kHeaderBytes;
  const auto expect_next = [&](const std::vector<float>& values, const char* what) {
    std::vector<float> found(values.size());
    std::memcpy(found.data(), &bytes_[at], 4 * values.size());
    EXPECT_EQ(found, values) << what;
    at += 4 * values.size();
  };
  expect_next(model_.raw.mean, "raw mean");
  expect_next(model_.raw.projection, "raw projection");
  expect_next(model_.relit.mean, "relit mean");
  expect_next(model_.relit.projection, "relit projection");
  expect_next(model_.fusion.weights, "weights");
  expect_next(model_.fusion.knots, "knots");
  expect_next(model_.centroids, "centroids");
  expect_next(model_.vlad_mean, "mean of VLAD vectors");
  expect_next(model_.mould.weights, "weights of the mould");
  expect_next({2.5f, -1.5f}, "thresholds of the mould");
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
  newer[8] = 3;
  std::string message;
  EXPECT_EQ(refusal(newer, &message), ErrorCode::kUnsupported);
  EXPECT_THAT(message, testing::HasSubstr("newer"));
}

TEST_F(ModelFileTest, AnOlderVersionMustBeTrainedAgain) {
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0, 1}) {
    Bytes older = bytes_;
    older[8] = version;
    std::string message;
    EXPECT_EQ(refusal(older, &message), ErrorCode::kUnsupported);
    EXPECT_THAT(message, testing::HasSubstr("train the model again"));
  }
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

TEST_F(ModelFileTest, ImpossibleSizesAreRefused) {
  const auto refused_with = [&](std::size_t field, std::uint8_t value) {
    Bytes other = bytes_;
    other[field] = value;
    std::string message;
    EXPECT_EQ(refusal(other, &message), ErrorCode::kCorruptData);
    EXPECT_THAT(message, testing::HasSubstr("impossible sizes"));
  };
  for (std::size_t even_size : {28u, 32u}) {
    refused_with(even_size, 66);  // more than a code has
    refused_with(even_size, 21);  // odd
  }
  refused_with(36, 5);
  refused_with(40, 15);
  refused_with(50, 1);   // 65 539 photos of the cohort
  refused_with(52, 14);  // weights of the mould's answer
  for (int even_size : {0, 2, 64}) {
    ModelData model = model_;
    model.raw.even_size = model.relit.even_size = even_size;
    EXPECT_FALSE(refusal(encode_model(model)).has_value()) << even_size;
  }
}

TEST_F(ModelFileTest, NumbersThatAreNoneAreRefused) {
  for (float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto refused_at = [&](auto&& part) {
      ModelData model = model_;
      part(model).at(3) = bad;
      EXPECT_EQ(refusal(encode_model(model)), ErrorCode::kCorruptData);
    };
    refused_at([](ModelData & m) -> auto& { return m.raw.mean; });
    refused_at([](ModelData & m) -> auto& { return m.raw.projection; });
    refused_at([](ModelData & m) -> auto& { return m.relit.mean; });
    refused_at([](ModelData & m) -> auto& { return m.relit.projection; });
    refused_at([](ModelData & m) -> auto& { return m.fusion.weights; });
    refused_at([](ModelData & m) -> auto& { return m.fusion.knots; });
    refused_at([](ModelData & m) -> auto& { return m.mould.weights; });
    refused_at([](ModelData & m) -> auto& { return m.centroids; });
    refused_at([](ModelData & m) -> auto& { return m.vlad_mean; });
    refused_at([](ModelData & m) -> auto& { return m.vlad_projection; });
  }
}

TEST_F(ModelFileTest, KnotsMustAscend) {
  ModelData model = model_;
  std::swap(model.fusion.knots[4], model.fusion.knots[5]);
  std::string message;
  EXPECT_EQ(refusal(encode_model(model), &message), ErrorCode::kCorruptData);
  EXPECT_THAT(message, testing::HasSubstr("knots"));
  model.fusion.knots.assign(FusionModel::kKnots, 1.0f);
  EXPECT_FALSE(refusal(encode_model(model)).has_value());
}

}  // namespace
}  // namespace pressmark::models
