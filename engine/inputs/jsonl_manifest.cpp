// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "engine/inputs/manifest_formats.hpp"
#include "engine/inputs/text.hpp"

namespace pressmark::inputs {
namespace {

using nlohmann::json;

// Writing JSON recurses; metadata of people is flat.
constexpr int kMaxDepth = 32;

// The object's members as cells, or why the line cannot be used.
std::optional<std::string> parse_line(const std::string& text, const RowSink& rows,
                                      std::vector<Cell>& cells) {
  std::set<std::string> names;
  std::optional<std::string> repeated;
  bool is_too_deep = false;
  // json keeps the last of two equal keys without a word, so keys are looked at as they come.
  const auto look_at = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) {
      const std::string name = rows.column_name(parsed.get_ref<const std::string&>());
      if (!names.insert(name).second) repeated = name;
    }
    is_too_deep |= depth >= kMaxDepth;
    return depth < kMaxDepth;
  };
  json object;
  try {
    object = json::parse(text, look_at);
  } catch (const json::parse_error& error) {
    return fmt::format("not valid JSON at byte {}", error.byte);
  } catch (const json::exception&) {
    return "not valid JSON: a number is out of range";
  }
  if (is_too_deep) return fmt::format("more than {} levels of nesting", kMaxDepth);
  if (!object.is_object()) return fmt::format("not a JSON object but {}", object.type_name());
  if (repeated) return fmt::format("key {} appears twice", in_quotes(*repeated));
  for (auto& [key, value] : object.items()) cells.push_back({rows.column_name(key), value});
  return std::nullopt;
}

}  // namespace

void read_jsonl_rows(LineReader& lines, RowSink& rows) {
  Line line;
  std::vector<Cell> cells;
  while (lines.next(line)) {
    if (line.too_long) {
      rows.reject_row(line.number, "line longer than 1 MiB");
      continue;
    }
    if (trimmed(line.text).empty()) continue;
    if (const std::optional<std::size_t> invalid = first_invalid_utf8(line.text)) {
      rows.reject_row(line.number,
                      fmt::format("not UTF-8: line {}, byte {}", line.number, *invalid + 1));
      continue;
    }
    cells.clear();
    if (std::optional<std::string> problem = parse_line(line.text, rows, cells)) {
      rows.reject_row(line.number, std::move(*problem));
    } else {
      rows.add(line.number, cells);
    }
  }
}

}  // namespace pressmark::inputs
