// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/field_values.hpp"

#include <gtest/gtest.h>

namespace pressmark::inputs {
namespace {

TEST(Scale, AcceptsNumbersAboveZero) {
  EXPECT_EQ(parse_scale("0.05"), 0.05);
  EXPECT_EQ(parse_scale("1"), 1.0);
  EXPECT_EQ(parse_scale("5e-2"), 0.05);
}

TEST(Scale, RefusesEverythingElse) {
  for (const char* text :
       {"", "0", "-0.1", "0,05", "nan", "inf", "1e999", "1e-999", "0.05 mm", " 1", "+1", "x"}) {
    EXPECT_FALSE(parse_scale(text)) << text;
  }
}

TEST(Region, AcceptsBlanksAndCommas) {
  const RegionOfInterest expected{1, 2, 30, 40};
  for (const char* text :
       {"1 2 30 40", "1,2,30,40", "1, 2, 30, 40", "1 ,2\t30 , 40", "  1 2 30 40 "}) {
    EXPECT_EQ(parse_region(text), expected) << text;
  }
  EXPECT_EQ(parse_region("0 0 2147483647 1"), (RegionOfInterest{0, 0, 2147483647, 1}));
}

TEST(Region, RefusesEverythingElse) {
  for (const char* text : {"", "1 2 3", "1 2 3 4 5", "1,,2,3,4", ",1,2,3,4", "1,2,3,4,", "-1 2 3 4",
                           "1 -2 3 4", "1 2 0 4", "1 2 3 0", "1.5 2 3 4", "1 2 3 4px", "a b c d",
                           "1 2 3 99999999999", "1 0 2147483647 1", "1;2;3;4"}) {
    EXPECT_FALSE(parse_region(text)) << text;
  }
}

}  // namespace
}  // namespace pressmark::inputs
