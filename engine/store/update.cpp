// SPDX-License-Identifier: Apache-2.0
//
// Correcting facts of images and seizures.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <cmath>

#include "engine/store/database.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/store_impl.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

void run(SQLite::Database& database, const char* sql, const auto& value, ImageId id) {
  SQLite::Statement statement(database, sql);
  statement.bind(1, value);
  statement.bind(2, id);
  statement.exec();
}

// The seizure's id, 0 where it has none; nothing where the image is not present.
std::optional<std::int64_t> seizure_of(SQLite::Database& database, ImageId id) {
  SQLite::Statement query(
      database, "SELECT coalesce(seizure, 0) FROM images WHERE id = ? AND removed_at IS NULL");
  query.bind(1, id);
  if (!query.executeStep()) return std::nullopt;
  return query.getColumn(0).getInt64();
}

// Both columns at once: the table allows no package of another seizure in between.
void set_origin(SQLite::Database& database, ImageId id, std::int64_t seizure,
                std::optional<std::int64_t> package) {
  SQLite::Statement statement(database, "UPDATE images SET seizure = ?, package = ? WHERE id = ?");
  if (seizure != 0) statement.bind(1, seizure);
  if (package) statement.bind(2, *package);
  statement.bind(3, id);
  statement.exec();
}

void update_origin(SQLite::Database& database, ImageId id, std::int64_t stored,
                   const FactsUpdate& changes, const SeizureIds& seizures) {
  if (!changes.seizure && !changes.package) return;
  std::int64_t seizure = stored;
  if (changes.seizure) seizure = changes.seizure->empty() ? 0 : seizures.at(*changes.seizure);
  std::optional<std::int64_t> package;
  if (changes.package && !changes.package->empty()) {
    if (seizure == 0) {
      throw Error(
          ErrorCode::kInvalidArgument,
          fmt::format("image {}: package '{}' is stated without a seizure", id, *changes.package));
    }
    package = package_id(database, seizure, *changes.package);
  }
  set_origin(database, id, seizure, package);
}

}  // namespace

std::int64_t Store::update_images(std::span<const ImageId> ids, const FactsUpdate& changes) {
  impl_->require_writer();
  validate_update(changes);
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SeizureIds seizures;
    if (changes.seizure) add_seizure_id(database, "update", *changes.seizure, seizures);
    if (changes.metadata_json) require_metadata_object(database, "update", *changes.metadata_json);
    std::int64_t updated = 0;
    for (const ImageId id : ids) {
      const auto seizure = seizure_of(database, id);
      if (!seizure) continue;
      ++updated;
      update_origin(database, id, *seizure, changes, seizures);
      if (changes.kind) {
        run(database, "UPDATE images SET kind = ? WHERE id = ?",
            std::string(to_string(*changes.kind)), id);
      }
      if (changes.scale_mm_per_px) {
        run(database, "UPDATE images SET scale_mm_per_px = nullif(?, 0.0) WHERE id = ?",
            *changes.scale_mm_per_px, id);
      }
      if (changes.metadata_json) {
        run(database, "UPDATE images SET metadata = ? WHERE id = ?", *changes.metadata_json, id);
      }
    }
    transaction.commit();
    return updated;
  });
}

void Store::update_seizure(std::string_view name, const SeizureUpdate& changes) {
  impl_->require_writer();
  with_database_errors(impl_->database_file, [&] {
    SQLite::Transaction transaction(*impl_->database, SQLite::TransactionBehavior::IMMEDIATE);
    std::optional<Seizure> seizure = find_seizure(name);
    if (!seizure) {
      throw Error(ErrorCode::kNotFound, fmt::format("seizure '{}' is not in the catalogue", name));
    }
    if (changes.place) seizure->place = *changes.place;
    if (changes.date) seizure->date = *changes.date;
    if (changes.agency) seizure->agency = *changes.agency;
    validate_seizure(*seizure);
    SQLite::Statement update(*impl_->database,
                             "UPDATE seizures SET place = ?, date = ?, agency = ? WHERE name = ?");
    update.bind(1, seizure->place);
    update.bind(2, seizure->date);
    update.bind(3, seizure->agency);
    update.bind(4, seizure->name);
    update.exec();
    transaction.commit();
  });
}

}  // namespace pressmark::store
