// SPDX-License-Identifier: Apache-2.0
#include "engine/types/iso_date.hpp"

#include <algorithm>
#include <chrono>

namespace pressmark {
namespace {

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of digits only, a few.
unsigned number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) value = 10 * value + static_cast<unsigned>(c - '0');
  return value;
}

std::chrono::year_month_day day_of(std::string_view date) {
  return {std::chrono::year(static_cast<int>(number(date.substr(0, 4)))),
          std::chrono::month(date.size() > 4 ? number(date.substr(5, 2)) : 1),
          std::chrono::day(date.size() > 7 ? number(date.substr(8, 2)) : 1)};
}

bool is_below(std::string_view two_digits, unsigned limit) {
  return is_digits(two_digits) && number(two_digits) < limit;
}

}  // namespace

bool is_iso_date(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  if (!is_digits(text.substr(0, 4))) return false;
  if (text.size() > 4 && (text[4] != '-' || !is_digits(text.substr(5, 2)))) return false;
  if (text.size() > 7 && (text[7] != '-' || !is_digits(text.substr(8, 2)))) return false;
  return number(text.substr(0, 4)) > 0 && day_of(text).ok();
}

bool is_utc_moment(std::string_view text) {
  return text.size() == 20 && is_iso_date(text.substr(0, 10)) && text[10] == 'T' &&
         is_below(text.substr(11, 2), 24) && text[13] == ':' && is_below(text.substr(14, 2), 60) &&
         text[16] == ':' && is_below(text.substr(17, 2), 60) && text[19] == 'Z';
}

DatePeriod period_of(std::string_view iso_date) {
  const std::string date(iso_date);
  if (date.size() == 4) return {date + "-01-01", date + "-12-31"};
  if (date.size() == 7) return {date + "-01", date + "-31"};
  const std::chrono::year_month_day day = day_of(date);
  const bool ends_month =
      day == std::chrono::year_month_day(day.year() / day.month() / std::chrono::last);
  return {date, ends_month ? date.substr(0, 8) + "31" : date};
}

}  // namespace pressmark
