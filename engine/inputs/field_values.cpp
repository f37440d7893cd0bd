// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/field_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <system_error>

#include "engine/inputs/text.hpp"

namespace pressmark::inputs {
namespace {

// The whole text as a number.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

bool is_digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_iso_date(std::string_view text) {
  const bool has_month = text.size() > 4, has_day = text.size() > 7;
  if (!is_digits(text.substr(0, 4), 4)) return false;
  if (has_month && (text[4] != '-' || !is_digits(text.substr(5, 2), 2))) return false;
  if (has_day && (text[7] != '-' || !is_digits(text.substr(8), 2))) return false;
  const auto number = [&](std::size_t at, std::size_t count) {
    return *parse_number<unsigned>(text.substr(at, count));
  };
  const unsigned year = number(0, 4);
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(has_month ? number(5, 2) : 1),
                                         std::chrono::day(has_day ? number(8, 2) : 1));
  return year > 0 && date.ok();
}

std::optional<double> parse_scale(std::string_view text) {
  const std::optional<double> value = parse_number<double>(text);
  if (!value || !std::isfinite(*value) || *value <= 0) return std::nullopt;
  return value;
}

std::optional<RegionOfInterest> parse_region(std::string_view text) {
  std::array<int, 4> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    text = trimmed(text);
    if (i > 0 && text.starts_with(',')) text = trimmed(text.substr(1));
    const std::size_t end = i + 1 < values.size() ? text.find_first_of(", \t") : text.size();
    const std::optional<int> value = parse_number<int>(text.substr(0, end));
    if (!value || end == std::string_view::npos) return std::nullopt;
    values[i] = *value;
    text.remove_prefix(end);
  }
  const auto [x, y, width, height] = values;
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  if (x < 0 || y < 0 || width <= 0 || height <= 0) return std::nullopt;
  if (std::int64_t{x} + width > kMax || std::int64_t{y} + height > kMax) return std::nullopt;
  return RegionOfInterest{x, y, width, height};
}

}  // namespace pressmark::inputs
