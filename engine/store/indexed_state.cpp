// SPDX-License-Identifier: Apache-2.0
//
// What index files are compared with, and where single descriptions lie.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>

#include "engine/store/database.hpp"
#include "engine/store/store.hpp"
#include "engine/store/store_impl.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

std::vector<CoveredSegment> read_segments(SQLite::Database& database) {
  SQLite::Statement query(database, "SELECT number, checksum FROM segments ORDER BY number");
  std::vector<CoveredSegment> segments;
  while (query.executeStep()) {
    segments.push_back({static_cast<std::uint64_t>(query.getColumn(0).getInt64()),
                        std::bit_cast<std::uint64_t>(query.getColumn(1).getInt64())});
  }
  return segments;
}

// Served by the index of index_removed() where it is there.
std::vector<ImageId> read_removed(SQLite::Database& database) {
  SQLite::Statement query(database,
                          "SELECT id FROM images "
                          "WHERE removed_at IS NOT NULL AND segment IS NOT NULL");
  std::vector<ImageId> removed;
  while (query.executeStep()) removed.push_back(query.getColumn(0).getInt64());
  std::sort(removed.begin(), removed.end());
  return removed;
}

std::vector<DescriptionLocation> read_locations(SQLite::Database& database,
                                                std::span<const std::uint64_t> segments) {
  SQLite::Statement query(database,
                          "SELECT id, slot FROM images WHERE segment = ? AND removed_at IS NULL");
  std::vector<DescriptionLocation> locations;
  for (const std::uint64_t segment : segments) {
    query.reset();
    query.bind(1, static_cast<std::int64_t>(segment));
    while (query.executeStep()) {
      locations.push_back({query.getColumn(0).getInt64(), static_cast<std::int64_t>(segment),
                           query.getColumn(1).getInt()});
    }
  }
  std::sort(locations.begin(), locations.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return locations;
}

}  // namespace

PartOwner Store::part_owner() const {
  return with_database_errors(impl_->database_file, [&] {
    PartOwner owner;
    owner.model_id = impl_->settings.model_id;
    SQLite::Statement query(*impl_->database,
                            "SELECT value FROM settings WHERE key = 'catalogue_id'");
    if (!query.executeStep()) return owner;
    const std::string digits = query.getColumn(0).getString();
    for (std::size_t i = 0; i < owner.catalogue_id.size() && 2 * i + 2 <= digits.size(); ++i) {
      std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, owner.catalogue_id[i], 16);
    }
    return owner;
  });
}

IndexedState Store::indexed_state(const ChooseSegments& choose) const {
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction snapshot(database);
    IndexedState state;
    state.segments = read_segments(database);
    state.removed = read_removed(database);
    state.chosen = read_locations(database, choose(state.segments));
    return state;
  });
}

std::optional<DescriptionLocation> Store::location(ImageId id) const {
  return impl_->current_location(id);
}

std::optional<Description> Store::read_image(ImageId id) const {
  const auto stored = impl_->find_description(id);
  if (!stored) return std::nullopt;
  return stored->segment->description(stored->slot);
}

void Store::index_removed() {
  impl_->require_writer();
  with_database_errors(impl_->database_file, [&] {
    impl_->database->exec(
        "CREATE INDEX IF NOT EXISTS images_removed ON images(segment, slot) "
        "WHERE removed_at IS NOT NULL");
  });
}

}  // namespace pressmark::store
