// SPDX-License-Identifier: Apache-2.0
//
// The textual form of filters, both ways.
#include "pressmark/filter.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "engine/types/filter_fields.hpp"
#include "pressmark/error.hpp"

namespace pressmark {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kEndsName = " \t.\"=!<>~";

// Longest first.
constexpr std::array<FilterOperator, 7> kOperators = {
    FilterOperator::kNotEqual, FilterOperator::kLessEqual, FilterOperator::kGreaterEqual,
    FilterOperator::kEqual,    FilterOperator::kLess,      FilterOperator::kGreater,
    FilterOperator::kContains};

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line;
}

// Doubles the quotes inside, as CSV does.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += c;
    result += c;
  }
  return result + '"';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  FilterCondition parse() {
    FilterCondition condition;
    skip_blanks();
    const std::size_t field_at = at_;
    condition.field = field();
    while (take(".")) condition.path.push_back(key());
    skip_blanks();
    const std::size_t operator_at = at_;
    condition.op = any_operator();
    skip_blanks();
    const std::size_t value_at = at_;
    condition.value = value();
    if (const auto problem = problem_of(condition)) {
      using Part = FilterProblem::Part;
      refuse(problem->part == Part::kPath       ? field_at
             : problem->part == Part::kOperator ? operator_at
                                                : value_at,
             problem->what);
    }
    return condition;
  }

 private:
  // Positions are of characters, from 1.
  [[noreturn]] void refuse(std::size_t byte, std::string_view what) const {
    const std::string_view before = text_.substr(0, byte);
    const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
    });
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}', character {}: {}", one_line(text_), characters + 1, what));
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::string_view name() {
    const std::size_t end = std::min(text_.find_first_of(kEndsName, at_), text_.size());
    const std::string_view found = text_.substr(at_, end - at_);
    at_ = end;
    return found;
  }

  FilterField field() {
    const std::size_t start = at_;
    const std::optional<FilterField> found = filter_field_from_string(name());
    if (!found) refuse(start, "expected a field: " + filter_field_names());
    return *found;
  }

  std::string key() {
    if (text_.substr(at_).starts_with('"')) return quoted_text();
    const std::size_t start = at_;
    const std::string_view found = name();
    if (found.empty()) refuse(start, "expected a key; one with blanks or signs stands in \"\"");
    return std::string(found);
  }

  FilterOperator any_operator() {
    const std::size_t start = at_;
    for (const FilterOperator op : kOperators) {
      if (!take(to_string(op))) continue;
      // Most likely == or =< of another language: the value would silently begin with a sign.
      if (at_ < text_.size() && std::string_view("=<>~!").find(text_[at_]) != std::string::npos) {
        break;
      }
      return op;
    }
    refuse(start,
           "expected an operator: =, !=, <, <=, >, >= or ~; a value that begins with such a "
           "sign stands in \"\"");
  }

  std::string value() {
    if (text_.substr(at_).starts_with('"')) {
      std::string found = quoted_text();
      skip_blanks();
      if (at_ < text_.size()) refuse(at_, "expected nothing after the closing quote");
      return found;
    }
    const std::size_t last = text_.find_last_not_of(kBlanks);
    return std::string(
        text_.substr(at_, last == std::string_view::npos || last < at_ ? 0 : last + 1 - at_));
  }

  std::string quoted_text() {
    const std::size_t start = at_++;
    std::string found;
    for (; at_ < text_.size(); ++at_) {
      if (take("\"\"")) {
        found += '"';
        --at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return found;
      } else {
        found += text_[at_];
      }
    }
    refuse(start, "expected a closing quote");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

void FilterCondition::validate() const {
  if (const auto problem = problem_of(*this)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}': {}", one_line(to_string(*this)), problem->what));
  }
}

FilterCondition parse_filter_condition(std::string_view text) {
  return Parser(text).parse();
}

std::string to_string(const FilterCondition& condition) {
  std::string text(to_string(condition.field));
  for (const std::string& key : condition.path) {
    const bool is_plain = !key.empty() && key.find_first_of(kEndsName) == std::string::npos;
    text += '.' + (is_plain ? key : quoted(key));
  }
  text += to_string(condition.op);
  const std::string& value = condition.value;
  const bool is_plain =
      value.empty() || (std::string_view(" \t\"=!<>~").find(value.front()) == std::string::npos &&
                        kBlanks.find(value.back()) == std::string::npos);
  return text + (is_plain ? value : quoted(value));
}

ImageFilter& ImageFilter::where(std::string_view condition) {
  conditions.push_back(parse_filter_condition(condition));
  return *this;
}

void ImageFilter::validate() const {
  if (conditions.size() > kMostConditions) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("a filter has at most {} conditions, not {}", kMostConditions,
                            conditions.size()));
  }
  for (const FilterCondition& condition : conditions) condition.validate();
}

}  // namespace pressmark
