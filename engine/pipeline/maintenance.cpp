// SPDX-License-Identifier: Apache-2.0
#include "pressmark/maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <system_error>

#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/index_files.hpp"
#include "engine/store/check.hpp"
#include "engine/store/names.hpp"
#include "kernels/backends.hpp"
#include "pressmark/error.hpp"

namespace pressmark {
namespace {

namespace fs = std::filesystem;

// The model's files against their own checksums, and against what made the descriptions; then the
// index files, which are made with the model.
void check_derived(const fs::path& directory,
                   const std::function<void(ProblemKind, const char*, std::string)>& report) {
  const store::Store store(directory, Catalogue::Access::kRead);
  std::optional<Model> model;
  try {
    model = Model::load(directory / store::kModelName);
  } catch (const Error& error) {
    report(ProblemKind::kModel, store::kModelName, error.what());
    return;
  }
  if (model->id() != store.settings().model_id) {
    report(ProblemKind::kModel, store::kModelName,
           fmt::format("it is model {}, and the descriptions were made by {}", model->id(),
                       store.settings().model_id));
    return;
  }
  for (std::string& problem : pipeline::check_index(store, model->data())) {
    report(ProblemKind::kIndex, store::kIndexName, std::move(problem));
  }
}

// "segments/00000012.pmseg": 12.
std::int64_t segment_number(const fs::path& file) {
  const std::string stem = file.stem().native();
  std::int64_t number = 0;
  std::from_chars(stem.data(), stem.data() + stem.size(), number);
  return number;
}

// What a check says, as far as repairing needs it.
struct Findings {
  CheckReport report;
  std::set<ImageId> damaged;           // present
  std::set<std::int64_t> with_damage;  // segments
  std::int64_t leavings = 0, database = 0, index = 0;

  void take(const CatalogueProblem& problem) {
    if (problem.kind == ProblemKind::kLeaving) ++leavings;
    if (problem.kind == ProblemKind::kDatabase) ++database;
    if (problem.kind == ProblemKind::kIndex) ++index;
    if (problem.kind == ProblemKind::kSegment || problem.kind == ProblemKind::kDescription) {
      with_damage.insert(segment_number(problem.file));
    }
    if (problem.kind == ProblemKind::kDescription && problem.image != 0 && !problem.removed) {
      damaged.insert(problem.image);
    }
  }
};

[[noreturn]] void throw_beyond_repair(const fs::path& directory, std::string_view why) {
  throw Error(ErrorCode::kCorruptData,
              fmt::format("{} cannot be repaired ({}): restore the catalogue from a copy or an "
                          "export",
                          (directory / store::kDatabaseName).native(), why));
}

Findings find_problems(const fs::path& directory, const RunControl& control,
                       const std::function<void(const CatalogueProblem&)>& on_problem) {
  Findings findings;
  findings.report = check_catalogue(directory, control, [&](const CatalogueProblem& problem) {
    findings.take(problem);
    if (on_problem) on_problem(problem);
  });
  if (!findings.report.database_usable && !findings.report.interrupted) {
    throw_beyond_repair(directory, "nothing else holds what it says");
  }
  return findings;
}

// Indexes that contradict their tables can be written anew; pages that cannot be read stop that.
void rebuild_indexes(const fs::path& directory) {
  try {
    store::rebuild_database_indexes(directory);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorruptData) throw;
    throw_beyond_repair(directory, error.what());
  }
}

void update_index_files(const fs::path& directory, pipeline::IndexUpdate update,
                        const RunControl& control) {
  store::Store store(directory, Catalogue::Access::kWrite);
  const Model model = Model::load(directory / store::kModelName);
  const auto backend = kernels::make_backend("cpu");
  pipeline::update_index(store, *backend, model.data(), update, control);
}

void drop_damaged(const fs::path& directory, const Findings& findings, RepairReport& report) {
  store::Store store(directory, Catalogue::Access::kWrite);
  std::vector<ImageId> ids;
  for (const ImageId id : findings.damaged) {
    if (const auto image = store.find(id)) {
      ids.push_back(id);
      report.dropped.push_back({id, image->file, image->info, image->facts});
    }
  }
  const std::int64_t removed = store.remove(ids);
  if (removed > 0) report.done.push_back(fmt::format("removed {} damaged images", removed));
  const std::vector<std::int64_t> segments(findings.with_damage.begin(),
                                           findings.with_damage.end());
  store.reclaim(segments);
  if (!segments.empty()) {
    report.done.push_back(
        fmt::format("wrote {} segments anew without what is damaged", segments.size()));
  }
}

}  // namespace

std::int64_t Catalogue::update(std::span<const ImageId> ids, const FactsUpdate& changes) {
  return impl_->store.update_images(ids, changes);
}

void Catalogue::update_seizure(std::string_view name, const SeizureUpdate& changes) {
  impl_->store.update_seizure(name, changes);
}

CompactReport Catalogue::compact(const CompactOptions& options, const RunControl& control) {
  impl_->forget_snapshot();
  const CompactReport report = impl_->store.compact(options, control);
  // Index files hold codes of images, too: those of segments that are gone go as well.
  impl_->update_index(pipeline::IndexUpdate::kExtend, {});
  return report;
}

ImportReport Catalogue::import(const fs::path& from, const ImportOptions& options,
                               const RunControl& control,
                               const std::function<void(const FactConflict&)>& on_conflict) {
  const store::Store other(from, Access::kRead);
  std::error_code error;
  if (fs::equivalent(other.directory(), impl_->store.directory(), error)) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} is the catalogue itself", from.native()));
  }
  std::vector<ImageId> ids;
  other.list_ids({}, [&](ImageId id) { ids.push_back(id); });
  impl_->forget_snapshot();
  const ImportReport report =
      impl_->store.import_from(other, ids, true, options, control, on_conflict);
  // What was brought in is indexed even where the import was interrupted: it takes little time. So
  // is what an import brought in that ended before it came to this, which finds all there.
  impl_->update_index(pipeline::IndexUpdate::kExtend, {});
  return report;
}

ImportReport Catalogue::export_to(const fs::path& directory, const ImageFilter& filter,
                                  const RunControl& control) const {
  std::vector<ImageId> ids;
  impl_->store.list_ids(filter, [&](ImageId id) { ids.push_back(id); });
  const bool whole = static_cast<std::int64_t>(ids.size()) == count_images({});
  return impl_->store.export_to(directory, ids, whole, control);
}

CheckReport check_catalogue(const fs::path& directory, const RunControl& control,
                            const std::function<void(const CatalogueProblem&)>& on_problem) {
  CheckReport report = store::check_store(directory, control, on_problem);
  if (!report.database_usable || report.interrupted) return report;
  check_derived(directory, [&](ProblemKind kind, const char* file, std::string what) {
    ++report.problems;
    if (on_problem) on_problem({kind, file, 0, false, std::move(what)});
  });
  return report;
}

RepairReport repair_catalogue(const fs::path& directory, const RepairOptions& options,
                              const RunControl& control,
                              const std::function<void(const CatalogueProblem&)>& on_problem) {
  RepairReport report;
  const Findings findings = find_problems(directory, control, on_problem);
  if (findings.report.interrupted) {
    report.interrupted = true;
    report.remaining = findings.report.problems;
    return report;
  }
  if (findings.database > 0) {
    rebuild_indexes(directory);
    report.done.emplace_back("rebuilt the indexes within the database");
  }
  {
    const store::Store writer(directory, Catalogue::Access::kWrite);  // removes leavings
    if (findings.leavings > 0) {
      report.done.push_back(fmt::format("removed {} leavings", findings.leavings));
    }
  }
  if (options.drop_damaged) drop_damaged(directory, findings, report);
  // Index files are made of all segments, so that none may be damaged.
  if (options.drop_damaged || findings.with_damage.empty()) {
    if (findings.index > 0) {
      update_index_files(directory, pipeline::IndexUpdate::kRebuild, control);
      report.done.emplace_back("rebuilt the index files");
    } else if (!findings.with_damage.empty()) {
      update_index_files(directory, pipeline::IndexUpdate::kExtend, control);
    }
  }
  if (report.done.empty()) {
    report.remaining = findings.report.problems;
    return report;
  }
  const CheckReport after = check_catalogue(directory, control, {});
  report.remaining = after.problems;
  report.interrupted = after.interrupted;
  return report;
}

}  // namespace pressmark
