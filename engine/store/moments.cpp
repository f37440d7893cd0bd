// SPDX-License-Identifier: Apache-2.0
#include "engine/store/moments.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <optional>

namespace pressmark::store {
namespace {

using Moment = std::chrono::sys_time<std::chrono::microseconds>;

Moment now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string to_text(Moment moment, bool precise) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  const std::string seconds =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  return precise ? fmt::format("{}.{:06}Z", seconds, time.subseconds().count()) : seconds + "Z";
}

// Digits only.
std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '-') {
    return std::nullopt;
  }
  return value;
}

std::optional<Moment> from_text(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000000Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != '0' && text[i] != kShape[i]) return std::nullopt;
  }
  const auto year = number(text.substr(0, 4)), month = number(text.substr(5, 2)),
             day = number(text.substr(8, 2)), hour = number(text.substr(11, 2)),
             minute = number(text.substr(14, 2)), second = number(text.substr(17, 2)),
             microsecond = number(text.substr(20, 6));
  if (!year || !month || !day || !hour || !minute || !second || !microsecond) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (*year < 1 || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return Moment(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
         std::chrono::microseconds(*microsecond);
}

}  // namespace

std::string utc_now() {
  return to_text(now(), false);
}

std::string moment_after(std::string_view earlier) {
  Moment moment = now();
  if (const auto before = from_text(earlier); before && *before >= moment) {
    moment = *before + std::chrono::microseconds(1);
  }
  return to_text(moment, true);
}

bool is_precise_moment(std::string_view text) {
  return from_text(text).has_value();
}

}  // namespace pressmark::store
