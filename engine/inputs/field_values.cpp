// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/field_values.hpp"

#include <array>
#include <charconv>
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

}  // namespace

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
