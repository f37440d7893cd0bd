// SPDX-License-Identifier: Apache-2.0
//
// The steps of a run, each of which finds out by itself what is still to be done.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <system_error>

#include "engine/seizure/answers.hpp"
#include "engine/seizure/findings.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/output.hpp"
#include "engine/seizure/plan.hpp"
#include "engine/seizure/report_pages.hpp"
#include "engine/seizure/results.hpp"
#include "engine/seizure/run_manifest.hpp"
#include "pressmark/error.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark {
namespace {

using namespace seizure;

// Made when the run is continued for the first time, by the catalogue's own model and options.
Catalogue open_photos(const std::filesystem::path& directory, const Catalogue& catalogue,
                      std::string_view device) {
  const std::filesystem::path place = directory / kPhotosName;
  std::error_code ignored;
  if (!std::filesystem::exists(place / "catalogue.sqlite", ignored)) {
    Catalogue::create(place, catalogue.model(), catalogue.describe_options());
  }
  return Catalogue::open(place, Catalogue::Access::kWrite, device);
}

void require_same_state(const Plan& plan, const Catalogue& catalogue) {
  if (plan.build != build_description()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("the run was begun by {}; this is {}, whose results may differ",
                            plan.build, build_description()));
  }
  const CatalogueState now = state_of(catalogue, plan.options.match.filter);
  if (now == plan.state && catalogue.model().id() == plan.model_id) return;
  if (now.images == plan.state.images && now.removed == plan.state.removed &&
      now.segments == plan.state.segments && catalogue.model().id() == plan.model_id) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} has changed since the run was begun: the conditions select other "
                            "images (then {}, now {}); begin a new run",
                            plan.catalogue.native(), plan.state.searched, now.searched));
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} has changed since the run was begun (then {} images and {} removed, "
                          "now {} and {}): what is found from now on would not fit what was found "
                          "before; begin a new run",
                          plan.catalogue.native(), plan.state.images, plan.state.removed,
                          now.images, now.removed));
}

std::vector<ImageId> usable_photos(const std::filesystem::path& directory, const Plan& plan) {
  std::vector<ImageId> usable;
  IntakeReader intake(directory);
  while (const std::optional<IntakeRecord> record = intake.next()) {
    if (record->is_usable(plan.options.match.quality_gate)) usable.push_back(record->id);
  }
  return usable;
}

// Half-written files of a process that was killed.
void remove_leavings(const std::filesystem::path& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    std::error_code ignored;
    if (name.starts_with(".pressmark-") && name.ends_with(".tmp")) {
      std::filesystem::remove(entry->path(), ignored);
    }
  }
}

class Run {
 public:
  Run(const std::filesystem::path& directory, const SeizureControl& control,
      std::string_view device)
      : directory_(directory),
        control_(control),
        plan_(read_plan(directory)),
        catalogue_(Catalogue::open(plan_.catalogue, Catalogue::Access::kRead, device)) {
    require_same_state(plan_, catalogue_);
    photos_.emplace(open_photos(directory, catalogue_, device));
    // From here on this process alone works on the run: it holds the working catalogue's lock.
    note("began", device);
  }

  SeizureSummary work() {
    SeizureSummary summary;
    if (!describe() || !compare()) {
      summary.interrupted = true;
      note("stopped", catalogue_.device());
      return summary;
    }
    begin_step(SeizureStep::kReport);
    summary = write_results();
    note(summary.interrupted ? "stopped" : "finished", catalogue_.device());
    return summary;
  }

 private:
  void note(const std::string& event, std::string_view device) const {
    note_in_history(directory_, event, device, control_.run.threads);
  }

  void begin_step(SeizureStep step) const {
    if (control_.on_step) control_.on_step(step);
  }

  bool describe() {
    Journal journal(directory_ / kIntakeName);
    if (journal.size() == plan_.inputs) return true;
    begin_step(SeizureStep::kDescribe);
    return take_in(directory_, plan_, *photos_, journal, control_.run);
  }

  bool compare() {
    const std::vector<ImageId> usable = usable_photos(directory_, plan_);
    Journal journal(directory_ / kAnswersName);
    if (journal.size() == static_cast<std::int64_t>(usable.size())) return true;
    begin_step(SeizureStep::kCompare);
    return compare_all(catalogue_, *photos_, usable, plan_.options, journal, control_.run);
  }

  SeizureSummary write_results() {
    std::error_code ignored;
    if (std::filesystem::remove(directory_ / kManifestName, ignored)) sync_directory(directory_);
    remove_leavings(directory_);
    const Findings findings = find_marks(directory_, plan_, catalogue_);
    const std::vector<LinkedSeizure> linked = linked_seizures(findings, catalogue_);
    SeizureSummary summary;
    summary.inputs = findings.inputs;
    summary.photos = static_cast<std::int64_t>(findings.photos.size()) + findings.unusable;
    summary.duplicates = findings.duplicates;
    summary.failed = findings.failed;
    summary.unusable = findings.unusable;
    summary.marks = static_cast<std::int64_t>(findings.marks.size());
    for (const Mark& mark : findings.marks) summary.linked_marks += mark.is_linked();
    for (const LinkedSeizure& other : linked) summary.linked_seizures += other.image == 0;

    write_photo_table(directory_, plan_, findings);
    write_mark_table(directory_, findings, *photos_, catalogue_);
    write_links(directory_, findings, *photos_, catalogue_);
    write_graph(directory_, plan_, findings, linked);
    write_map(directory_, plan_, own_position(directory_), linked);
    // Looked at anew: this object answers from the snapshot that it took at the beginning.
    const Catalogue now = Catalogue::open(plan_.catalogue, Catalogue::Access::kRead);
    summary.catalogue_changed = !(state_of(now, plan_.options.match.filter) == plan_.state);
    const ReportSources sources{directory_, plan_, findings, linked, *photos_, catalogue_};
    summary.interrupted = !write_report(sources, summary, control_.run);
    if (summary.interrupted) return summary;
    sync_file_system(directory_);  // whoever finds the manifest finds all that it names
    write_run_manifest(directory_, plan_, findings, summary);
    return summary;
  }

  std::filesystem::path directory_;
  const SeizureControl& control_;
  Plan plan_;
  Catalogue catalogue_;
  std::optional<Catalogue> photos_;
};

}  // namespace

std::string_view to_string(SeizureStep step) {
  switch (step) {
    case SeizureStep::kDescribe:
      return "describe";
    case SeizureStep::kCompare:
      return "compare";
    case SeizureStep::kReport:
      break;
  }
  return "report";
}

void SeizureOptions::validate() const {
  match.validate();
  decode.validate();
  if (!(false_links > 0 && false_links <= 1000)) {
    throw Error(ErrorCode::kInvalidArgument, "false_links must be above 0 and at most 1000");
  }
  if (!(linked_share >= 0 && linked_share <= 1)) {
    throw Error(ErrorCode::kInvalidArgument, "linked_share must be from 0 to 1");
  }
}

void begin_seizure(const std::filesystem::path& directory, const std::filesystem::path& catalogue,
                   const PhotoList& photos, const Seizure& seizure, const SeizureOptions& options,
                   const std::vector<std::string>& command) {
  options.validate();
  const Catalogue known = Catalogue::open(catalogue, Catalogue::Access::kRead);
  const CatalogueInfo info = known.info();
  Plan plan;
  plan.build = build_description();
  plan.command = command;
  plan.catalogue = absolute_path(catalogue);
  plan.state = state_of(known, options.match.filter);
  plan.model_id = info.model_id;
  plan.model_name = info.model_name;
  plan.describe = info.describe;
  plan.options = options;
  plan.seizure = seizure;
  plan.declared = photos.seizures;
  plan.issues = photos.issues;
  // As the photos are named: a report is read anywhere.
  for (InputIssue& issue : plan.issues) issue.file = absolute_path(issue.file).native();
  write_plan(absolute_path(directory), std::move(plan), photos.photos);
}

SeizureSummary continue_seizure(const std::filesystem::path& directory,
                                const SeizureControl& control, std::string_view device) {
  return Run(absolute_path(directory), control, device).work();
}

}  // namespace pressmark
