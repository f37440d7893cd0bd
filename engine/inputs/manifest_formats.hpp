// SPDX-License-Identifier: Apache-2.0
//
// Readers of the two manifest formats. Both take lines to the end or until the file proves
// unusable, and report through `rows`.
#pragma once

#include "engine/inputs/line_reader.hpp"
#include "engine/inputs/manifest_rows.hpp"

namespace pressmark::inputs {

// RFC 4180 with a header row. The separator is a comma, or where the header has none a semicolon
// or a tab, as spreadsheets write it in countries with a decimal comma.
void read_csv_rows(LineReader& lines, ManifestRows& rows);

// One JSON object per line; blank lines are passed over.
void read_jsonl_rows(LineReader& lines, ManifestRows& rows);

}  // namespace pressmark::inputs
