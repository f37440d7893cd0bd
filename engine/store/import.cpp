// SPDX-License-Identifier: Apache-2.0
//
// Bringing images, seizures and decisions of another catalogue in. Batches of images are one
// segment and one transaction each; everything else is idempotent by itself, so that an import that
// was interrupted anywhere is completed by repeating it.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "engine/store/database.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/store_impl.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

constexpr std::size_t kDecisionsAtOnce = 1000;

// Reports conflicts and counts them.
class Conflicts {
 public:
  Conflicts(const std::function<void(const FactConflict&)>& report, std::int64_t& count)
      : report_(report), count_(count) {}

  void add(FactConflict conflict) {
    ++count_;
    if (report_) report_(conflict);
  }

 private:
  const std::function<void(const FactConflict&)>& report_;
  std::int64_t& count_;
};

void require_same_settings(const Store& into, const Store& from) {
  const CatalogueSettings &mine = into.settings(), &other = from.settings();
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} cannot be brought into {}: {}", from.directory().native(),
                            into.directory().native(), what));
  };
  if (other.model_id != mine.model_id || other.global_size != mine.global_size) {
    refuse(fmt::format("its descriptions were made by model {}, not {}", other.model_id,
                       mine.model_id));
  }
  if (!(other.describe == mine.describe)) {
    refuse(fmt::format("its photos were described at {} px with {} keypoints, not at {} px with {}",
                       other.describe.long_side_px, other.describe.max_keypoints,
                       mine.describe.long_side_px, mine.describe.max_keypoints));
  }
}

// Hashes of images that were removed and are not present under another id; ascending.
std::vector<Sha256> removed_hashes(SQLite::Database& database) {
  SQLite::Statement query(database,
                          "SELECT DISTINCT sha256 FROM images r WHERE removed_at IS NOT NULL "
                          "AND NOT EXISTS(SELECT 1 FROM images p WHERE p.sha256 = r.sha256 "
                          "AND p.removed_at IS NULL) ORDER BY sha256");
  std::vector<Sha256> hashes;
  while (query.executeStep()) {
    hashes.push_back(hash_from_row(query, 0).value_or(Sha256{}));
  }
  return hashes;
}

// Brings a seizure in; each field by the rules of put_seizure, but where it contradicts the stored
// one this stays.
void merge_seizure(Store& store, const Seizure& other, Conflicts& conflicts) {
  const Seizure stored = store.find_seizure(other.name).value_or(Seizure{other.name, {}, {}, {}});
  const auto merged = [&](const char* field, const std::string& mine, const std::string& theirs) {
    try {
      return merged_fact(other.name, field, mine, theirs);
    } catch (const Error&) {
      conflicts.add({fmt::format("seizure '{}'", other.name), field, mine, theirs});
      return mine;
    }
  };
  store.put_seizure({other.name, merged("place", stored.place, other.place),
                     merged("date", stored.date, other.date),
                     merged("agency", stored.agency, other.agency)});
}

std::string region_text(const std::optional<RegionOfInterest>& region) {
  if (!region) return {};
  return fmt::format("{} {} {} {}", region->x, region->y, region->width, region->height);
}

// What a duplicate teaches; nothing where all it says is known or contradicts.
std::optional<FactsUpdate> lesson(const CatalogueImage& mine, const ImageFacts& theirs,
                                  Conflicts& conflicts) {
  const ImageFacts& facts = mine.facts;
  const auto conflict = [&](const char* field, std::string kept, std::string other) {
    conflicts.add({fmt::format("image {} ({})", mine.id, mine.info.sha256.hex()), field,
                   std::move(kept), std::move(other)});
  };
  FactsUpdate update;
  bool learned = false;
  // A package is known only within its seizure.
  bool same_seizure = theirs.seizure == facts.seizure;
  if (facts.seizure.empty() && !theirs.seizure.empty()) {
    update.seizure = theirs.seizure;
    same_seizure = learned = true;
  } else if (!theirs.seizure.empty() && !same_seizure) {
    conflict("seizure", facts.seizure, theirs.seizure);
  }
  if (same_seizure && !theirs.package.empty() && theirs.package != facts.package) {
    if (facts.package.empty()) {
      update.package = theirs.package;
      learned = true;
    } else {
      conflict("package", facts.package, theirs.package);
    }
  }
  if (theirs.kind != facts.kind) {
    conflict("kind", std::string(to_string(facts.kind)), std::string(to_string(theirs.kind)));
  }
  if (theirs.scale_mm_per_px && theirs.scale_mm_per_px != facts.scale_mm_per_px) {
    if (facts.scale_mm_per_px) {
      conflict("scale_mm_per_px", fmt::to_string(*facts.scale_mm_per_px),
               fmt::to_string(*theirs.scale_mm_per_px));
    } else {
      update.scale_mm_per_px = theirs.scale_mm_per_px;
      learned = true;
    }
  }
  // The description was made of the region, so that it cannot be completed.
  if (theirs.region != facts.region) {
    conflict("region", region_text(facts.region), region_text(theirs.region));
  }
  if (theirs.metadata_json != "{}" && theirs.metadata_json != facts.metadata_json) {
    if (facts.metadata_json == "{}") {
      update.metadata_json = theirs.metadata_json;
      learned = true;
    } else {
      conflict("metadata", facts.metadata_json, theirs.metadata_json);
    }
  }
  return learned ? std::optional(update) : std::nullopt;
}

std::string text_of(const Decision& decision) {
  return fmt::format("{} {} by {} at {}: {}", decision.first.hex().substr(0, 12),
                     to_string(decision.verdict), decision.who, decision.decided_at, decision.note);
}

// New images on their way into one segment.
struct Batch {
  std::vector<CatalogueImage> images;
  std::vector<SegmentCopy> copies;
  std::set<Sha256> hashes;
};

}  // namespace

ImportReport Store::import_from(const Store& from, std::span<const ImageId> ids, bool whole,
                                const ImportOptions& options, const RunControl& control,
                                const std::function<void(const FactConflict&)>& on_conflict) {
  impl_->require_writer();
  options.validate();
  require_same_settings(*this, from);
  Impl& impl = *impl_;
  ImportReport report;
  Conflicts conflicts(on_conflict, report.conflicts);
  const std::vector<Sha256> removed = options.restore_removed
                                          ? std::vector<Sha256>{}
                                          : with_database_errors(impl.database_file, [&] {
                                              return removed_hashes(*impl.database);
                                            });

  std::set<std::string, std::less<>> merged;
  const auto bring_seizure = [&](const std::string& name) {
    if (name.empty() || !merged.insert(name).second) return;
    if (const auto seizure = from.find_seizure(name)) merge_seizure(*this, *seizure, conflicts);
  };
  Batch batch;
  const auto flush = [&] {
    if (batch.images.empty()) return;
    const std::int64_t number = impl.next_segment;
    const SegmentFacts facts =
        copy_segment(impl.segment_file(number), number, impl.settings, batch.copies);
    impl.commit_segment(facts, [&](const std::string&) {
      SeizureIds seizures;
      for (const CatalogueImage& image : batch.images) {
        add_seizure_id(*impl.database, image.file.native(), image.facts.seizure, seizures);
      }
      insert_images(*impl.database, batch.images, seizures, number);
    });
    report.added += static_cast<std::int64_t>(batch.images.size());
    batch = {};
  };
  const auto bring_image = [&](ImageId id) {
    std::optional<CatalogueImage> theirs = from.find(id);
    if (!theirs) return;  // removed meanwhile
    const Sha256& hash = theirs->info.sha256;
    if (const auto present = find_hash(hash)) {
      ++report.duplicates;
      bring_seizure(theirs->facts.seizure);
      const auto mine = find(*present);
      const auto update = mine ? lesson(*mine, theirs->facts, conflicts) : std::nullopt;
      if (update) report.completed += update_images({&*present, 1}, *update);
      return;
    }
    if (std::ranges::binary_search(removed, hash)) {
      ++report.kept_out;
      return;
    }
    if (!batch.hashes.insert(hash).second) return;
    const auto copy = from.impl_->find_description(id);
    if (!copy) return;
    if (copy->segment->sha256(copy->slot) != hash) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("{} is damaged: image {} has the description of another photo",
                              from.directory().native(), id));
    }
    bring_seizure(theirs->facts.seizure);
    batch.images.push_back(std::move(*theirs));
    batch.copies.push_back(*copy);
  };

  std::int64_t done = 0;
  for (const ImageId id : ids) {
    if (control.stop.stop_requested()) {
      report.interrupted = true;
      break;
    }
    bring_image(id);
    if (batch.images.size() >= static_cast<std::size_t>(options.images_per_segment)) flush();
    if (control.on_progress) control.on_progress({++done, static_cast<std::int64_t>(ids.size())});
  }
  flush();
  if (report.interrupted) return report;
  if (whole) {
    for (const SeizureInfo& info : from.list_seizures()) bring_seizure(info.seizure.name);
  }
  std::vector<Decision> decisions;
  const auto bring_decisions = [&] {
    report.decisions +=
        merge_decisions(decisions, [&](const Decision& mine, const Decision& other) {
          conflicts.add({fmt::format("decision {}", mine.decision_id), "decision", text_of(mine),
                         text_of(other)});
        });
    decisions.clear();
  };
  from.list_decisions({}, [&](const Decision& decision) {
    if (whole || find_hash(decision.first) || find_hash(decision.second)) {
      decisions.push_back(decision);
    }
    if (decisions.size() == kDecisionsAtOnce) bring_decisions();
    return true;
  });
  bring_decisions();
  return report;
}

}  // namespace pressmark::store
