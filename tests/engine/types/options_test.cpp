// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>
#include <type_traits>

#include "pressmark/catalogue.hpp"
#include "pressmark/error.hpp"
#include "pressmark/model.hpp"
#include "pressmark/options.hpp"
#include "pressmark/report.hpp"

namespace pressmark {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The message of what validate() throws, after its code was checked; empty if nothing.
template <typename Options>
std::string refusal(const Options& options) {
  try {
    options.validate();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return {};
}

// `field` of otherwise default options accepts `good` and refuses `bad`, naming itself.
template <typename Options, typename Field>
void expect_range(const char* name, Field Options::*field,
                  std::initializer_list<std::type_identity_t<Field>> good,
                  std::initializer_list<std::type_identity_t<Field>> bad) {
  for (Field value : good) {
    Options options;
    options.*field = value;
    EXPECT_EQ(refusal(options), "") << name << " = " << value;
  }
  for (Field value : bad) {
    Options options;
    options.*field = value;
    EXPECT_THAT(refusal(options), HasSubstr(name)) << value;
  }
}

TEST(OptionsTest, DefaultsAreValid) {
  EXPECT_EQ(refusal(DecodeOptions{}), "");
  EXPECT_EQ(refusal(DescribeOptions{}), "");
  EXPECT_EQ(refusal(MatchOptions{}), "");
  EXPECT_EQ(refusal(AddOptions{}), "");
  EXPECT_EQ(refusal(TrainOptions{}), "");
  EXPECT_EQ(refusal(ReportOptions{}), "");
}

TEST(OptionsTest, EveryFieldIsCheckedAtBothEnds) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  expect_range<DecodeOptions>("max_file_bytes", &DecodeOptions::max_file_bytes, {1},
                              {0, -1, kHuge});
  expect_range<DecodeOptions>("max_pixels", &DecodeOptions::max_pixels, {1}, {0, kHuge});
  expect_range<DescribeOptions>("long_side_px", &DescribeOptions::long_side_px, {64, 1000},
                                {63, 1001, -1});
  expect_range<DescribeOptions>("max_keypoints", &DescribeOptions::max_keypoints, {16, 4096},
                                {15, 4097});
  expect_range<SearchOptions>("candidates", &SearchOptions::candidates, {1, 100'000}, {0, 100'001});
  expect_range<VerifyOptions>("ratio", &VerifyOptions::ratio, {0.5f, 1.0f}, {0.0f, 1.01f, kNan});
  expect_range<VerifyOptions>("threshold_px", &VerifyOptions::threshold_px, {0.5f, 50.0f},
                              {0.0f, -1.0f, 50.1f, kNan});
  expect_range<VerifyOptions>("min_inliers", &VerifyOptions::min_inliers, {4}, {3, -1});
  expect_range<VerifyOptions>("min_score", &VerifyOptions::min_score, {0.0}, {-0.1, double{kNan}});
  expect_range<MatchOptions>("max_hits", &MatchOptions::max_hits, {1, 10'000}, {0, 10'001});
  expect_range<AddOptions>("images_per_segment", &AddOptions::images_per_segment, {1, 65'536},
                           {0, 65'537});
  expect_range<TrainOptions>("warps_per_image", &TrainOptions::warps_per_image, {1, 64}, {0, 65});
  expect_range<TrainOptions>("words", &TrainOptions::words, {4, 1024}, {1, 1025});
  expect_range<TrainOptions>("global_size", &TrainOptions::global_size, {1, 2048}, {0, 2049});
  expect_range<TrainOptions>("vocabulary", &TrainOptions::vocabulary, {1, 65'536}, {0, 65'537});
  expect_range<TrainOptions>("strangers", &TrainOptions::strangers, {1, 100'000}, {0, 100'001});
  expect_range<ReportOptions>("preview_long_side_px", &ReportOptions::preview_long_side_px,
                              {64, 4096}, {63, 4097});
}

TEST(OptionsTest, TheMessageTellsTheRangeAndTheValue) {
  DescribeOptions options;
  options.long_side_px = 2000;
  EXPECT_EQ(refusal(options), "long_side_px must be between 64 and 1000, not 2000");
}

TEST(OptionsTest, NestedOptionsAreChecked) {
  MatchOptions match;
  match.search.candidates = 0;
  EXPECT_THAT(refusal(match), HasSubstr("candidates"));
  match = {};
  match.verify.ratio = 2;
  EXPECT_THAT(refusal(match), HasSubstr("ratio"));
  AddOptions add;
  add.decode.max_pixels = 0;
  EXPECT_THAT(refusal(add), HasSubstr("max_pixels"));
  TrainOptions train;
  train.describe.max_keypoints = 1;
  EXPECT_THAT(refusal(train), HasSubstr("max_keypoints"));
}

TEST(OptionsTest, TheGlobalVectorIsNotLongerThanTheVladVector) {
  TrainOptions train;
  train.words = 2;
  train.global_size = 129;
  EXPECT_THAT(refusal(train), AllOf(HasSubstr("global_size"), HasSubstr("128")));
}

}  // namespace
}  // namespace pressmark
