// SPDX-License-Identifier: Apache-2.0
//
// Where readers of tables put their rows. What a row means, and what is done about one that cannot
// be used, is for the sink to say.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "pressmark/error.hpp"

namespace pressmark::inputs {

struct Cell {
  std::string name;      // RowSink::column_name, unique in its row
  nlohmann::json value;  // null: not stated
};

class RowSink {
 public:
  virtual ~RowSink() = default;

  // A column or key as rows know it.
  virtual std::string column_name(std::string_view written) const = 0;

  // Columns, as rows know them, that a header must have.
  virtual std::span<const std::string_view> required_columns() const = 0;

  // Takes the row that begins at `line`.
  virtual void add(std::int64_t line, std::span<const Cell> cells) = 0;

  virtual void reject_row(std::int64_t line, std::string reason) = 0;
  virtual void reject_file(std::string reason, ErrorCode code = ErrorCode::kInvalidArgument) = 0;
};

}  // namespace pressmark::inputs
