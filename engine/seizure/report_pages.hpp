// SPDX-License-Identifier: Apache-2.0
//
// The report of a run: report/index.html, a page for each mark, pictures as files beside them.
// Opens from any place without network; written page by page, by all threads, so that its memory
// does not grow with the number of photos. Its files are on the disk once its user has waited for
// it (sync_file_system).
#pragma once

#include <filesystem>
#include <vector>

#include "engine/seizure/findings.hpp"
#include "engine/seizure/plan.hpp"
#include "engine/seizure/results.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark::seizure {

struct ReportSources {
  const std::filesystem::path& directory;  // of the run
  const Plan& plan;
  const Findings& findings;
  const std::vector<LinkedSeizure>& linked;
  const Catalogue& photos;
  const Catalogue& catalogue;
};

// False where it was stopped before its end. Progress counts pictures of photos, then pages. The
// same for any number of threads.
bool write_report(const ReportSources& sources, const SeizureSummary& summary,
                  const RunControl& control);

}  // namespace pressmark::seizure
