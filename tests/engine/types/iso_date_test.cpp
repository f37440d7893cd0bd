// SPDX-License-Identifier: Apache-2.0
#include "engine/types/iso_date.hpp"

#include <gtest/gtest.h>

namespace pressmark {
namespace {

TEST(IsoDate, AcceptsYearsMonthsAndDaysOfTheCalendar) {
  for (const char* text :
       {"2024", "0001", "2024-01", "2024-12", "2024-02-29", "2000-02-29", "1999-12-31"}) {
    EXPECT_TRUE(is_iso_date(text)) << text;
  }
}

TEST(IsoDate, RefusesEverythingElse) {
  for (const char* text :
       {"",           "24",          "0000",       "20240101",         "2024-",      "2024-1",
        "2024-13",    "2024-00",     "2024-01-",   "2024-01-1",        "2024-02-30", "2023-02-29",
        "1900-02-29", "2024-01-00",  "2024-01-32", "2024-04-31",       "2024-1a",    "2024-01-1 ",
        "2024/01/01", "2024-01-011", "01.02.2024", "2024-01-01T00:00", "-024",       "+024",
        "2024-+1",    " 2024",       "2024 "}) {
    EXPECT_FALSE(is_iso_date(text)) << text;
  }
}

TEST(UtcMoment, IsADayAndATimeInZulu) {
  for (const char* text :
       {"2024-05-01T08:30:00Z", "2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z"}) {
    EXPECT_TRUE(is_utc_moment(text)) << text;
  }
  for (const char* text :
       {"", "2024-05-01", "2024-05-01T08:30:00", "2024-05-01T08:30Z", "2024-05-01 08:30:00Z",
        "2024-05-01T24:00:00Z", "2024-05-01T08:60:00Z", "2024-05-01T08:30:60Z",
        "2023-02-29T08:30:00Z", "2024-05-01T08:30:00+01", "2024-05-01T0a:30:00Z"}) {
    EXPECT_FALSE(is_utc_moment(text)) << text;
  }
}

TEST(DatePeriod, ReachesFromTheFirstToTheLastDay) {
  const auto expect = [](const char* date, const char* first, const char* last) {
    EXPECT_EQ(period_of(date).first, first) << date;
    EXPECT_EQ(period_of(date).last, last) << date;
  };
  expect("2023", "2023-01-01", "2023-12-31");
  expect("2023-02", "2023-02-01", "2023-02-31");
  expect("2023-02-27", "2023-02-27", "2023-02-27");
  expect("2023-02-28", "2023-02-28", "2023-02-31");
  expect("2024-02-28", "2024-02-28", "2024-02-28");
  expect("2024-04-30", "2024-04-30", "2024-04-31");
}

}  // namespace
}  // namespace pressmark
