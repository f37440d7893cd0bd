// SPDX-License-Identifier: Apache-2.0
#include "engine/store/metadata_filter.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "engine/types/filter_fields.hpp"

namespace pressmark::store {
namespace {

using Json = nlohmann::json;

// Null where there is nothing.
const Json& value_at(const Json& root, const std::vector<std::string>& path) {
  static const Json kNothing;
  const Json* value = &root;
  for (const std::string& key : path) {
    if (value->is_object()) {
      const auto found = value->find(key);
      if (found == value->end()) return kNothing;
      value = &*found;
    } else if (value->is_array()) {
      std::size_t index = 0;
      const char* end = key.data() + key.size();
      const auto [stop, error] = std::from_chars(key.data(), end, index);
      if (error != std::errc() || stop != end || index >= value->size()) return kNothing;
      value = &(*value)[index];
    } else {
      return kNothing;
    }
  }
  return *value;
}

bool is_unknown(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         (value.is_array() && value.empty());
}

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return filter_number(value.get_ref<const std::string&>());
  return std::nullopt;
}

// Text as it stands; a number, true or false as JSON writes it.
std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Without regard to the case of A-Z, as for the fields that SQL tests.
bool contains(std::string_view text, std::string_view part) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool is_fulfilled(FilterOperator op, std::partial_ordering order) {
  switch (op) {
    case FilterOperator::kLess:
      return order < 0;
    case FilterOperator::kLessEqual:
      return order <= 0;
    case FilterOperator::kGreater:
      return order > 0;
    case FilterOperator::kGreaterEqual:
      return order >= 0;
    case FilterOperator::kEqual:
    case FilterOperator::kNotEqual:
    case FilterOperator::kContains:
      break;
  }
  return order == 0;
}

// = stands for != too. A number compares with numbers alone, and other text with text.
bool scalar_holds(const Json& value, FilterOperator op, const std::string& wanted) {
  if (value.is_object() || is_unknown(value)) return false;
  if (op == FilterOperator::kContains) return contains(text_of(value), wanted);
  const std::optional<double> wanted_number = filter_number(wanted), number = number_of(value);
  if (wanted_number && number) return is_fulfilled(op, *number <=> *wanted_number);
  if (op == FilterOperator::kEqual || op == FilterOperator::kNotEqual) {
    return text_of(value) == wanted;
  }
  if (wanted_number || !value.is_string()) return false;
  return is_fulfilled(op, value.get_ref<const std::string&>() <=> wanted);
}

// Of an array, one element suffices.
bool value_holds(const Json& value, FilterOperator op, const std::string& wanted) {
  if (wanted.empty()) return is_unknown(value);
  if (!value.is_array()) return scalar_holds(value, op, wanted);
  return std::any_of(value.begin(), value.end(),
                     [&](const Json& element) { return scalar_holds(element, op, wanted); });
}

}  // namespace

MetadataFilter::MetadataFilter(const ImageFilter& filter) {
  for (const FilterCondition& condition : filter.conditions) {
    if (condition.field != FilterField::kMetadata) continue;
    const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
      return condition.op == FilterOperator::kEqual && group.op == condition.op &&
             group.path == condition.path;
    });
    if (known != groups_.end()) {
      known->values.push_back(condition.value);
    } else {
      groups_.push_back({condition.path, condition.op, {condition.value}});
    }
  }
}

bool MetadataFilter::holds(std::string_view metadata_json) const {
  if (groups_.empty()) return true;
  const Json root = Json::parse(metadata_json, nullptr, false);
  return std::all_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    const Json& value = value_at(root, group.path);
    const bool one_holds = std::any_of(
        group.values.begin(), group.values.end(),
        [&](const std::string& wanted) { return value_holds(value, group.op, wanted); });
    return one_holds != (group.op == FilterOperator::kNotEqual);
  });
}

}  // namespace pressmark::store
