// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/field_values.hpp"

#include <gtest/gtest.h>

namespace pressmark::inputs {
namespace {

TEST(IsoDate, AcceptsYearsMonthsAndDaysOfTheCalendar) {
  for (const char* text : {"2024", "0001", "2024-12", "2024-02-29", "2000-02-29", "1999-12-31"}) {
    EXPECT_TRUE(is_iso_date(text)) << text;
  }
}

TEST(IsoDate, RefusesEverythingElse) {
  for (const char* text : {"",
                           "24",
                           "0000",
                           "20240101",
                           "2024-",
                           "2024-1",
                           "2024-13",
                           "2024-00",
                           "2024-01-",
                           "2024-01-1",
                           "2024-02-30",
                           "2023-02-29",
                           "1900-02-29",
                           "2024-01-00",
                           "2024-04-31",
                           "2024-01-011",
                           "2024/01/01",
                           "01.02.2024",
                           "2024-01-01T00:00",
                           "-024",
                           "+024",
                           "2024-+1",
                           " 2024",
                           "2024 "}) {
    EXPECT_FALSE(is_iso_date(text)) << text;
  }
}

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
