// SPDX-License-Identifier: Apache-2.0
//
// The first page of a report: what was found, linked seizures, all marks, what was left out.
#pragma once

#include <filesystem>

#include "engine/report/output_file.hpp"
#include "engine/seizure/page_frame.hpp"
#include "engine/seizure/report_pages.hpp"

namespace pressmark::seizure {

// rows: the table of the marks.
void write_overview(const ReportSources& sources, const std::filesystem::path& file,
                    const SeizureSummary& summary, PageFrame& frame, report::SpoolFile& rows);

}  // namespace pressmark::seizure
