// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/update_index.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/pipeline/index_files.hpp"
#include "engine/pipeline/part_sink.hpp"

namespace pressmark::pipeline {
namespace {

using store::CoveredSegment;
using store::DescriptionLocation;

// Files of one tier differ in size by less than this factor, and so many of them are joined.
constexpr unsigned kTierBits = 3;
constexpr std::size_t kFilesOfTier = std::size_t{1} << kTierBits;
// A file is written again without removed images when they are more than this share.
constexpr double kMostRemoved = 0.2;

// A segment's images that are present.
struct UncoveredSegment {
  CoveredSegment segment;
  std::vector<DescriptionLocation> images;
};

class Updater {
 public:
  Updater(store::Store& store, const kernels::Backend& backend, const models::ModelData& model,
          IndexUpdate update, const RunControl& control)
      : store_(store),
        backend_(backend),
        model_(model),
        rebuilds_(update == IndexUpdate::kRebuild),
        control_(control),
        owner_(store.part_owner()),
        directory_(index_directory(store)) {}

  void run(std::set<std::uint64_t> distrusted) {
    store_.index_removed();
    if (rebuilds_) {
      for (const store::PartEntry& entry : store::read_part_list(directory_, owner_).parts) {
        distrusted.insert(entry.number);
      }
    }
    IndexFiles index = open_index(store_, model_, distrusted);
    list_ = index.list;
    list_.next_number = std::max(list_.next_number, store::highest_part_number(directory_) + 1);
    removed_ = std::move(index.removed);
    parts_ = std::move(index.parts);
    try {
      add_segments(find_uncovered(index));
      join_parts(true);
      stop_if_asked();
      publish();
    } catch (...) {
      store::remove_unnamed_parts(directory_, list_);
      throw;
    }
    store::remove_unnamed_parts(directory_, list_);
  }

  bool is_published(std::uint64_t number) const {
    return std::ranges::find(list_.parts, number, &store::PartEntry::number) != list_.parts.end();
  }

 private:
  // Segments that no part covers, in order, with their images.
  static std::vector<UncoveredSegment> find_uncovered(const IndexFiles& index) {
    std::vector<UncoveredSegment> uncovered;
    std::map<std::int64_t, std::size_t> places;
    for (const CoveredSegment& segment : index.uncovered) {
      places[static_cast<std::int64_t>(segment.number)] = uncovered.size();
      uncovered.push_back({segment, {}});
    }
    for (const DescriptionLocation& image : index.tail) {
      uncovered[places.at(image.segment)].images.push_back(image);
    }
    // Without images there is nothing to index; more than a part can hold no option allows to
    // write, and they are found as those of the tail are.
    std::erase_if(uncovered, [](const UncoveredSegment& segment) {
      return segment.images.empty() || segment.images.size() > index::kMostPartRows;
    });
    return uncovered;
  }

  void add_segments(const std::vector<UncoveredSegment>& uncovered) {
    std::int64_t total = 0, done = 0;
    for (const UncoveredSegment& segment : uncovered) {
      total += static_cast<std::int64_t>(segment.images.size());
    }
    for (std::size_t first = 0; first < uncovered.size();) {
      std::vector<DescriptionLocation> images;
      std::vector<CoveredSegment> covered;
      while (first < uncovered.size() &&
             (images.empty() || images.size() + uncovered[first].images.size() <= kImagesAtOnce)) {
        const UncoveredSegment& segment = uncovered[first++];
        images.insert(images.end(), segment.images.begin(), segment.images.end());
        covered.push_back(segment.segment);
      }
      std::ranges::sort(images, {}, &DescriptionLocation::id);
      stop_if_asked();
      const std::uint64_t number = list_.next_number++;
      make_index_directory();
      store::PartWriter writer(file(number), number, owner_);
      open(number, write_images(store_, backend_, model_, images, writer, covered));
      join_parts(false);
      done += static_cast<std::int64_t>(images.size());
      if (control_.on_progress) control_.on_progress({done, total});
    }
  }

  // The parts to be joined next, as places in parts_; at_end: also those with many removed images.
  std::vector<std::size_t> choose(bool at_end) const {
    std::map<unsigned, std::vector<std::size_t>> tiers;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::size_t rows = parts_[i].rows();
      if (rows > index::kMostPartRows / 2) continue;  // full, as good as
      // What is built in one go need not pass through all tiers.
      const unsigned tier =
          rebuilds_ ? 0 : (static_cast<unsigned>(std::bit_width(rows)) - 1) / kTierBits;
      tiers[tier].push_back(i);
    }
    for (const auto& [tier, places] : tiers) {
      const bool is_due = rebuilds_ ? at_end || rows_of(places) >= index::kMostPartRows
                                    : places.size() >= kFilesOfTier;
      if (!is_due) continue;
      std::vector<std::size_t> chosen = fitting(places);
      if (chosen.size() > 1) return chosen;
    }
    if (!at_end) return {};
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (static_cast<double>(removed_of(parts_[i])) >
          kMostRemoved * static_cast<double>(parts_[i].rows())) {
        return {i};
      }
    }
    return {};
  }

  std::size_t rows_of(const std::vector<std::size_t>& places) const {
    std::size_t rows = 0;
    for (const std::size_t i : places) rows += parts_[i].rows();
    return rows;
  }

  // As many of them, in order, as one part can hold.
  std::vector<std::size_t> fitting(const std::vector<std::size_t>& places) const {
    std::vector<std::size_t> chosen;
    std::size_t rows = 0;
    for (const std::size_t i : places) {
      if (rows + parts_[i].rows() > index::kMostPartRows) continue;
      rows += parts_[i].rows();
      chosen.push_back(i);
    }
    return chosen;
  }

  std::size_t removed_of(const IndexedPart& part) const {
    const auto rows = part.part->rows();
    const auto first = std::ranges::lower_bound(removed_, rows.front().id);
    const auto last = std::ranges::upper_bound(removed_, rows.back().id);
    std::size_t found = 0;
    for (auto id = first; id != last; ++id) {
      found += std::ranges::binary_search(rows, *id, {}, &index::PartRow::id);
    }
    return found;
  }

  void join_parts(bool at_end) {
    for (auto chosen = choose(at_end); !chosen.empty(); chosen = choose(at_end)) {
      stop_if_asked();
      std::vector<const candidates::Part*> parts;
      std::vector<CoveredSegment> covered;
      std::size_t rows = 0;
      for (const std::size_t i : chosen) {
        parts.push_back(parts_[i].part.get());
        const auto segments = parts_[i].file->segments();
        covered.insert(covered.end(), segments.begin(), segments.end());
        rows += parts_[i].rows() - removed_of(parts_[i]);
      }
      std::ranges::sort(covered);
      std::optional<IndexedPart> joined;
      if (rows > 0) joined = write_joined(parts, covered);
      drop(chosen);
      if (joined) parts_.push_back(std::move(*joined));
    }
  }

  IndexedPart write_joined(std::span<const candidates::Part* const> parts,
                           std::span<const CoveredSegment> covered) {
    const std::uint64_t number = list_.next_number++;
    store::PartWriter writer(file(number), number, owner_);
    PartSink sink(writer, control_.stop);
    const std::size_t rows = candidates::write_part(
        parts, model_, [&](ImageId id) { return !std::ranges::binary_search(removed_, id); }, sink);
    const std::uint64_t checksum = writer.finish(static_cast<std::uint32_t>(rows), covered);
    return open_part(file(number), number, checksum, owner_, model_);
  }

  // Forgets parts; files that were never published go at once, because many may follow.
  void drop(const std::vector<std::size_t>& places) {
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      const std::uint64_t number = parts_[*place].number();
      if (!is_published(number)) {
        std::error_code ignored;
        std::filesystem::remove(file(number), ignored);
      }
      parts_.erase(parts_.begin() + static_cast<std::ptrdiff_t>(*place));
    }
  }

  void publish() {
    store::PartList fresh;
    fresh.next_number = list_.next_number;
    for (const IndexedPart& part : parts_) {
      fresh.parts.push_back({part.number(), part.header_checksum});
    }
    if (fresh.parts == list_.parts && list_.problem.empty()) return;
    store::write_part_list(directory_, fresh, owner_);
    list_ = std::move(fresh);
  }

  void open(std::uint64_t number, std::uint64_t header_checksum) {
    parts_.push_back(open_part(file(number), number, header_checksum, owner_, model_));
  }

  void make_index_directory() const {
    std::error_code error;
    if (std::filesystem::is_directory(directory_, error)) return;
    store::make_directory(directory_);
    store::sync_directory(directory_.parent_path());
  }

  void stop_if_asked() const {
    if (control_.stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "interrupted");
  }

  std::filesystem::path file(std::uint64_t number) const {
    return directory_ / store::part_file_name(number);
  }

  store::Store& store_;
  const kernels::Backend& backend_;
  const models::ModelData& model_;
  bool rebuilds_;
  const RunControl& control_;
  store::PartOwner owner_;
  std::filesystem::path directory_;
  store::PartList list_;  // as published
  std::vector<IndexedPart> parts_;
  std::vector<ImageId> removed_;
};

}  // namespace

void update_index(store::Store& store, const kernels::Backend& backend,
                  const models::ModelData& model, IndexUpdate update, const RunControl& control,
                  const std::set<std::uint64_t>& distrusted) {
  std::set<std::uint64_t> damaged = distrusted;
  while (true) {
    Updater updater(store, backend, model, update, control);
    try {
      updater.run(damaged);
      return;
    } catch (const index::DamagedPart& damage) {
      // Found out while it was joined with others: it is made anew, too.
      if (!updater.is_published(damage.part()) || !damaged.insert(damage.part()).second) throw;
    }
  }
}

}  // namespace pressmark::pipeline
