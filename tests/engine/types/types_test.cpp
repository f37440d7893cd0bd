// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/types.hpp"

namespace pressmark {
namespace {

const std::string kHex = "00017f80abcdef0123456789abcdef0123456789abcdef0123456789abcdefff";

TEST(Sha256Test, HexRoundTrip) {
  const std::optional<Sha256> hash = Sha256::from_hex(kHex);
  ASSERT_TRUE(hash.has_value());
  EXPECT_EQ(hash->bytes[2], 0x7f);
  EXPECT_EQ(hash->bytes[31], 0xff);
  EXPECT_EQ(hash->hex(), kHex);
  EXPECT_EQ(Sha256{}.hex(), std::string(64, '0'));
}

TEST(Sha256Test, ReadsUpperCaseAndWritesLowerCase) {
  std::string upper = kHex;
  for (char& c : upper) {
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  }
  ASSERT_TRUE(Sha256::from_hex(upper).has_value());
  EXPECT_EQ(Sha256::from_hex(upper)->hex(), kHex);
}

TEST(Sha256Test, RefusesOtherText) {
  EXPECT_FALSE(Sha256::from_hex("").has_value());
  EXPECT_FALSE(Sha256::from_hex(kHex.substr(1)).has_value());
  EXPECT_FALSE(Sha256::from_hex(kHex + "0").has_value());
  for (char bad : {'g', 'G', ' ', '/', ':', '@', '`', '\0'}) {
    std::string text = kHex;
    text[10] = bad;
    EXPECT_FALSE(Sha256::from_hex(text).has_value()) << bad;
  }
}

TEST(ImageKindTest, NamesRoundTripAndOthersAreRefused) {
  for (ImageKind kind :
       {ImageKind::kLogo, ImageKind::kToolmark, ImageKind::kWrapping, ImageKind::kOverview}) {
    EXPECT_EQ(image_kind_from_string(to_string(kind)), kind);
  }
  EXPECT_EQ(to_string(ImageKind::kToolmark), "toolmark");
  EXPECT_FALSE(image_kind_from_string("").has_value());
  EXPECT_FALSE(image_kind_from_string("Logo").has_value());
  EXPECT_FALSE(image_kind_from_string("logo ").has_value());
}

TEST(TransformKindTest, HasNames) {
  EXPECT_EQ(to_string(TransformKind::kSimilarity), "similarity");
  EXPECT_EQ(to_string(TransformKind::kAffine), "affine");
  EXPECT_EQ(to_string(TransformKind::kHomography), "homography");
}

TEST(ErrorTest, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInterrupted); ++code) {
    names.insert(to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), 9u);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(ErrorCode::kInvalidArgument), "invalid_argument");
}

TEST(ErrorTest, CarriesCodeAndMessage) {
  const Error error(ErrorCode::kBusy, "in use");
  EXPECT_EQ(error.code(), ErrorCode::kBusy);
  EXPECT_STREQ(error.what(), "in use");
}

TEST(VersionTest, IsPartOfTheBuildDescription) {
  EXPECT_THAT(std::string(version()), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(build_description(),
              testing::StartsWith("pressmark " + std::string(version()) + " ("));
}

}  // namespace
}  // namespace pressmark
