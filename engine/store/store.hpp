// SPDX-License-Identifier: Apache-2.0
//
// The catalogue on disk (docs/format.md): `catalogue.sqlite` holds facts and names segments,
// `segments/*.pmseg` hold descriptions, `model/` the model, `writer.lock` the writer's lock. A
// commit is one transaction that names finished segment files. The only user of SQL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/part_file.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark::store {

// What new catalogues have, and the oldest that is still opened.
inline constexpr int kFormatVersion = 3;
inline constexpr int kOldestFormatVersion = 2;

// The first formats that keep examiners' decisions, and checksums of pages.
inline constexpr int kDecisionsFormatVersion = 3;
inline constexpr int kPageChecksumsFormatVersion = 3;

// Facts that are fixed when a catalogue is created.
struct CatalogueSettings {
  std::string model_id;
  int global_size = 0;
  DescribeOptions describe;
};

// One image to be committed.
struct NewImage {
  std::filesystem::path file;  // stored as bytes; absolute
  PhotoInfo info;
  ImageFacts facts;
  Description description;
};

// Where a committed image's description lies.
struct DescriptionLocation {
  ImageId id = 0;
  std::int64_t segment = 0;  // segment number
  int slot = 0;              // index within the segment
};

// What the index files of a catalogue have to agree with, at one moment.
struct IndexedState {
  std::vector<CoveredSegment> segments;     // all, by number
  std::vector<ImageId> removed;             // ascending; without those whose description is gone
  std::vector<DescriptionLocation> chosen;  // images of the segments that were chosen, by id
};
// Given all segments, returns the numbers of those whose images are to be listed.
using ChooseSegments =
    std::function<std::vector<std::uint64_t>(std::span<const CoveredSegment> segments)>;

class Store {
 public:
  // Creates the directory (and its parents) and an empty catalogue, in one step: a crash leaves
  // either nothing that could be taken for a catalogue or a whole one. The files of
  // `model_directory` are copied to model/. Throws Error: kInvalidArgument (exists and is not an
  // empty directory, impossible settings), kIo.
  static void create(const std::filesystem::path& directory, const CatalogueSettings& settings,
                     const std::filesystem::path& model_directory);

  // Errors as for Catalogue::open. Header, version, size, tables and settings are looked at before
  // anything is locked or written. A writer also removes what a crash left in segments/. A reader
  // without permission to write in the directory sees the catalogue as it is now and must be opened
  // again to see later changes.
  Store(const std::filesystem::path& directory, Catalogue::Access access);
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  const std::filesystem::path& directory() const;
  const CatalogueSettings& settings() const;

  // Counts and sizes; model_name and index stay empty. Packages count while an image of theirs is
  // present.
  CatalogueInfo info() const;

  // --- reading; a consistent snapshot per call ---
  std::optional<ImageId> find_hash(const Sha256& sha256) const;  // images not removed
  std::optional<CatalogueImage> find(ImageId id) const;          // none where removed
  // By ascending id. Throws Error(kInvalidArgument) unless 4 to 64 hexadecimal digits are given.
  std::vector<CatalogueImage> find_by_hash_prefix(std::string_view hex_prefix) const;
  // By ascending id. The callback may call other reading functions of this store. Throws
  // Error(kInvalidArgument) where the filter is not valid; so do the next two.
  void list_images(const ImageFilter& filter,
                   const std::function<bool(const CatalogueImage&)>& on_image) const;
  std::int64_t count_images(const ImageFilter& filter) const;
  // The ids of what list_images gives, ascending, without reading more of them than the filter asks
  // about.
  void list_ids(const ImageFilter& filter, const std::function<void(ImageId)>& on_id) const;
  std::vector<SeizureInfo> list_seizures() const;  // by name
  std::optional<Seizure> find_seizure(std::string_view name) const;

  // By moment, then decision_id; nothing where the catalogue's format keeps no decisions. The
  // callback may call other reading functions of this store.
  void list_decisions(const DecisionFilter& filter,
                      const std::function<bool(const Decision&)>& on_decision) const;
  // The verdict about two photos, in either order, that counts: the latest that is not a note.
  std::optional<Decision> find_verdict(const Sha256& a, const Sha256& b) const;

  // Locations of all images not removed, by ascending id.
  std::vector<DescriptionLocation> locations() const;
  // Nothing where the image is not there or removed. Safe from many threads at once.
  std::optional<DescriptionLocation> location(ImageId id) const;
  // As read_description, wherever it lies now: another process may move it meanwhile.
  std::optional<Description> read_image(ImageId id) const;

  // --- what index files are compared with ---
  PartOwner part_owner() const;
  IndexedState indexed_state(const ChooseSegments& choose) const;

  // Verifies the checksums of what it reads; safe from many threads at once. Follows an image that
  // compact() moved since its location was taken. Throws Error: kCorruptData naming the segment
  // file, kNotFound (the image was removed since, and its description reclaimed), kIo.
  Description read_description(const DescriptionLocation& location) const;
  // All global vectors of a segment: its image count x settings().global_size. Errors as above;
  // kNotFound where compact() replaced the segment: take locations() again.
  std::vector<float> read_globals(std::int64_t segment) const;

  // --- writing; Access::kWrite only ---
  // Adds or completes a seizure: an empty stored field and a less precise date give way. Throws
  // Error(kInvalidArgument) where a stated field contradicts the stored one, naming both.
  void put_seizure(const Seizure& seizure);

  // Writes one segment (file synced and renamed), then commits one transaction; packages are
  // created, seizures must exist. Returns the new ids, ascending, in input order. Throws Error:
  // kInvalidArgument (a photo twice or already present, a package without seizure, facts or
  // descriptions that cannot be stored), kNotFound (seizure), kIo. On any error nothing is visible
  // and no file remains (save one that the next writer removes, where the system could not say
  // whether the commit reached the disk).
  std::vector<ImageId> commit(std::span<const NewImage> images);

  // Gives back what is held of the database's pages; they are read again where they are needed.
  void release_memory() const;

  // As the functions of Catalogue of these names.
  std::int64_t update_images(std::span<const ImageId> ids, const FactsUpdate& changes);
  void update_seizure(std::string_view name, const SeizureUpdate& changes);
  CompactReport compact(const CompactOptions& options, const RunControl& control);

  // Brings in what `from` has of images with these ids, their seizures, and decisions that concern
  // one of them; with `whole`, all seizures and decisions. Otherwise as Catalogue::import.
  ImportReport import_from(const Store& from, std::span<const ImageId> ids, bool whole,
                           const ImportOptions& options, const RunControl& control,
                           const std::function<void(const FactConflict&)>& on_conflict);

  // A new catalogue of what import_from() would bring into an empty one. Errors as
  // Catalogue::export_to.
  ImportReport export_to(const std::filesystem::path& directory, std::span<const ImageId> ids,
                         bool whole, const RunControl& control) const;

  // Writes these segments anew without what was removed; numbers that do not exist are ignored.
  void reclaim(std::span<const std::int64_t> segments);

  // Tombstones; returns how many were present. One transaction.
  std::int64_t remove(std::span<const ImageId> ids);

  // Both throw Error: kInvalidArgument, kUnsupported (a format without decisions). The second takes
  // over decisions of another catalogue, in one transaction, and returns how many were not known.
  // A known decision_id with another contents is reported, and what is stored stays.
  Decision add_decision(const NewDecision& made);
  std::int64_t merge_decisions(
      std::span<const Decision> decisions,
      const std::function<void(const Decision& stored, const Decision& other)>& on_conflict = {});

  // Lets indexed_state() find removed images without looking at all others, from now on.
  void index_removed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::store
