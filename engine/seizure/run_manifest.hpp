// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "engine/seizure/findings.hpp"
#include "engine/seizure/plan.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark::seizure {

// manifest.json: what is needed to judge and to repeat the run, with the hash of each input and of
// each result. Without clock, threads or device, which play no part in the results and are noted
// in the history. Written last: its presence says that the run is complete.
void write_run_manifest(const std::filesystem::path& directory, const Plan& plan,
                        const Findings& findings, const SeizureSummary& summary);

// Results of a run, relative to its directory, sorted: all files but the plan, the working
// catalogue, the history and the manifest itself.
std::vector<std::filesystem::path> result_files(const std::filesystem::path& directory);

// A line in history.jsonl: when a process began or ended work, with which device and threads.
void note_in_history(const std::filesystem::path& directory, const std::string& event,
                     std::string_view device, int threads);

}  // namespace pressmark::seizure
