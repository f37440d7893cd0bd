// SPDX-License-Identifier: Apache-2.0
//
// Dates and moments of ISO 8601, as facts and filters state them: YYYY, YYYY-MM, YYYY-MM-DD, and
// YYYY-MM-DDThh:mm:ssZ. Gregorian calendar, years 0001 to 9999.
#pragma once

#include <string>
#include <string_view>

namespace pressmark {

// YYYY, YYYY-MM or YYYY-MM-DD that exists in the calendar.
bool is_iso_date(std::string_view text);

// YYYY-MM-DDThh:mm:ssZ.
bool is_utc_moment(std::string_view text);

// The days that a date may mean, as YYYY-MM-DD that compare as text. Every month's last day is
// written as its 31st, so that the end of a stored month needs no calendar.
struct DatePeriod {
  std::string first, last;
};
DatePeriod period_of(std::string_view iso_date);  // of what is_iso_date()

}  // namespace pressmark
