// SPDX-License-Identifier: Apache-2.0
//
// What an open Store holds.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/store/kept_statement.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/segment_cache.hpp"
#include "engine/store/store.hpp"
#include "engine/store/writer_lock.hpp"

namespace pressmark::store {

// How many images of a segment are present, and how many were removed.
struct SegmentUse {
  std::int64_t number = 0, present = 0, removed = 0;
};
using SegmentBatch = std::vector<SegmentUse>;

struct Store::Impl {
  Impl(const std::filesystem::path& where, Catalogue::Access access);

  // Throws Error(kInvalidArgument) where the store was opened for reading.
  void require_writer() const;

  // Throws Error(kUnsupported) where the catalogue's format has no place for decisions.
  void require_decisions() const;

  // May be called from any thread: by the cache, one at a time.
  std::shared_ptr<const Segment> open_segment(std::int64_t number) const;
  // What the database says of it; nothing where it does not name it.
  std::optional<SegmentFacts> segment_facts(std::int64_t number) const;
  std::filesystem::path segment_file(std::int64_t number) const;

  // Where the description of an image that is present lies now.
  std::optional<DescriptionLocation> current_location(ImageId id) const;

  // Where a description lies, open; it is followed where another process moved it. Nothing where
  // the image was removed. Throws Error(kCorruptData).
  std::optional<SegmentCopy> open_description(DescriptionLocation where) const;
  // The same of an image that may not be present.
  std::optional<SegmentCopy> find_description(ImageId id) const;

  // One transaction that names the segment, whose file is complete, and writes rows. Where it fails
  // the file is removed, unless the system could not say whether the commit reached the disk.
  void commit_segment(const std::optional<SegmentFacts>& facts,
                      const std::function<void(const std::string& now)>& write_rows);

  // The steps of compact().
  void upgrade_format();
  // Each batch becomes one segment.
  void rewrite_segments(const std::vector<SegmentBatch>& batches, const RunControl& control,
                        CompactReport& report);
  void rewrite_database();

  // What a crash left: files in segments/ that no committed transaction names.
  void remove_orphans() const;

  std::filesystem::path directory, database_file, segments_directory;
  std::optional<WriterLock> lock;  // before the database: let go of after it is closed
  std::unique_ptr<SQLite::Database> database;
  mutable KeptStatement image_by_id{select_images() + "AND i.id = ?"};
  mutable KeptStatement location_by_id{
      "SELECT segment, slot FROM images WHERE id = ? AND removed_at IS NULL"};
  int format_version = 0;
  CatalogueSettings settings;
  mutable SegmentCache cache;
  std::int64_t next_segment = 0;  // where writable
};

}  // namespace pressmark::store
