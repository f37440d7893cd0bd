// SPDX-License-Identifier: Apache-2.0
//
// Verifying the truth on disk: database and segments.
#pragma once

#include <filesystem>
#include <functional>

#include "pressmark/maintenance.hpp"

namespace pressmark::store {

using OnProblem = std::function<void(const CatalogueProblem&)>;

// As check_catalogue, for what the store knows of: database, segments, files in segments/. Problems
// are counted in the report.
CheckReport check_store(const std::filesystem::path& directory, const RunControl& control,
                        const OnProblem& on_problem);

// The indexes within the database are derived from its tables; writes them anew. Only where no
// writer is at work. Throws Error: kBusy, kCorruptData.
void rebuild_database_indexes(const std::filesystem::path& directory);

}  // namespace pressmark::store
