// SPDX-License-Identifier: Apache-2.0
//
// Readers of the two formats of tables. Both take lines to the end or until the file proves
// unusable, and report through `rows`.
#pragma once

#include <filesystem>

#include "engine/inputs/line_reader.hpp"
#include "engine/inputs/row_sink.hpp"

namespace pressmark::inputs {

// RFC 4180 with a header row. The separator is a comma, or where the header has none a semicolon
// or a tab, as spreadsheets write it in countries with a decimal comma.
void read_csv_rows(LineReader& lines, RowSink& rows);

// One JSON object per line; blank lines are passed over.
void read_jsonl_rows(LineReader& lines, RowSink& rows);

// Hands the lines of a file to one of the readers above, once it has proved to be a regular file
// of sensible size and not UTF-16.
void read_file_rows(const std::filesystem::path& file, RowSink& rows,
                    void (*reader)(LineReader&, RowSink&));

}  // namespace pressmark::inputs
