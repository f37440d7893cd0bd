// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::add: read and hash (parallel) - known already? (in order) - describe (parallel) -
// collect, commit, report (in order).
#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"

namespace pressmark {
namespace {

using pipeline::Describer;
using pipeline::LoadedFile;

struct AddItem {
  const PhotoInput* input = nullptr;
  LoadedFile loaded;
  DescribedPhoto photo;
  bool duplicate = false;  // same bytes are in the catalogue or came earlier in this call
};

// Photos that travel together, so that the backend gets as many at once as it is best with.
using AddGroup = std::vector<AddItem>;

// Which seizures photos may name, settled before any photo is read.
class SeizureGate {
 public:
  SeizureGate(store::Store& store, bool create) : store_(store), create_(create) {}

  // A declaration that contradicts the catalogue makes the seizure unusable for this call.
  void declare(const Seizure& seizure) {
    try {
      store_.put_seizure(seizure);
      known_.insert(seizure.name);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kInvalidArgument) throw;
      refused_[seizure.name] = error.what();
    }
  }

  struct Refusal {
    ErrorCode code;
    std::string reason;
  };

  // Why photos of this seizure may not be added, or nothing if they may.
  std::optional<Refusal> refusal(const std::string& name) {
    if (name.empty() || known_.contains(name)) return {};
    if (const auto refused = refused_.find(name); refused != refused_.end()) {
      return Refusal{ErrorCode::kInvalidArgument, refused->second};
    }
    if (create_) {
      declare({name, {}, {}, {}});
      return refusal(name);
    }
    if (store_.find_seizure(name)) {
      known_.insert(name);
      return {};
    }
    return Refusal{ErrorCode::kNotFound,
                   fmt::format("unknown seizure '{}': declare it with place, date or agency, or "
                               "allow new seizures",
                               name)};
  }

 private:
  store::Store& store_;
  bool create_;
  std::set<std::string> known_;
  std::map<std::string, std::string> refused_;
};

// Images that are stored before index files follow.
constexpr std::size_t kImagesPerIndexUpdate = 4096;

// Holds described photos until a segment is full; reports what is safely stored.
class Committer {
 public:
  // update_index: called when so many images were stored that index files should follow.
  Committer(store::Store& store, int images_per_segment, std::function<void()> update_index,
            const std::function<void(const AddReport&)>& on_report, AddSummary& summary)
      : store_(store),
        update_index_(std::move(update_index)),
        images_per_segment_(static_cast<std::size_t>(images_per_segment)),
        on_report_(on_report),
        summary_(summary) {}

  void take(AddItem& item) {
    AddReport report;
    report.file = item.input->file;
    report.info = item.photo.info;
    if (item.duplicate) {
      report.status = AddStatus::kDuplicate;  // of which image is known after the commit
    } else if (!item.photo.ok) {
      report.code = item.photo.code;
      report.reason = item.photo.reason;
    } else {
      report.status = AddStatus::kAdded;
      report.keypoints = item.photo.description.keypoint_count();
      report.quality = quality_problem(item.photo.description);
      std::error_code ignored;
      std::filesystem::path absolute = std::filesystem::absolute(item.input->file, ignored);
      images_.push_back({absolute.lexically_normal(), item.photo.info, item.input->facts,
                         std::move(item.photo.description)});
    }
    reports_.push_back(std::move(report));
    if (images_.size() >= images_per_segment_ || images_.empty()) flush();
  }

  // Commits what is pending, then reports in input order.
  void flush() {
    const std::vector<ImageId> ids =
        images_.empty() ? std::vector<ImageId>{} : store_.commit(images_);
    std::size_t next = 0;
    for (AddReport& report : reports_) {
      switch (report.status) {
        case AddStatus::kAdded:
          report.id = ids[next++];
          ++summary_.added;
          break;
        case AddStatus::kDuplicate:
          finish_duplicate(report);
          break;
        case AddStatus::kFailed:
          ++summary_.failed;
          break;
      }
      if (on_report_) on_report_(report);
    }
    unindexed_ += images_.size();
    images_.clear();
    reports_.clear();
    if (unindexed_ < kImagesPerIndexUpdate) return;
    update_index_();
    unindexed_ = 0;
  }

 private:
  void finish_duplicate(AddReport& report) {
    const std::optional<ImageId> present = store_.find_hash(report.info.sha256);
    if (!present) {
      // Its twin earlier in this call could not be described, so neither can this one.
      report.status = AddStatus::kFailed;
      report.code = ErrorCode::kCorruptData;
      report.reason = "same bytes as an earlier file that failed";
      ++summary_.failed;
      return;
    }
    report.id = *present;
    const std::optional<CatalogueImage> twin = store_.find(*present);
    report.reason = fmt::format("already in the catalogue as image {}", *present);
    if (twin) report.info = twin->info;
    ++summary_.duplicates;
  }

  store::Store& store_;
  std::function<void()> update_index_;
  std::size_t images_per_segment_, unindexed_ = 0;
  const std::function<void(const AddReport&)>& on_report_;
  AddSummary& summary_;
  std::vector<store::NewImage> images_;
  std::vector<AddReport> reports_;
};

}  // namespace

AddSummary Catalogue::add(std::span<const PhotoInput> photos, std::span<const Seizure> seizures,
                          const AddOptions& options, const RunControl& control,
                          const std::function<void(const AddReport&)>& on_report) {
  options.validate();
  store::Store& store = impl_->store;
  SeizureGate gate(store, options.create_seizures);
  for (const Seizure& seizure : seizures) gate.declare(seizure);

  const DescribeOptions& settings = store.settings().describe;
  const Describer describer{impl_->describer(impl_->adding, settings), settings, options.decode};
  AddSummary summary;
  // What was stored is indexed even where the run is interrupted: it takes little time.
  const auto update_index = [&] { impl_->update_index(pipeline::IndexUpdate::kExtend, {}); };
  Committer committer(store, options.images_per_segment, update_index, on_report, summary);
  std::set<Sha256> under_way;  // hashes seen in this call that are not stored yet
  std::size_t next = 0;
  std::int64_t done = 0;

  const std::size_t group_size =
      std::min(impl_->backend->images_at_once(), pipeline::kPhotosAtOnce);
  const auto source = [&]() -> parallel::Token<AddGroup> {
    if (next == photos.size()) return nullptr;
    if (control.stop.stop_requested()) {
      summary.interrupted = true;
      return nullptr;
    }
    auto group = std::make_unique<AddGroup>();
    while (group->size() < group_size && next < photos.size()) {
      group->emplace_back();
      group->back().input = &photos[next++];
    }
    return group;
  };
  const auto load = [&](AddGroup& group) {
    for (AddItem& item : group) {
      item.loaded = pipeline::load_file(item.input->file, options.decode);
    }
  };
  // Runs in input order, but is not alone with the catalogue: the committer, later in the chain,
  // uses the store at the same time; the mutex keeps them apart.
  std::mutex store_mutex;
  const auto recognise = [&](AddGroup& group) {
    const std::lock_guard lock(store_mutex);
    for (AddItem& item : group) {
      if (item.loaded.failed) continue;
      const Sha256& sha256 = item.loaded.photo.info.sha256;
      if (under_way.contains(sha256) || store.find_hash(sha256)) {
        item.duplicate = true;
        continue;
      }
      if (const auto refusal = gate.refusal(item.input->facts.seizure)) {
        item.loaded.failed = true;
        item.loaded.photo.code = refusal->code;
        item.loaded.photo.reason = refusal->reason;
        continue;
      }
      under_way.insert(sha256);
    }
  };
  const auto describe = [&](AddGroup& group) {
    std::vector<pipeline::PhotoToDescribe> fresh;
    std::vector<AddItem*> items;
    for (AddItem& item : group) {
      if (item.duplicate) {
        item.photo = std::move(item.loaded.photo);
        item.loaded.bytes = image::Bytes();  // which frees them; {} would not
      } else {
        fresh.push_back({std::move(item.loaded), item.input->facts.region});
        items.push_back(&item);
      }
    }
    std::vector<DescribedPhoto> described = pipeline::describe_loaded(describer, std::move(fresh));
    for (std::size_t i = 0; i < items.size(); ++i) items[i]->photo = std::move(described[i]);
  };
  const auto collect = [&](AddGroup& group) {
    const std::lock_guard lock(store_mutex);
    for (AddItem& item : group) {
      committer.take(item);
      ++done;
      if (control.on_progress) {
        control.on_progress({done, static_cast<std::int64_t>(photos.size())});
      }
    }
  };

  try {
    parallel::run_pipeline<AddGroup>(control, source, parallel::parallel_stage(load),
                                     parallel::ordered_stage(recognise),
                                     parallel::parallel_stage(describe), collect);
    committer.flush();
    // Also where nothing was added: what an earlier call stored that ended before it came to this
    // has no index yet.
    update_index();
    // Pages, read one by one, lie scattered among what is freed, which the system then cannot have.
    store.release_memory();
  } catch (...) {
    // What was stored before is part of the next answer.
    impl_->forget_snapshot();
    throw;
  }
  return summary;
}

}  // namespace pressmark
