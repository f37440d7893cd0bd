// SPDX-License-Identifier: Apache-2.0
#include "engine/store/filter_sql.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/types/filter_fields.hpp"
#include "engine/types/iso_date.hpp"

namespace pressmark::store {
namespace {

// Where a field is found.
struct Place {
  enum class Table { kImages, kSeizures, kPackages };
  Table table;
  std::string_view column;
};

Place place_of(FilterField field) {
  using Table = Place::Table;
  switch (field) {
    case FilterField::kSeizure:
      return {Table::kSeizures, "name"};
    case FilterField::kPlace:
      return {Table::kSeizures, "place"};
    case FilterField::kAgency:
      return {Table::kSeizures, "agency"};
    case FilterField::kDate:
      return {Table::kSeizures, "date"};
    case FilterField::kPackage:
      return {Table::kPackages, "name"};
    case FilterField::kKind:
      return {Table::kImages, "i.kind"};
    case FilterField::kFile:
      return {Table::kImages, "CAST(i.file AS TEXT)"};
    case FilterField::kFormat:
      return {Table::kImages, "i.format"};
    case FilterField::kAdded:
      return {Table::kImages, "i.added_at"};
    case FilterField::kId:
      return {Table::kImages, "i.id"};
    case FilterField::kFileBytes:
      return {Table::kImages, "i.file_bytes"};
    case FilterField::kWidthPx:
      return {Table::kImages, "i.width_px"};
    case FilterField::kHeightPx:
      return {Table::kImages, "i.height_px"};
    case FilterField::kScale:
      return {Table::kImages, "i.scale_mm_per_px"};
    case FilterField::kKeypoints:
      return {Table::kImages, "i.keypoints"};
    case FilterField::kMetadata:
      break;
  }
  return {Table::kImages, "i.metadata"};
}

// After every prefix of a moment: it is above all characters of one.
constexpr std::string_view kAfterMoments = "~";

// The first and the last day that a stored date may mean, as DatePeriod writes them.
constexpr std::string_view kFirstDay =
    "(CASE length(date) WHEN 4 THEN date || '-01-01' WHEN 7 THEN date || '-01' ELSE date END)";
constexpr std::string_view kLastDay =
    "(CASE length(date) WHEN 4 THEN date || '-12-31' WHEN 7 THEN date || '-31' ELSE date END)";

// All of them, joined by an operator as a balanced tree: SQLite refuses expressions a thousand
// deep.
std::string joined(std::span<const std::string> expressions, std::string_view op) {
  if (expressions.size() == 1) return expressions.front();
  const auto [left, right] = std::pair(expressions.first(expressions.size() / 2),
                                       expressions.subspan(expressions.size() / 2));
  return fmt::format("({} {} {})", joined(left, op), op, joined(right, op));
}

class Builder {
 public:
  explicit Builder(FilterSql& sql) : sql_(sql) {}

  std::string text() const {
    return expressions_.empty() ? std::string()
                                : fmt::format("AND {} ", joined(expressions_, "AND"));
  }

  // Of conditions on one field: several have =, and one must hold; or there is a single one. != is
  // the negation of =.
  void add(const std::vector<const FilterCondition*>& conditions) {
    const Place place = place_of(conditions.front()->field);
    const bool is_negated = conditions.front()->op == FilterOperator::kNotEqual;
    bool holds_for_unknown = false;
    std::vector<std::string> alternatives;
    for (const FilterCondition* condition : conditions) {
      holds_for_unknown = holds_for_unknown || condition->value.empty();
      alternatives.push_back(test(place.column, *condition));
    }
    const std::string tests = joined(alternatives, "OR");
    switch (place.table) {
      case Place::Table::kImages:
        expressions_.push_back(fmt::format("{}({})", is_negated ? "NOT " : "", tests));
        break;
      case Place::Table::kSeizures:
        expressions_.push_back(
            of_table("seizure", "seizures", tests, is_negated, holds_for_unknown));
        break;
      case Place::Table::kPackages:
        expressions_.push_back(
            of_table("package", "packages", tests, is_negated, holds_for_unknown));
        break;
    }
  }

 private:
  template <typename Value>
  std::string_view parameter(Value value) {
    sql_.values.emplace_back(std::move(value));
    return "?";
  }

  // An image without a seizure has no place, date or agency of one.
  static std::string of_table(std::string_view key, std::string_view table,
                              const std::string& tests, bool is_negated, bool holds_for_unknown) {
    const bool takes_null = is_negated != holds_for_unknown;
    return fmt::format("({} i.{} {}IN (SELECT id FROM {} WHERE {}))",
                       takes_null   ? fmt::format("i.{} IS NULL OR", key)
                       : is_negated ? fmt::format("i.{} IS NOT NULL AND", key)
                                    : std::string(),
                       key, is_negated ? "NOT " : "", table, tests);
  }

  // Whether a row's value fulfils the condition, = in place of !=. Never NULL.
  std::string test(std::string_view column, const FilterCondition& condition) {
    const FilterType type = type_of(condition.field);
    if (condition.value.empty()) {
      return std::string(column) + (type == FilterType::kNumber ? " IS NULL" : " = ''");
    }
    switch (type) {
      case FilterType::kDate:
        return date_test(condition);
      case FilterType::kMoment:
        return moment_test(column, condition);
      case FilterType::kNumber:
        return number_test(column, condition);
      case FilterType::kText:
      case FilterType::kKind:
      case FilterType::kMetadata:
        break;
    }
    if (condition.op == FilterOperator::kContains) {
      return fmt::format("instr(lower({}), lower({})) > 0", column, parameter(condition.value));
    }
    return fmt::format("{} = {}", column, parameter(condition.value));
  }

  std::string number_test(std::string_view column, const FilterCondition& condition) {
    const std::string& text = condition.value;
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    const std::string_view op = to_string(
        condition.op == FilterOperator::kNotEqual ? FilterOperator::kEqual : condition.op);
    const std::string_view value = is_whole ? parameter(whole) : parameter(*filter_number(text));
    return fmt::format("({0} IS NOT NULL AND {0} {1} {2})", column, op, value);
  }

  // Dates are known to the year, month or day; a comparison holds where it may be true. An unknown
  // one is in no range.
  std::string date_test(const FilterCondition& condition) {
    const DatePeriod period = period_of(condition.value);
    switch (condition.op) {
      case FilterOperator::kLess:
        return fmt::format("(date <> '' AND {} < {})", kFirstDay, parameter(period.first));
      case FilterOperator::kLessEqual:
        return fmt::format("(date <> '' AND {} <= {})", kFirstDay, parameter(period.last));
      case FilterOperator::kGreater:
        return fmt::format("(date <> '' AND {} > {})", kLastDay, parameter(period.last));
      case FilterOperator::kGreaterEqual:
        return fmt::format("(date <> '' AND {} >= {})", kLastDay, parameter(period.first));
      case FilterOperator::kEqual:
      case FilterOperator::kNotEqual:
      case FilterOperator::kContains:
        break;
    }
    const std::string_view last = parameter(period.last), first = parameter(period.first);
    return fmt::format("(date <> '' AND {} <= {} AND {} >= {})", kFirstDay, last, kLastDay, first);
  }

  // A moment begins with the year, month or day in which it lies.
  std::string moment_test(std::string_view column, const FilterCondition& condition) {
    const std::string end = condition.value + std::string(kAfterMoments);
    switch (condition.op) {
      case FilterOperator::kLess:
        return fmt::format("{} < {}", column, parameter(condition.value));
      case FilterOperator::kLessEqual:
        return fmt::format("{} < {}", column, parameter(end));
      case FilterOperator::kGreater:
        return fmt::format("{} > {}", column, parameter(end));
      case FilterOperator::kGreaterEqual:
        return fmt::format("{} >= {}", column, parameter(condition.value));
      case FilterOperator::kEqual:
      case FilterOperator::kNotEqual:
      case FilterOperator::kContains:
        break;
    }
    const std::string_view from = parameter(condition.value), to = parameter(end);
    return fmt::format("({0} >= {1} AND {0} < {2})", column, from, to);
  }

  FilterSql& sql_;
  std::vector<std::string> expressions_;  // all must hold
};

}  // namespace

void FilterSql::bind(SQLite::Statement& statement) const {
  int index = 0;
  for (const Value& value : values) {
    ++index;
    std::visit([&](const auto& bound) { statement.bind(index, bound); }, value);
  }
}

FilterSql filter_sql(const ImageFilter& filter) {
  FilterSql sql;
  Builder builder(sql);
  std::vector<std::pair<FilterField, std::vector<const FilterCondition*>>> alternatives;
  for (const FilterCondition& condition : filter.conditions) {
    if (condition.field == FilterField::kMetadata) continue;
    if (condition.op != FilterOperator::kEqual) {
      builder.add({&condition});
      continue;
    }
    const auto known = std::find_if(alternatives.begin(), alternatives.end(),
                                    [&](const auto& one) { return one.first == condition.field; });
    if (known != alternatives.end()) {
      known->second.push_back(&condition);
    } else {
      alternatives.push_back({condition.field, {&condition}});
    }
  }
  for (const auto& [field, conditions] : alternatives) builder.add(conditions);
  sql.text = builder.text();
  return sql;
}

}  // namespace pressmark::store
