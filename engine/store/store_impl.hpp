// SPDX-License-Identifier: Apache-2.0
//
// What an open Store holds.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "engine/store/segment_cache.hpp"
#include "engine/store/store.hpp"
#include "engine/store/writer_lock.hpp"

namespace pressmark::store {

struct Store::Impl {
  Impl(const std::filesystem::path& where, Catalogue::Access access);

  // Throws Error(kInvalidArgument) where the store was opened for reading.
  void require_writer() const;

  // Throws Error(kUnsupported) where the catalogue's format has no place for decisions.
  void require_decisions() const;

  // May be called from any thread: by the cache, one at a time.
  std::shared_ptr<const Segment> open_segment(std::int64_t number) const;

  // What a crash left: files in segments/ that no committed transaction names.
  void remove_orphans() const;

  std::filesystem::path directory, database_file, segments_directory;
  std::optional<WriterLock> lock;  // before the database: let go of after it is closed
  std::unique_ptr<SQLite::Database> database;
  int format_version = 0;
  CatalogueSettings settings;
  mutable SegmentCache cache;
  std::int64_t next_segment = 0;  // where writable
};

}  // namespace pressmark::store
