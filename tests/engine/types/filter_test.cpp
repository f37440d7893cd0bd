// SPDX-License-Identifier: Apache-2.0
#include "pressmark/filter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "pressmark/error.hpp"
#include "pressmark/options.hpp"

namespace pressmark {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// The message with which the text is refused; empty where it is not.
std::string refusal(std::string_view text) {
  try {
    parse_filter_condition(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return {};
}

TEST(FilterText, ReadsFieldOperatorAndValue) {
  using enum FilterOperator;
  const auto expect = [](std::string_view text, FilterField field, FilterOperator op,
                         std::string_view value) {
    const FilterCondition condition = parse_filter_condition(text);
    EXPECT_EQ(condition.field, field) << text;
    EXPECT_EQ(condition.op, op) << text;
    EXPECT_EQ(condition.value, value) << text;
    EXPECT_TRUE(condition.path.empty() || field == FilterField::kMetadata) << text;
  };
  expect("place=Rotterdam", FilterField::kPlace, kEqual, "Rotterdam");
  expect("seizure!=S12", FilterField::kSeizure, kNotEqual, "S12");
  expect("date>=2023-05", FilterField::kDate, kGreaterEqual, "2023-05");
  expect("date<2023", FilterField::kDate, kLess, "2023");
  expect("added > 2024-05-01T08:30:00Z", FilterField::kAdded, kGreater, "2024-05-01T08:30:00Z");
  expect("scale_mm_per_px<=0.05", FilterField::kScale, kLessEqual, "0.05");
  expect("  agency ~  Zoll \t", FilterField::kAgency, kContains, "Zoll");
  expect("place=Den Haag, Kade 3", FilterField::kPlace, kEqual, "Den Haag, Kade 3");
  expect("kind=toolmark", FilterField::kKind, kEqual, "toolmark");
  expect("place=", FilterField::kPlace, kEqual, "");
  expect("place != \"\"", FilterField::kPlace, kNotEqual, "");
  expect("place=\" =\"\"x\"\" \"", FilterField::kPlace, kEqual, " =\"x\" ");
  expect("metadata.size_mm>200", FilterField::kMetadata, kGreater, "200");
}

TEST(FilterText, ReadsPathsOfMetadata) {
  EXPECT_THAT(parse_filter_condition("metadata.size_mm>200").path, ElementsAre("size_mm"));
  EXPECT_THAT(parse_filter_condition("metadata.lab.samples.0=7").path,
              ElementsAre("lab", "samples", "0"));
  EXPECT_THAT(parse_filter_condition("metadata.\"a \"\"b\"\" = 1.c\".größe = x").path,
              ElementsAre("a \"b\" = 1.c", "größe"));
  EXPECT_THAT(parse_filter_condition("metadata.\"\"=x").path, ElementsAre(""));
}

TEST(FilterText, NamesThePositionAndWhatWasExpected) {
  EXPECT_THAT(refusal("plaec=Bonn"),
              AllOf(HasSubstr("'plaec=Bonn', character 1: expected a field: seizure, package"),
                    HasSubstr("metadata.KEY")));
  EXPECT_THAT(refusal(""), HasSubstr("character 1: expected a field"));
  EXPECT_THAT(refusal("place Bonn"), HasSubstr("character 7: expected an operator"));
  EXPECT_THAT(refusal("place"), HasSubstr("character 6: expected an operator"));
  EXPECT_THAT(refusal("place==Bonn"), HasSubstr("character 6: expected an operator"));
  EXPECT_THAT(refusal("date=<2023"), HasSubstr("character 5: expected an operator"));
  EXPECT_THAT(refusal("place<Bonn"), HasSubstr("character 6: expected =, != or ~ for place"));
  EXPECT_THAT(refusal("kind~logo"), HasSubstr("character 5: expected = or != for kind"));
  EXPECT_THAT(refusal("kind=photo"),
              HasSubstr("character 6: expected logo, toolmark, wrapping or overview for kind"));
  EXPECT_THAT(refusal("date>=May 2023"), HasSubstr("character 7: expected a date (YYYY"));
  EXPECT_THAT(refusal("date=2023-02-29"), HasSubstr("character 6: expected a date"));
  EXPECT_THAT(refusal("added<yesterday"), HasSubstr("character 7: expected a date or moment"));
  EXPECT_THAT(refusal("width_px>wide"), HasSubstr("character 10: expected a number for width_px"));
  EXPECT_THAT(refusal("width_px>1e999"), HasSubstr("expected a number"));
  EXPECT_THAT(refusal("width_px>0x10"), HasSubstr("expected a number"));
  EXPECT_THAT(refusal("place~"), HasSubstr("character 7: expected a value after ~"));
  EXPECT_THAT(refusal("date>"), HasSubstr("character 6: expected a value after >"));
  EXPECT_THAT(refusal("metadata>200"), HasSubstr("character 1: expected metadata.KEY"));
  EXPECT_THAT(refusal("metadata.>200"), HasSubstr("character 10: expected a key"));
  EXPECT_THAT(refusal("place.x=1"), HasSubstr("character 1: place has no parts"));
  EXPECT_THAT(refusal("place=\"Bonn"), HasSubstr("character 7: expected a closing quote"));
  EXPECT_THAT(refusal("place=\"Bonn\" x"), HasSubstr("character 14: expected nothing after"));
  // Characters, not bytes.
  EXPECT_THAT(refusal("metadata.größe x"), HasSubstr("character 16: expected an operator"));
}

TEST(FilterText, MessagesAreOfOneLine) {
  EXPECT_EQ(refusal("place\nx").find('\n'), std::string::npos);
}

TEST(FilterText, IsReadBackAsItWasWritten) {
  std::mt19937 random(3);
  const std::string_view characters = "aZ09 .\"=!<>~\t_-ß'\\{}$[]";
  const auto any_text = [&] {
    std::string text;
    for (auto length = random() % 6; length > 0; --length) {
      text += characters[random() % characters.size()];
    }
    return text;
  };
  for (int i = 0; i < 2000; ++i) {
    FilterCondition condition;
    condition.field = random() % 2 == 0 ? FilterField::kPlace : FilterField::kMetadata;
    condition.op = random() % 2 == 0 ? FilterOperator::kEqual : FilterOperator::kNotEqual;
    condition.value = any_text();
    if (condition.field == FilterField::kMetadata) {
      for (auto keys = 1 + random() % 3; keys > 0; --keys) condition.path.push_back(any_text());
    }
    EXPECT_EQ(parse_filter_condition(to_string(condition)), condition) << to_string(condition);
  }
}

TEST(ImageFilterTest, ChecksEachConditionAndTheirNumber) {
  ImageFilter filter;
  EXPECT_TRUE(filter.selects_all());
  filter.where("place=Bonn").where("date<2023");
  EXPECT_NO_THROW(filter.validate());
  EXPECT_FALSE(filter.selects_all());
  MatchOptions options;
  options.filter = filter;
  EXPECT_NO_THROW(options.validate());
  options.filter.conditions.push_back({FilterField::kPlace, FilterOperator::kLess, "Bonn", {}});
  EXPECT_THROW(options.validate(), Error);
  options.filter.conditions.back() = {
      FilterField::kPlace, FilterOperator::kEqual, std::string("Bo\0nn", 5), {}};
  EXPECT_THROW(options.validate(), Error);
  options.filter.conditions.back() = {FilterField::kMetadata, FilterOperator::kEqual, "x", {}};
  EXPECT_THROW(options.validate(), Error);
  options.filter.conditions.assign(ImageFilter::kMostConditions, filter.conditions.front());
  EXPECT_NO_THROW(options.validate());
  options.filter.conditions.push_back(filter.conditions.front());
  EXPECT_THROW(options.validate(), Error);
}

}  // namespace
}  // namespace pressmark
