// SPDX-License-Identifier: Apache-2.0
//
// The writing half of Store. The order is always: files complete and synced, then one transaction
// that names them.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <bit>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "engine/store/database.hpp"
#include "engine/store/file_io.hpp"
#include "engine/store/moments.hpp"
#include "engine/store/names.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/segment.hpp"
#include "engine/store/store_impl.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

using SeizureIds = std::map<std::string, std::int64_t, std::less<>>;

// After a failed COMMIT: may the log hold the whole transaction, so that the next process to open
// the catalogue takes it for committed? Not where writing stopped short of the commit record, which
// comes last.
bool may_be_committed(const SQLite::Exception& failure) {
  const int code = failure.getExtendedErrorCode();
  return (code & 0xff) != SQLITE_FULL && code != SQLITE_IOERR_WRITE;
}

SeizureIds known_seizures(SQLite::Database& database, std::span<const NewImage> images) {
  SeizureIds ids;
  SQLite::Statement query(database, "SELECT id FROM seizures WHERE name = ?");
  for (const NewImage& image : images) {
    const std::string& name = image.facts.seizure;
    if (name.empty() || ids.contains(name)) continue;
    query.bind(1, name);
    if (!query.executeStep()) {
      throw Error(ErrorCode::kNotFound, fmt::format("{}: seizure '{}' is not in the catalogue",
                                                    image.file.native(), name));
    }
    ids[name] = query.getColumn(0).getInt64();
    query.reset();
  }
  return ids;
}

void require_metadata_objects(SQLite::Database& database, std::span<const NewImage> images) {
  SQLite::Statement query(database, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) END");
  for (const NewImage& image : images) {
    query.bind(1, image.facts.metadata_json);
    query.executeStep();
    if (query.getColumn(0).getString() != "object") {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the metadata is not a JSON object", image.file.native()));
    }
    query.reset();
  }
}

void require_distinct(const Store& store, std::span<const NewImage> images) {
  std::set<Sha256> hashes;
  for (const NewImage& image : images) {
    if (!hashes.insert(image.info.sha256).second || store.find_hash(image.info.sha256)) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{}: the same photo is already present", image.file.native()));
    }
  }
}

void insert_segment(SQLite::Database& database, const SegmentFacts& facts, const std::string& now) {
  SQLite::Statement insert(database,
                           "INSERT INTO segments(number, file, model_id, images, bytes, checksum, "
                           "created_at) VALUES(?, ?, ?, ?, ?, ?, ?)");
  insert.bind(1, facts.number);
  insert.bind(2, segment_file_name(facts.number));
  insert.bind(3, facts.model_id);
  insert.bind(4, facts.images);
  insert.bind(5, facts.bytes);
  insert.bind(6, std::bit_cast<std::int64_t>(facts.checksum));
  insert.bind(7, now);
  insert.exec();
}

// Finds or creates packages.
class Packages {
 public:
  explicit Packages(SQLite::Database& database)
      : database_(database),
        find_(database, "SELECT id FROM packages WHERE seizure = ? AND name = ?"),
        insert_(database, "INSERT INTO packages(seizure, name) VALUES(?, ?)") {}

  std::int64_t id(std::int64_t seizure, const std::string& name) {
    const auto [known, is_new] = ids_.try_emplace({seizure, name}, 0);
    if (!is_new) return known->second;
    find_.reset();
    find_.bind(1, seizure);
    find_.bind(2, name);
    if (find_.executeStep()) {
      known->second = find_.getColumn(0).getInt64();
    } else {
      insert_.reset();
      insert_.bind(1, seizure);
      insert_.bind(2, name);
      insert_.exec();
      known->second = database_.getLastInsertRowid();
    }
    return known->second;
  }

 private:
  SQLite::Database& database_;
  SQLite::Statement find_, insert_;
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> ids_;
};

std::vector<ImageId> insert_images(SQLite::Database& database, std::span<const NewImage> images,
                                   const SeizureIds& seizures, std::int64_t segment,
                                   const std::string& now) {
  Packages packages(database);
  SQLite::Statement insert(
      database,
      "INSERT INTO images(sha256, segment, slot, keypoints, seizure, package, kind, format, "
      "file_bytes, width_px, height_px, orientation, scale_mm_per_px, roi_x, roi_y, roi_width, "
      "roi_height, added_at, file, metadata) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  std::vector<ImageId> ids;
  ids.reserve(images.size());
  for (const NewImage& image : images) {
    const ImageFacts& facts = image.facts;
    insert.reset();
    insert.clearBindings();  // what stays unbound is NULL
    bind_bytes(insert, 1, image.info.sha256);
    insert.bind(2, segment);
    insert.bind(3, static_cast<std::int64_t>(ids.size()));
    insert.bind(4, std::int64_t{image.description.keypoint_count()});
    if (!facts.seizure.empty()) {
      const std::int64_t seizure = seizures.at(facts.seizure);
      insert.bind(5, seizure);
      if (!facts.package.empty()) insert.bind(6, packages.id(seizure, facts.package));
    }
    insert.bind(7, std::string(to_string(facts.kind)));
    insert.bind(8, image.info.format);
    insert.bind(9, image.info.file_bytes);
    insert.bind(10, image.info.width_px);
    insert.bind(11, image.info.height_px);
    insert.bind(12, image.info.orientation);
    if (facts.scale_mm_per_px) insert.bind(13, *facts.scale_mm_per_px);
    if (facts.region) {
      insert.bind(14, facts.region->x);
      insert.bind(15, facts.region->y);
      insert.bind(16, facts.region->width);
      insert.bind(17, facts.region->height);
    }
    insert.bind(18, now);
    bind_bytes(insert, 19, image.file);
    insert.bind(20, facts.metadata_json);
    insert.exec();
    ids.push_back(database.getLastInsertRowid());
  }
  return ids;
}

}  // namespace

void Store::Impl::require_writer() const {
  if (lock) return;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} is open for reading only", directory.native()));
}

void Store::Impl::remove_orphans() const {
  std::set<std::string, std::less<>> named;
  SQLite::Statement query(*database, "SELECT file FROM segments");
  while (query.executeStep()) named.insert(query.getColumn(0).getString());

  std::error_code error;
  if (named.empty()) fs::create_directory(segments_directory, error);  // archives may drop it
  const std::string unfinished = std::string(kSegmentSuffix) + kTemporarySuffix;
  for (fs::directory_iterator entry(segments_directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    const bool orphan =
        name.ends_with(unfinished) || (name.ends_with(kSegmentSuffix) && !named.contains(name));
    std::error_code ignored;  // an orphan does no harm
    if (orphan) fs::remove(entry->path(), ignored);
  }
}

void Store::put_seizure(const Seizure& seizure) {
  impl_->require_writer();
  validate_seizure(seizure);
  with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    Seizure merged = seizure;
    if (const auto stored = find_seizure(seizure.name)) {
      merged.place = merged_fact(seizure.name, "place", stored->place, seizure.place);
      merged.date = merged_fact(seizure.name, "date", stored->date, seizure.date);
      merged.agency = merged_fact(seizure.name, "agency", stored->agency, seizure.agency);
    }
    SQLite::Statement upsert(
        database,
        "INSERT INTO seizures(name, place, date, agency, added_at) VALUES(?, ?, ?, ?, ?) "
        "ON CONFLICT(name) DO UPDATE SET place = excluded.place, date = excluded.date, "
        "agency = excluded.agency");
    upsert.bind(1, merged.name);
    upsert.bind(2, merged.place);
    upsert.bind(3, merged.date);
    upsert.bind(4, merged.agency);
    upsert.bind(5, utc_now());
    upsert.exec();
    transaction.commit();
  });
}

std::vector<ImageId> Store::commit(std::span<const NewImage> images) {
  impl_->require_writer();
  if (images.empty()) return {};
  for (const NewImage& image : images) validate_image(image);
  SQLite::Database& database = *impl_->database;
  const auto seizures = with_database_errors(impl_->database_file, [&] {
    require_metadata_objects(database, images);
    return known_seizures(database, images);
  });
  require_distinct(*this, images);

  const std::int64_t number = impl_->next_segment;
  const fs::path file = impl_->segments_directory / segment_file_name(number);
  const SegmentFacts facts = write_segment(file, number, impl_->settings, images);
  RemovedOnFailure guard(file);
  auto ids = with_database_errors(impl_->database_file, [&] {
    const std::string now = utc_now();
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    insert_segment(database, facts, now);
    auto inserted = insert_images(database, images, seizures, number, now);
    try {
      transaction.commit();
    } catch (const SQLite::Exception& failure) {
      if (may_be_committed(failure)) {
        // Then the file must be there. If not, the next writer to open removes it; until then its
        // number stays unused.
        guard.keep();
        impl_->next_segment = number + 1;
      }
      throw;
    }
    return inserted;
  });
  guard.keep();
  impl_->next_segment = number + 1;
  return ids;
}

std::int64_t Store::remove(std::span<const ImageId> ids) {
  impl_->require_writer();
  return with_database_errors(impl_->database_file, [&] {
    SQLite::Database& database = *impl_->database;
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement update(
        database, "UPDATE images SET removed_at = ? WHERE id = ? AND removed_at IS NULL");
    const std::string now = utc_now();
    std::int64_t removed = 0;
    for (const ImageId id : ids) {
      update.reset();
      update.bind(1, now);
      update.bind(2, id);
      removed += update.exec();
    }
    transaction.commit();
    return removed;
  });
}

}  // namespace pressmark::store
