// SPDX-License-Identifier: Apache-2.0
//
// The writing half of Store. The order is always: files complete and synced, then one transaction
// that names them.
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/store/database.hpp"
#include "engine/store/file_io.hpp"
#include "engine/store/moments.hpp"
#include "engine/store/names.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/schema.hpp"
#include "engine/store/segment.hpp"
#include "engine/store/segment_rows.hpp"
#include "engine/store/store_impl.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

namespace fs = std::filesystem;

// After a failed COMMIT: may the log hold the whole transaction, so that the next process to open
// the catalogue takes it for committed? Not where writing stopped short of the commit record, which
// comes last.
bool may_be_committed(const SQLite::Exception& failure) {
  const int code = failure.getExtendedErrorCode();
  return (code & 0xff) != SQLITE_FULL && code != SQLITE_IOERR_WRITE;
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

}  // namespace

void Store::Impl::require_writer() const {
  if (lock) return;
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{} is open for reading only", directory.native()));
}

void Store::Impl::commit_segment(const std::optional<SegmentFacts>& facts,
                                 const std::function<void(const std::string& now)>& write_rows) {
  RemovedOnFailure guard(facts ? segment_file(facts->number) : fs::path());
  with_database_errors(database_file, [&] {
    const std::string now = utc_now();
    SQLite::Transaction transaction(*database, SQLite::TransactionBehavior::IMMEDIATE);
    if (facts) insert_segment(*database, *facts, now);
    write_rows(now);
    try {
      transaction.commit();
    } catch (const SQLite::Exception& failure) {
      if (facts && may_be_committed(failure)) {
        // Then the file must be there. If not, the next writer to open removes it; until then its
        // number stays unused.
        guard.keep();
        next_segment = facts->number + 1;
      }
      throw;
    }
  });
  guard.keep();
  if (facts) next_segment = facts->number + 1;
}

// A damaged database must not make orphans of segments that are needed: files go only where the
// table is consistent and no image, present or removed, refers to them.
void Store::Impl::remove_orphans() const {
  std::set<std::string, std::less<>> named;
  SQLite::Statement query(*database, "SELECT number, file FROM segments");
  while (query.executeStep()) {
    const std::int64_t number = query.getColumn(0).getInt64();
    if (query.getColumn(1).getString() != segment_file_name(number)) {
      throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: segment {} has a wrong name",
                                                       database_file.native(), number));
    }
    named.insert(segment_file_name(number));
  }
  SQLite::Statement users(*database, "SELECT 1 FROM images WHERE segment = ? LIMIT 1");
  const auto require_unused = [&](const std::string& name) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() ||
        end != name.data() + name.size() - std::string_view(kSegmentSuffix).size())
      return;
    users.reset();
    users.bind(1, number);
    if (users.executeStep()) {
      throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: segment {} is missing",
                                                       database_file.native(), number));
    }
  };

  std::error_code error;
  if (named.empty()) fs::create_directory(segments_directory, error);  // archives may drop it
  const std::string unfinished = std::string(kSegmentSuffix) + kTemporarySuffix;
  for (fs::directory_iterator entry(segments_directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    const bool is_nameless = name.ends_with(kSegmentSuffix) && !named.contains(name);
    if (!is_nameless && !name.ends_with(unfinished)) continue;
    if (is_nameless) require_unused(name);
    std::error_code ignored;  // an orphan does no harm
    fs::remove(entry->path(), ignored);
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

void Store::release_memory() const {
  sqlite3_db_release_memory(impl_->database->getHandle());
}

std::vector<ImageId> Store::commit(std::span<const NewImage> images) {
  impl_->require_writer();
  if (images.empty()) return {};
  for (const NewImage& image : images) validate_image(image);
  SQLite::Database& database = *impl_->database;
  const auto seizures = with_database_errors(impl_->database_file, [&] {
    SeizureIds ids;
    for (const NewImage& image : images) {
      require_metadata_object(database, image.file.native(), image.facts.metadata_json);
      add_seizure_id(database, image.file.native(), image.facts.seizure, ids);
    }
    return ids;
  });
  require_distinct(*this, images);

  std::vector<CatalogueImage> rows;
  for (const NewImage& image : images) {
    rows.push_back(
        {0, image.file, image.info, image.facts, image.description.keypoint_count(), {}});
  }
  const std::int64_t number = impl_->next_segment;
  const SegmentFacts facts =
      write_segment(impl_->segment_file(number), number, impl_->settings, images);
  std::vector<ImageId> ids;
  impl_->commit_segment(facts, [&](const std::string& now) {
    for (CatalogueImage& row : rows) row.added_at = now;
    ids = insert_images(database, rows, seizures, number);
  });
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
