// SPDX-License-Identifier: Apache-2.0
//
// A filter as SQL. Names and operators are ours, every value of the caller's is a bound parameter.
// Conditions on metadata are not part of it: metadata_filter.hpp tests them row by row.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "pressmark/filter.hpp"

namespace pressmark::store {

struct FilterSql {
  using Value = std::variant<std::int64_t, double, std::string>;

  // "AND (...) AND (...) " on rows of images under the name i. Seizures and packages are looked for
  // in their own tables first: those are small, and an index of images leads from them to theirs.
  std::string text;
  std::vector<Value> values;  // of the parameters, in order

  // The statement has no parameters before those of `text`.
  void bind(SQLite::Statement& statement) const;
};

FilterSql filter_sql(const ImageFilter& filter);  // of a valid one

}  // namespace pressmark::store
