// SPDX-License-Identifier: Apache-2.0
#include "engine/store/schema.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "engine/store/database.hpp"
#include "engine/store/moments.hpp"
#include "engine/store/validate.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

// AUTOINCREMENT everywhere a number leaves the database: it must never come to mean something else.
// An image without a segment can only be a removed one whose description was reclaimed.
// The two indexes end with removed_at, always NULL there, because SQLite answers from an index
// alone only where that holds every column named in the query: counts and locations() of millions
// of images must not read their rows.
constexpr const char* kSchema = R"sql(
CREATE TABLE settings(
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seizures(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE CHECK(name <> ''),
  place TEXT NOT NULL,
  date TEXT NOT NULL,
  agency TEXT NOT NULL,
  added_at TEXT NOT NULL
) STRICT;

CREATE TABLE packages(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  seizure INTEGER NOT NULL REFERENCES seizures(id),
  name TEXT NOT NULL CHECK(name <> ''),
  UNIQUE(seizure, name),
  UNIQUE(id, seizure)
) STRICT;

CREATE TABLE segments(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  file TEXT NOT NULL UNIQUE,
  model_id TEXT NOT NULL,
  images INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE images(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256 BLOB NOT NULL CHECK(length(sha256) = 32),
  segment INTEGER REFERENCES segments(number),
  slot INTEGER,
  keypoints INTEGER NOT NULL,
  seizure INTEGER REFERENCES seizures(id),
  package INTEGER,
  kind TEXT NOT NULL,
  format TEXT NOT NULL,
  file_bytes INTEGER NOT NULL,
  width_px INTEGER NOT NULL,
  height_px INTEGER NOT NULL,
  orientation INTEGER NOT NULL,
  scale_mm_per_px REAL,
  roi_x INTEGER,
  roi_y INTEGER,
  roi_width INTEGER,
  roi_height INTEGER,
  added_at TEXT NOT NULL,
  removed_at TEXT,
  file BLOB NOT NULL,
  metadata TEXT NOT NULL,
  UNIQUE(segment, slot),
  FOREIGN KEY(package, seizure) REFERENCES packages(id, seizure),
  CHECK(package IS NULL OR seizure IS NOT NULL),
  CHECK((segment IS NULL) = (slot IS NULL)),
  CHECK(segment IS NOT NULL OR removed_at IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX images_by_hash ON images(sha256) WHERE removed_at IS NULL;
CREATE INDEX images_present ON images(id, segment, slot, keypoints, removed_at)
  WHERE removed_at IS NULL;
CREATE INDEX images_by_seizure ON images(seizure, package, removed_at) WHERE removed_at IS NULL;

CREATE TABLE decisions(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  first_sha256 BLOB NOT NULL CHECK(length(first_sha256) = 32),
  second_sha256 BLOB NOT NULL CHECK(length(second_sha256) = 32),
  verdict TEXT NOT NULL CHECK(verdict IN ('confirmed', 'rejected', 'note')),
  note TEXT NOT NULL,
  who TEXT NOT NULL CHECK(who <> ''),
  decided_at TEXT NOT NULL,
  decision_id TEXT NOT NULL UNIQUE CHECK(length(decision_id) = 32),
  CHECK(first_sha256 < second_sha256)
) STRICT;

CREATE INDEX decisions_by_pair
  ON decisions(first_sha256, second_sha256, decided_at, decision_id);
CREATE INDEX decisions_by_second ON decisions(second_sha256);
)sql";

constexpr std::array<std::string_view, 8> kRequired = {
    "settings", "seizures",       "packages",       "segments",
    "images",   "images_by_hash", "images_present", "images_by_seizure"};

constexpr std::array<std::string_view, 3> kRequiredOfDecisions = {"decisions", "decisions_by_pair",
                                                                  "decisions_by_second"};

[[noreturn]] void corrupt(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: {}", file.native(), what));
}

class Settings {
 public:
  Settings(SQLite::Database& database, const std::filesystem::path& file) : file_(file) {
    SQLite::Statement query(database, "SELECT key, value FROM settings");
    while (query.executeStep()) {
      values_[query.getColumn(0).getString()] = query.getColumn(1).getString();
    }
  }

  const std::string& text(const std::string& key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) corrupt(file_, fmt::format("setting {} is missing", key));
    return found->second;
  }

  int integer(const std::string& key) const {
    const std::string& value = text(key);
    int result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) {
      corrupt(file_, fmt::format("setting {} is not a number", key));
    }
    return result;
  }

 private:
  const std::filesystem::path& file_;
  std::map<std::string, std::string> values_;
};

}  // namespace

void create_database(const std::filesystem::path& file, const CatalogueSettings& settings) {
  with_database_errors(file, [&] {
    SQLite::Database database(file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                              kApplicationId, kFormatVersion));
    database.exec(kSchema);
    const std::map<std::string, std::string> values = {
        {"model_id", settings.model_id},
        {"global_size", fmt::to_string(settings.global_size)},
        {"long_side_px", fmt::to_string(settings.describe.long_side_px)},
        {"max_keypoints", fmt::to_string(settings.describe.max_keypoints)},
        {"created_at", utc_now()},
        {"created_by", fmt::format("pressmark {}", version())},
    };
    SQLite::Statement insert(database, "INSERT INTO settings(key, value) VALUES(?, ?)");
    for (const auto& [key, value] : values) {
      insert.bind(1, key);
      insert.bind(2, value);
      insert.exec();
      insert.reset();
    }
    // Lets merged catalogues be told apart after their directories were renamed.
    database.exec(
        "INSERT INTO settings(key, value) VALUES('catalogue_id', lower(hex(randomblob(16))))");
    transaction.commit();
  });
}

int read_format_version(SQLite::Database& database) {
  SQLite::Statement query(database, "PRAGMA user_version");
  query.executeStep();
  return query.getColumn(0).getInt();
}

CatalogueSettings read_settings(SQLite::Database& database, const std::filesystem::path& file) {
  return with_database_errors(file, [&] {
    std::set<std::string, std::less<>> names;
    SQLite::Statement query(database, "SELECT name FROM sqlite_schema");
    while (query.executeStep()) names.insert(query.getColumn(0).getString());
    const auto require = [&](std::span<const std::string_view> required) {
      for (const std::string_view name : required) {
        if (!names.contains(name)) corrupt(file, fmt::format("{} is missing", name));
      }
    };
    require(kRequired);
    if (read_format_version(database) >= kDecisionsFormatVersion) require(kRequiredOfDecisions);
    const Settings values(database, file);
    CatalogueSettings settings;
    settings.model_id = values.text("model_id");
    settings.global_size = values.integer("global_size");
    settings.describe.long_side_px = values.integer("long_side_px");
    settings.describe.max_keypoints = values.integer("max_keypoints");
    try {
      validate_settings(settings);
    } catch (const Error& error) {
      corrupt(file, error.what());
    }
    return settings;
  });
}

}  // namespace pressmark::store
