// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/run_manifest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <system_error>

#include "engine/report/json_values.hpp"
#include "engine/report/output_file.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/journal.hpp"
#include "engine/seizure/output.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

Json counts_value(const SeizureSummary& summary, const Findings& findings) {
  return {{"inputs", summary.inputs},
          {"photos", summary.photos},
          {"duplicates", summary.duplicates},
          {"failed", summary.failed},
          {"unusable", summary.unusable},
          {"compared", findings.photos.size()},
          {"marks", summary.marks},
          {"linked_marks", summary.linked_marks},
          {"linked_seizures", summary.linked_seizures},
          {"links_within", findings.within.size()},
          {"decisions", findings.decisions}};
}

}  // namespace

std::vector<std::filesystem::path> result_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::filesystem::path relative = entry->path().lexically_relative(directory);
    if (entry.depth() == 0 && relative == kPhotosName) entry.disable_recursion_pending();
    std::error_code ignored;
    const bool is_own = relative == kPlanName || relative == kHistoryName ||
                        relative == kManifestName || relative.filename().native().starts_with('.');
    if (entry->is_regular_file(ignored) && !is_own) files.push_back(relative);
  }
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot list {}: {}", directory.native(), error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void write_run_manifest(const std::filesystem::path& directory, const Plan& plan,
                        const Findings& findings, const SeizureSummary& summary) {
  Json object = {{"type", "seizure_run"}, {"build", plan.build}, {"version", version()}};
  object["command"] = plan.command;
  object["model"] = {{"id", plan.model_id}, {"name", plan.model_name}};
  object["catalogue"] = {
      {"directory", plan.catalogue.native()}, {"images", plan.state.images},
      {"removed", plan.state.removed},        {"segments", plan.state.segments},
      {"searched", plan.state.searched},      {"changed_during_run", summary.catalogue_changed}};
  object["options"] = options_value(plan.options, plan.describe);
  object["sure_score"] = findings.sure_score;
  object["seizure"] = report::seizure_value(plan.seizure);
  object["counts"] = counts_value(summary, findings);
  std::string text = report::serialise(object, 2);
  text.erase(text.rfind('\n'));  // the closing brace
  report::AtomicFile file(directory / kManifestName);
  file.write(text + ",\n  \"results\": [");
  const char* separator = "\n    ";
  for (const std::filesystem::path& result : result_files(directory)) {
    file.write(separator + report::serialise({{"file", result.native()},
                                              {"sha256", hash_file(directory / result).hex()}}));
    separator = ",\n    ";
  }
  file.write("\n  ],\n  \"inputs\": [");
  separator = "\n    ";
  for_each_input(directory, [&](std::int64_t, const PhotoInput& photo, const IntakeRecord& record) {
    file.write(separator +
               report::serialise({{"file", photo.file.native()},
                                  {"sha256", report::hash_or_null(record.info.sha256)}}));
    separator = ",\n    ";
  });
  file.write("\n  ]\n}\n");
  file.commit();
}

void note_in_history(const std::filesystem::path& directory, const std::string& event,
                     std::string_view device, int threads) {
  Journal history(directory / kHistoryName);
  const Json record = {
      {"at", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
      {"event", event},
      {"build", build_description()},
      {"device", device},
      {"threads", threads}};
  history.append({&record, 1});
}

}  // namespace pressmark::seizure
