// SPDX-License-Identifier: Apache-2.0
#include "engine/store/metadata_filter.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace pressmark::store {
namespace {

bool holds(std::string_view metadata, std::initializer_list<std::string_view> conditions) {
  ImageFilter filter;
  for (const std::string_view condition : conditions) filter.where(condition);
  return MetadataFilter(filter).holds(metadata);
}

TEST(MetadataFilterTest, ComparesNumbersAsNumbersWhetherTextOrNot) {
  for (const char* metadata : {R"({"size": 210})", R"({"size": "210"})", R"({"size": 210.0})"}) {
    EXPECT_TRUE(holds(metadata, {"metadata.size>200"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size>=210"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size=210"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size=2.1e2"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size<1000"})) << metadata;  // as text it is more
    EXPECT_FALSE(holds(metadata, {"metadata.size!=210"})) << metadata;
    EXPECT_FALSE(holds(metadata, {"metadata.size<210"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size<=210"})) << metadata;
  }
}

TEST(MetadataFilterTest, TextIsNeverLessOrGreaterThanANumber) {
  EXPECT_FALSE(holds(R"({"size": "large"})", {"metadata.size>200"}));
  EXPECT_FALSE(holds(R"({"size": "large"})", {"metadata.size<200"}));
  EXPECT_FALSE(holds(R"({"size": 210})", {"metadata.size>large"}));
  EXPECT_FALSE(holds(R"({"size": "210 mm"})", {"metadata.size>200"}));
}

TEST(MetadataFilterTest, ComparesOtherTextByBytes) {
  const char* metadata = R"({"found": "2023-05-17", "finder": "A. Jansen"})";
  EXPECT_TRUE(holds(metadata, {"metadata.found>=2023-05"}));
  EXPECT_FALSE(holds(metadata, {"metadata.found>=2023-06"}));
  EXPECT_TRUE(holds(metadata, {"metadata.finder=A. Jansen"}));
  EXPECT_FALSE(holds(metadata, {"metadata.finder=a. jansen"}));
}

TEST(MetadataFilterTest, ContainsDisregardsTheCaseOfAsciiLetters) {
  const char* metadata = R"({"note": "Kiste aus KÖLN, Tor 7"})";
  EXPECT_TRUE(holds(metadata, {"metadata.note~kiste"}));
  EXPECT_TRUE(holds(metadata, {"metadata.note~KISTE AUS"}));
  EXPECT_FALSE(holds(metadata, {"metadata.note~köln"}));
  EXPECT_TRUE(holds(metadata, {"metadata.note~KÖLN"}));
  EXPECT_TRUE(holds(R"({"n": 1234})", {"metadata.n~23"}));
}

TEST(MetadataFilterTest, FollowsPathsIntoObjectsAndArrays) {
  const char* metadata = R"({"lab": {"samples": [{"ph": 6.5}, {"ph": 7.1}], "a.b": "x"}})";
  EXPECT_TRUE(holds(metadata, {"metadata.lab.samples.1.ph=7.1"}));
  EXPECT_FALSE(holds(metadata, {"metadata.lab.samples.0.ph=7.1"}));
  EXPECT_FALSE(holds(metadata, {"metadata.lab.samples.2.ph=7.1"}));
  EXPECT_FALSE(holds(metadata, {"metadata.lab.samples.ph=7.1"}));
  EXPECT_FALSE(holds(metadata, {"metadata.lab.samples.1x.ph=7.1"}));
  EXPECT_TRUE(holds(metadata, {"metadata.lab.\"a.b\"=x"}));
  EXPECT_FALSE(holds(metadata, {"metadata.lab.a.b=x"}));
}

TEST(MetadataFilterTest, AnArrayHoldsWhereAnElementDoes) {
  const char* metadata = R"({"colours": ["red", "blue"], "sizes": [100, 300]})";
  EXPECT_TRUE(holds(metadata, {"metadata.colours=blue"}));
  EXPECT_FALSE(holds(metadata, {"metadata.colours=green"}));
  EXPECT_FALSE(holds(metadata, {"metadata.colours!=blue"}));
  EXPECT_TRUE(holds(metadata, {"metadata.sizes>200"}));
  EXPECT_FALSE(holds(metadata, {"metadata.sizes>300"}));
}

TEST(MetadataFilterTest, WhatIsMissingNullOrEmptyIsUnknown) {
  for (const char* metadata :
       {"{}", R"({"size": null})", R"({"size": ""})", R"({"size": []})", "[]", "no json", ""}) {
    EXPECT_TRUE(holds(metadata, {"metadata.size="})) << metadata;
    EXPECT_FALSE(holds(metadata, {"metadata.size!="})) << metadata;
    EXPECT_FALSE(holds(metadata, {"metadata.size=1"})) << metadata;
    EXPECT_FALSE(holds(metadata, {"metadata.size<1"})) << metadata;
    EXPECT_FALSE(holds(metadata, {"metadata.size~1"})) << metadata;
    EXPECT_TRUE(holds(metadata, {"metadata.size!=1"})) << metadata;
  }
  EXPECT_FALSE(holds(R"({"size": 0})", {"metadata.size="}));
  EXPECT_FALSE(holds(R"({"size": {}})", {"metadata.size="}));
  EXPECT_TRUE(holds(R"({"sealed": false})", {"metadata.sealed=false"}));
}

TEST(MetadataFilterTest, EqualsOnOnePathAreAlternativesAndAllElseMustHold) {
  const char* metadata = R"({"a": "1", "b": "x"})";
  EXPECT_TRUE(holds(metadata, {"metadata.a=2", "metadata.a=1"}));
  EXPECT_FALSE(holds(metadata, {"metadata.a=2", "metadata.b=x"}));
  EXPECT_TRUE(holds(metadata, {"metadata.a=2", "metadata.a=1", "metadata.b=x"}));
  EXPECT_FALSE(holds(metadata, {"metadata.a!=2", "metadata.a!=1"}));
  EXPECT_TRUE(holds(metadata, {"metadata.a>0", "metadata.a<2"}));
  EXPECT_FALSE(holds(metadata, {"metadata.a>0", "metadata.a<1"}));
  EXPECT_TRUE(holds(metadata, {}));
}

}  // namespace
}  // namespace pressmark::store
