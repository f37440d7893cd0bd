// SPDX-License-Identifier: Apache-2.0
#include "engine/types/filter_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "engine/types/iso_date.hpp"
#include "pressmark/types.hpp"

namespace pressmark {
namespace {

struct Field {
  FilterField field;
  std::string_view name;
  FilterType type;
};

constexpr std::array<Field, 16> kFields = {{
    {FilterField::kSeizure, "seizure", FilterType::kText},
    {FilterField::kPackage, "package", FilterType::kText},
    {FilterField::kPlace, "place", FilterType::kText},
    {FilterField::kAgency, "agency", FilterType::kText},
    {FilterField::kDate, "date", FilterType::kDate},
    {FilterField::kKind, "kind", FilterType::kKind},
    {FilterField::kFile, "file", FilterType::kText},
    {FilterField::kFormat, "format", FilterType::kText},
    {FilterField::kAdded, "added", FilterType::kMoment},
    {FilterField::kId, "id", FilterType::kNumber},
    {FilterField::kFileBytes, "file_bytes", FilterType::kNumber},
    {FilterField::kWidthPx, "width_px", FilterType::kNumber},
    {FilterField::kHeightPx, "height_px", FilterType::kNumber},
    {FilterField::kScale, "scale_mm_per_px", FilterType::kNumber},
    {FilterField::kKeypoints, "keypoints", FilterType::kNumber},
    {FilterField::kMetadata, "metadata", FilterType::kMetadata},
}};

const Field& entry(FilterField field) {
  return *std::find_if(kFields.begin(), kFields.end(),
                       [&](const Field& known) { return known.field == field; });
}

bool is_order(FilterOperator op) {
  return op == FilterOperator::kLess || op == FilterOperator::kLessEqual ||
         op == FilterOperator::kGreater || op == FilterOperator::kGreaterEqual;
}

// The operators of a type; nothing where all are.
std::string_view only_operators(FilterType type, FilterOperator op) {
  const bool is_contains = op == FilterOperator::kContains;
  switch (type) {
    case FilterType::kText:
      return is_order(op) ? "=, != or ~" : "";
    case FilterType::kKind:
      return is_order(op) || is_contains ? "= or !=" : "";
    case FilterType::kDate:
    case FilterType::kMoment:
    case FilterType::kNumber:
      return is_contains ? "=, !=, <, <=, > or >=" : "";
    case FilterType::kMetadata:
      break;
  }
  return "";
}

// What a field's value must look like; nothing where `value` does.
std::string_view expected_value(FilterType type, std::string_view value) {
  switch (type) {
    case FilterType::kKind:
      return image_kind_from_string(value) ? "" : "logo, toolmark, wrapping or overview";
    case FilterType::kDate:
      return is_iso_date(value) ? "" : "a date (YYYY, YYYY-MM or YYYY-MM-DD)";
    case FilterType::kMoment:
      return is_iso_date(value) || is_utc_moment(value)
                 ? ""
                 : "a date or moment (YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)";
    case FilterType::kNumber:
      return filter_number(value) ? "" : "a number";
    case FilterType::kText:
    case FilterType::kMetadata:
      break;
  }
  return "";
}

}  // namespace

std::string_view to_string(FilterField field) {
  return entry(field).name;
}

std::string_view to_string(FilterOperator op) {
  constexpr std::array<std::string_view, 7> kNames = {"=", "!=", "<", "<=", ">", ">=", "~"};
  return kNames[static_cast<std::size_t>(op)];
}

FilterType type_of(FilterField field) {
  return entry(field).type;
}

std::optional<FilterField> filter_field_from_string(std::string_view name) {
  const auto found = std::find_if(kFields.begin(), kFields.end(),
                                  [&](const Field& known) { return known.name == name; });
  if (found == kFields.end()) return std::nullopt;
  return found->field;
}

std::string filter_field_names() {
  std::string names;
  for (const Field& field : kFields) {
    if (!names.empty()) names += ", ";
    names += field.name;
  }
  return names + ".KEY";  // the last is metadata
}

std::optional<double> filter_number(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<FilterProblem> problem_of(const FilterCondition& condition) {
  using Part = FilterProblem::Part;
  const FilterType type = type_of(condition.field);
  const std::string_view name = to_string(condition.field);
  if (type == FilterType::kMetadata && condition.path.empty()) {
    return FilterProblem{Part::kPath, "expected metadata.KEY"};
  }
  if (type != FilterType::kMetadata && !condition.path.empty()) {
    return FilterProblem{Part::kPath, fmt::format("{} has no parts; only metadata has", name)};
  }
  const std::string_view operators = only_operators(type, condition.op);
  if (!operators.empty()) {
    return FilterProblem{Part::kOperator, fmt::format("expected {} for {}", operators, name)};
  }
  if (condition.value.find('\0') != std::string::npos) {
    return FilterProblem{Part::kValue, "expected text without NUL"};
  }
  if (condition.value.empty()) {
    // Nothing is less than unknown, and everything contains nothing.
    if (condition.op == FilterOperator::kEqual || condition.op == FilterOperator::kNotEqual) {
      return std::nullopt;
    }
    return FilterProblem{Part::kValue,
                         fmt::format("expected a value after {}", to_string(condition.op))};
  }
  const std::string_view expected = expected_value(type, condition.value);
  if (expected.empty()) return std::nullopt;
  return FilterProblem{Part::kValue, fmt::format("expected {} for {}", expected, name)};
}

}  // namespace pressmark
