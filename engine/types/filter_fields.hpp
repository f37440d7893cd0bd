// SPDX-License-Identifier: Apache-2.0
//
// What the fields of a filter hold, and which conditions on them make sense.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pressmark/filter.hpp"

namespace pressmark {

enum class FilterType { kText, kKind, kDate, kMoment, kNumber, kMetadata };
FilterType type_of(FilterField field);

std::optional<FilterField> filter_field_from_string(std::string_view name);

// "seizure, package, ..., metadata.KEY", for messages.
std::string filter_field_names();

// The whole text as a finite decimal number; independent of the locale.
std::optional<double> filter_number(std::string_view text);

// What is wrong with a condition, and with which part of it.
struct FilterProblem {
  enum class Part { kOperator, kValue, kPath };
  Part part = Part::kValue;
  std::string what;  // "expected ..."
};
std::optional<FilterProblem> problem_of(const FilterCondition& condition);

}  // namespace pressmark
