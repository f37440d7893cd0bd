// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/csv.hpp"

#include <string_view>

#include "engine/report/text.hpp"

namespace pressmark::seizure {
namespace {

// A cell that a spreadsheet would take for a formula is kept from being one by a leading quote:
// file names and metadata are the work of others.
std::string cell_text(const std::string& raw) {
  std::string text = report::valid_utf8(raw);
  const bool is_number = !text.empty() && text.find_first_not_of("+-.0123456789e") == text.npos;
  if (!text.empty() && !is_number && std::string_view("=+-@\t\r").find(text[0]) != text.npos) {
    text.insert(0, 1, '\'');
  }
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void CsvFile::row(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    line += cell_text(cells[i]);
  }
  file_.write(line + "\r\n");
}

}  // namespace pressmark::seizure
