// SPDX-License-Identifier: Apache-2.0
//
// The parser (libcsv) gets one physical line at a time. A line ends at most one row, so that the
// line at which each row begins is known, also where quoted fields span lines.
#include <csv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/inputs/manifest_formats.hpp"
#include "engine/inputs/text.hpp"

namespace pressmark::inputs {
namespace {

constexpr std::size_t kListedColumns = 20;

char detect_separator(std::string_view header) {
  bool is_quoted = false, has_semicolon = false, has_tab = false;
  for (const char c : header) {
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (c == ',') return ',';
    has_semicolon |= c == ';';
    has_tab |= c == '\t';
  }
  return has_semicolon ? ';' : has_tab ? '\t' : ',';
}

// Owns a libcsv parser and the fields of the row that it is in.
class RowParser {
 public:
  enum class Result { kNeedsMore, kRow, kStrayQuote };

  explicit RowParser(char separator) : separator_(separator) { start(); }
  ~RowParser() { csv_free(&parser_); }
  RowParser(const RowParser&) = delete;
  RowParser& operator=(const RowParser&) = delete;

  Result feed(const std::string& line) {
    const std::size_t used = csv_parse(&parser_, line.data(), line.size(), &RowParser::on_field,
                                       &RowParser::on_row, this);
    return result(used == line.size());
  }

  // At the end of the file: its last row need not end in a newline.
  Result finish() {
    return result(csv_fini(&parser_, &RowParser::on_field, &RowParser::on_row, this) == 0);
  }

  // Between rows again; what the parser holds of a row is dropped.
  void reset() {
    csv_free(&parser_);
    start();
  }

  bool is_in_row() const { return parser_.quoted != 0 || !fields_.empty(); }
  std::vector<std::string> take_fields() { return std::exchange(fields_, {}); }

 private:
  void start() {
    csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_delim(&parser_, static_cast<unsigned char>(separator_));
    fields_.clear();
    is_row_complete_ = false;
  }

  Result result(bool is_parsed) {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (!is_parsed && csv_error(&parser_) != CSV_EPARSE) throw std::bad_alloc();
    if (!is_parsed) return Result::kStrayQuote;
    return std::exchange(is_row_complete_, false) ? Result::kRow : Result::kNeedsMore;
  }

  // No exception may pass through the C parser.
  static void on_field(void* text, std::size_t size, void* self) noexcept {
    auto* parser = static_cast<RowParser*>(self);
    try {
      parser->fields_.emplace_back(static_cast<const char*>(text), size);
    } catch (...) {
      parser->failure_ = std::current_exception();
    }
  }
  static void on_row(int, void* self) noexcept {
    static_cast<RowParser*>(self)->is_row_complete_ = true;
  }

  char separator_;
  csv_parser parser_{};
  std::vector<std::string> fields_;
  bool is_row_complete_ = false;
  std::exception_ptr failure_;
};

class CsvTable {
 public:
  explicit CsvTable(RowSink& rows) : rows_(rows) {}

  // False once the file has proved unusable.
  bool take_header(std::vector<std::string> fields) {
    for (const std::string& field : fields) columns_.push_back(rows_.column_name(field));
    std::unordered_map<std::string, std::size_t> positions;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto [first, is_new] = positions.try_emplace(columns_[i], i);
      // Spreadsheets add columns without a name; they do no harm while they are empty.
      if (is_new || columns_[i].empty()) continue;
      rows_.reject_file(fmt::format("columns {} and {} are both named {}", first->second + 1, i + 1,
                                    in_quotes(columns_[i])));
      return false;
    }
    const auto required = rows_.required_columns();
    const auto missing = std::find_if(
        required.begin(), required.end(),
        [&](std::string_view column) { return !positions.contains(std::string(column)); });
    if (missing == required.end()) return true;
    std::vector<std::string> listed;
    for (const std::string& column : columns_) {
      listed.push_back(listed.size() < kListedColumns ? in_quotes(column) : "...");
      if (listed.size() > kListedColumns) break;
    }
    rows_.reject_file(
        fmt::format("no column '{}'; columns found: {}", *missing, fmt::join(listed, ", ")));
    return false;
  }

  void take_row(std::int64_t line, std::vector<std::string> fields) {
    const auto is_empty = [](const std::string& field) { return field.empty(); };
    // Spreadsheets keep rows whose cells were cleared.
    if (std::all_of(fields.begin(), fields.end(), is_empty)) return;
    if (fields.size() != columns_.size()) {
      rows_.reject_row(
          line, fmt::format("{} fields, but the header has {}", fields.size(), columns_.size()));
      return;
    }
    std::vector<Cell> cells;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].empty()) continue;
      if (columns_[i].empty()) {
        rows_.reject_row(
            line, fmt::format("column {} has no name, but holds {}", i + 1, in_quotes(fields[i])));
        return;
      }
      cells.push_back({columns_[i], std::move(fields[i])});
    }
    rows_.add(line, cells);
  }

  bool has_header() const { return !columns_.empty(); }

 private:
  RowSink& rows_;
  std::vector<std::string> columns_;
};

std::string lines_not_read(std::int64_t first, std::int64_t last) {
  return first == last ? std::string() : fmt::format("; lines {} to {} are not read", first, last);
}

}  // namespace

void read_csv_rows(LineReader& lines, RowSink& rows) {
  CsvTable table(rows);
  Line line;
  bool any = false;
  do {
    any = lines.next(line);
  } while (any && !line.too_long && trimmed(line.text).empty());
  if (!any) {
    if (!lines.failed()) rows.reject_file("empty file");
    return;
  }

  RowParser parser(detect_separator(line.text));
  std::int64_t row_line = 0;  // where the current row begins
  std::size_t row_bytes = 0;
  std::string problem;  // with the current row's text, known before the row is complete
  const auto reject = [&](std::string reason) {
    parser.reset();
    problem.clear();
    // Without a header no column is known.
    if (table.has_header()) {
      rows.reject_row(row_line, std::move(reason));
    } else {
      rows.reject_file("header: " + reason);
    }
    return table.has_header();
  };
  const auto take = [&](std::vector<std::string> fields) {
    if (!problem.empty()) return reject(problem);
    if (!table.has_header()) return table.take_header(std::move(fields));
    table.take_row(row_line, std::move(fields));
    return true;
  };

  for (; any; any = lines.next(line)) {
    if (!parser.is_in_row()) {
      row_line = line.number;
      row_bytes = 0;
    }
    row_bytes += line.text.size();
    if (line.too_long || row_bytes > kMaxRowBytes) {
      if (!reject(fmt::format("row longer than 1 MiB; is a quote not closed?{}",
                              lines_not_read(row_line, line.number)))) {
        return;
      }
      continue;
    }
    const std::optional<std::size_t> invalid = first_invalid_utf8(line.text);
    if (invalid && problem.empty()) {
      problem = fmt::format("not UTF-8: line {}, byte {}", line.number, *invalid + 1);
    }
    switch (parser.feed(line.text)) {
      case RowParser::Result::kNeedsMore:
        break;
      case RowParser::Result::kRow:
        if (!take(parser.take_fields())) return;
        break;
      case RowParser::Result::kStrayQuote:
        if (!reject(fmt::format("stray quote in line {}; quotes enclose a whole field and are "
                                "doubled inside it{}",
                                line.number, lines_not_read(row_line, line.number)))) {
          return;
        }
    }
  }
  if (lines.failed()) return;
  switch (parser.finish()) {
    case RowParser::Result::kNeedsMore:
      break;
    case RowParser::Result::kRow:
      take(parser.take_fields());
      break;
    case RowParser::Result::kStrayQuote:
      reject(fmt::format("a quote is not closed{}", lines_not_read(row_line, line.number)));
  }
}

}  // namespace pressmark::inputs
