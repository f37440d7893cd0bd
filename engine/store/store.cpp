// SPDX-License-Identifier: Apache-2.0
#include "engine/store/store.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "engine/store/database.hpp"
#include "engine/store/model_card.hpp"
#include "engine/store/names.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/store_impl.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

// Each holds a file's address range, not its memory.
constexpr std::size_t kOpenSegments = 64;

std::int64_t count(SQLite::Database& database, const char* sql) {
  SQLite::Statement query(database, sql);
  query.executeStep();
  return query.getColumn(0).getInt64();
}

// Files that vanish meanwhile (another process's log) count as nothing.
std::int64_t directory_bytes(const fs::path& directory) {
  std::int64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const auto size = entry->is_regular_file(ignored) ? entry->file_size(ignored) : 0;
    if (!ignored) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

// The smallest or largest hash that starts with the prefix.
Sha256 padded(std::string_view hex_prefix, char digit) {
  std::string hex(hex_prefix);
  hex.resize(64, digit);
  const auto hash = hex_prefix.size() >= 4 ? Sha256::from_hex(hex) : std::nullopt;
  if (!hash || hex_prefix.size() > 64) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is not 4 to 64 hexadecimal digits", hex_prefix));
  }
  return *hash;
}

}  // namespace

Store::Impl::Impl(const fs::path& where, Catalogue::Access access)
    : cache(kOpenSegments, [this](std::int64_t number) { return open_segment(number); }) {
  std::error_code error;
  directory = fs::absolute(where, error).lexically_normal();
  if (error || where.empty()) {
    throw Error(ErrorCode::kNotFound, fmt::format("'{}' does not exist", where.native()));
  }
  if (!directory.has_filename()) directory = directory.parent_path();
  database_file = directory / kDatabaseName;
  segments_directory = directory / kSegmentsName;

  check_database(database_file);
  if (access == Catalogue::Access::kWrite) lock.emplace(directory / kLockName);
  database = open_database(database_file, access);
  settings = read_settings(*database, database_file);
  with_database_errors(database_file, [&] { check_model_card(*database, directory / kModelName); });
  format_version =
      with_database_errors(database_file, [&] { return read_format_version(*database); });
  if (!lock) return;
  with_database_errors(database_file, [&] {
    next_segment = 1 + count(*database,
                             "SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
                             "WHERE name = 'segments'");
    remove_orphans();
  });
}

fs::path Store::Impl::segment_file(std::int64_t number) const {
  return segments_directory / segment_file_name(number);
}

std::optional<SegmentFacts> Store::Impl::segment_facts(std::int64_t number) const {
  return with_database_errors(database_file, [&]() -> std::optional<SegmentFacts> {
    const auto entry = find_segment(*database, number, settings.global_size);
    if (!entry) return std::nullopt;
    // The name is not free: a prepared database must not make us read other files.
    if (!entry->is_named_right) {
      throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: segment {} has a wrong name",
                                                       database_file.native(), number));
    }
    return entry->facts;
  });
}

std::shared_ptr<const Segment> Store::Impl::open_segment(std::int64_t number) const {
  const auto gone = [&] {
    throw Error(ErrorCode::kNotFound,
                fmt::format("{}: segment {} is not part of the catalogue any more",
                            directory.native(), number));
  };
  const std::optional<SegmentFacts> facts = segment_facts(number);
  if (!facts) gone();
  try {
    return std::make_shared<Segment>(segment_file(number), *facts);
  } catch (const Error&) {
    // The file may have been replaced between the two looks.
    if (!segment_facts(number)) gone();
    throw;
  }
}

std::optional<DescriptionLocation> Store::Impl::current_location(ImageId id) const {
  return with_database_errors(database_file, [&] {
    return location_by_id.ask(*database,
                              [&](SQLite::Statement& query) -> std::optional<DescriptionLocation> {
                                query.bind(1, id);
                                if (!query.executeStep()) return std::nullopt;
                                return DescriptionLocation{id, query.getColumn(0).getInt64(),
                                                           query.getColumn(1).getInt()};
                              });
  });
}

std::optional<SegmentCopy> Store::Impl::open_description(DescriptionLocation where) const {
  while (true) {
    try {
      return SegmentCopy{cache.get(where.segment), where.slot};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNotFound) throw;
    }
    const auto now = current_location(where.id);
    if (!now) return std::nullopt;
    if (now->segment == where.segment) {
      throw Error(ErrorCode::kCorruptData,
                  fmt::format("{} is damaged: segment {} of image {} is missing",
                              database_file.native(), where.segment, where.id));
    }
    where = *now;
  }
}

std::optional<SegmentCopy> Store::Impl::find_description(ImageId id) const {
  const auto where = current_location(id);
  return where ? open_description(*where) : std::nullopt;
}

Store::Store(const fs::path& directory, Catalogue::Access access)
    : impl_(std::make_unique<Impl>(directory, access)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

const fs::path& Store::directory() const {
  return impl_->directory;
}

const CatalogueSettings& Store::settings() const {
  return impl_->settings;
}

CatalogueInfo Store::info() const {
  CatalogueInfo info;
  info.directory = impl_->directory;
  info.format_version = impl_->format_version;
  info.model_id = impl_->settings.model_id;
  info.describe = impl_->settings.describe;
  info.bytes = directory_bytes(impl_->directory);
  SQLite::Database& database = *impl_->database;
  with_database_errors(impl_->database_file, [&] {
    SQLite::Transaction snapshot(database);
    SQLite::Statement present(database,
                              "SELECT count(*), coalesce(sum(keypoints), 0) FROM images "
                              "INDEXED BY images_present WHERE removed_at IS NULL");
    present.executeStep();
    info.images = present.getColumn(0).getInt64();
    info.keypoints = present.getColumn(1).getInt64();
    info.removed = count(database, "SELECT count(*) FROM images") - info.images;
    info.seizures = count(database, "SELECT count(*) FROM seizures");
    info.packages = count(database,
                          "SELECT count(*) FROM (SELECT DISTINCT seizure, package FROM images "
                          "WHERE removed_at IS NULL AND package IS NOT NULL)");
    info.segments = count(database, "SELECT count(*) FROM segments");
  });
  return info;
}

std::optional<ImageId> Store::find_hash(const Sha256& sha256) const {
  return with_database_errors(impl_->database_file, [&]() -> std::optional<ImageId> {
    SQLite::Statement query(*impl_->database,
                            "SELECT id FROM images WHERE sha256 = ? AND removed_at IS NULL");
    bind_bytes(query, 1, sha256);
    if (!query.executeStep()) return std::nullopt;
    return query.getColumn(0).getInt64();
  });
}

std::optional<CatalogueImage> Store::find(ImageId id) const {
  return with_database_errors(impl_->database_file, [&] {
    return impl_->image_by_id.ask(*impl_->database,
                                  [&](SQLite::Statement& query) -> std::optional<CatalogueImage> {
                                    query.bind(1, id);
                                    if (!query.executeStep()) return std::nullopt;
                                    return image_from_row(query, impl_->database_file);
                                  });
  });
}

std::vector<CatalogueImage> Store::find_by_hash_prefix(std::string_view hex_prefix) const {
  const Sha256 first = padded(hex_prefix, '0'), last = padded(hex_prefix, 'f');
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(*impl_->database,
                            select_images() + "AND i.sha256 BETWEEN ? AND ? ORDER BY i.id");
    bind_bytes(query, 1, first);
    bind_bytes(query, 2, last);
    std::vector<CatalogueImage> images;
    while (query.executeStep()) images.push_back(image_from_row(query, impl_->database_file));
    return images;
  });
}

std::vector<SeizureInfo> Store::list_seizures() const {
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(
        *impl_->database,
        "SELECT s.name, s.place, s.date, s.agency, count(DISTINCT i.package), count(i.id) "
        "FROM seizures s LEFT JOIN images i ON i.seizure = s.id AND i.removed_at IS NULL "
        "GROUP BY s.id ORDER BY s.name");
    std::vector<SeizureInfo> seizures;
    while (query.executeStep()) {
      seizures.push_back({{query.getColumn(0).getString(), query.getColumn(1).getString(),
                           query.getColumn(2).getString(), query.getColumn(3).getString()},
                          query.getColumn(4).getInt64(),
                          query.getColumn(5).getInt64()});
    }
    return seizures;
  });
}

std::optional<Seizure> Store::find_seizure(std::string_view name) const {
  return with_database_errors(impl_->database_file, [&]() -> std::optional<Seizure> {
    SQLite::Statement query(*impl_->database,
                            "SELECT name, place, date, agency FROM seizures WHERE name = ?");
    query.bind(1, std::string(name));
    if (!query.executeStep()) return std::nullopt;
    return Seizure{query.getColumn(0).getString(), query.getColumn(1).getString(),
                   query.getColumn(2).getString(), query.getColumn(3).getString()};
  });
}

std::vector<DescriptionLocation> Store::locations() const {
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(*impl_->database,
                            "SELECT id, segment, slot FROM images INDEXED BY images_present "
                            "WHERE removed_at IS NULL ORDER BY id");
    std::vector<DescriptionLocation> locations;
    while (query.executeStep()) {
      locations.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(),
                           query.getColumn(2).getInt()});
    }
    return locations;
  });
}

Description Store::read_description(const DescriptionLocation& location) const {
  const auto stored = impl_->open_description(location);
  if (!stored) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("{}: image {} was removed", directory().native(), location.id));
  }
  return stored->segment->description(stored->slot);
}

std::vector<float> Store::read_globals(std::int64_t segment) const {
  return impl_->cache.get(segment)->globals();
}

}  // namespace pressmark::store
