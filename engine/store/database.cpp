// SPDX-License-Identifier: Apache-2.0
#include "engine/store/database.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>

#include "engine/store/schema.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

// Locks are held for moments only: a longer wait means that something is wrong.
constexpr int kBusyTimeoutMs = 10'000;

constexpr char kSqliteMagic[16] = "SQLite format 3";  // with its NUL

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorCode::kBusy;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOLFS:
      return ErrorCode::kIo;
    case SQLITE_NOMEM:
      return ErrorCode::kOutOfMemory;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      return ErrorCode::kInvalidArgument;
    default:
      // SQLITE_CORRUPT and SQLITE_NOTADB say so; our statements are fixed, so that SQLITE_ERROR
      // and its like mean that the tables are not those that we created.
      return ErrorCode::kCorruptData;
  }
}

[[noreturn]] void corrupt(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged: {}", file.native(), what));
}

void check_version(const std::filesystem::path& file, std::uint32_t application_id,
                   std::uint32_t format_version) {
  if (application_id != kApplicationId) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("{} is not a Pressmark catalogue", file.native()));
  }
  if (format_version > static_cast<std::uint32_t>(kFormatVersion)) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} was written by a newer Pressmark (format {}, this build reads up "
                            "to {})",
                            file.native(), format_version, kFormatVersion));
  }
  if (format_version == 0) corrupt(file, "it states no format version");
  if (format_version < static_cast<std::uint32_t>(kOldestFormatVersion)) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} has format {}, which no released Pressmark wrote; this build needs "
                            "format {} or later: add the photos to a new catalogue",
                            file.native(), format_version, kOldestFormatVersion));
  }
}

// Committed changes may lie in the log and not yet in the database file.
bool has_log(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file.native() + "-wal", error);
  return !error && size > 0;
}

// SQLite's URI of a file that it shall not lock, write or accompany with other files.
std::string immutable_uri(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : file.native()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    if (plain) {
      uri += c;
    } else {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return uri + "?immutable=1";
}

std::unique_ptr<SQLite::Database> open_immutable(const std::filesystem::path& file) {
  return std::make_unique<SQLite::Database>(
      immutable_uri(file), SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_FULLMUTEX);
}

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

// https://www.sqlite.org/fileformat.html#the_database_header. Read through SQLite's own file
// object: closing another descriptor of the file would drop this process's POSIX locks on it, and
// with them the protection of any connection that is open elsewhere in the process.
void check_header(SQLite::Database& database, const std::filesystem::path& file) {
  sqlite3_file* handle = nullptr;
  sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &handle);
  if (handle == nullptr || handle->pMethods == nullptr) {
    throw Error(ErrorCode::kIo, fmt::format("cannot open {}", file.native()));
  }
  sqlite3_int64 size = 0;
  std::array<std::uint8_t, 100> header{};
  if (handle->pMethods->xFileSize(handle, &size) != SQLITE_OK) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read the size of {}", file.native()));
  }
  if (size == 0) corrupt(file, "it is empty");
  if (size < static_cast<sqlite3_int64>(header.size())) corrupt(file, "it is too short");
  if (handle->pMethods->xRead(handle, header.data(), static_cast<int>(header.size()), 0) !=
      SQLITE_OK) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read {}", file.native()));
  }
  if (std::memcmp(header.data(), kSqliteMagic, sizeof kSqliteMagic) != 0) {
    corrupt(file, "it is not an SQLite database");
  }
  check_version(file, big_endian(&header[68]), big_endian(&header[60]));

  // With a log, pages may still be on their way into the file.
  std::int64_t page_size = header[16] << 8 | header[17];
  if (page_size == 1) page_size = 65536;
  const bool count_is_valid = big_endian(&header[24]) == big_endian(&header[92]);
  const std::int64_t expected = page_size * big_endian(&header[28]);
  if (count_is_valid && size < expected && !has_log(file)) {
    corrupt(file, fmt::format("it has {} bytes and should have {}", size, expected));
  }
}

std::uint32_t pragma_value(SQLite::Database& database, const char* pragma) {
  SQLite::Statement query(database, pragma);
  query.executeStep();
  return query.getColumn(0).getUInt();
}

void configure(SQLite::Database& database, bool writable) {
  // Nothing in a catalogue that somebody else prepared may run code or rewrite the schema.
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database.getHandle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  database.exec("PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  database.exec(writable ? "PRAGMA journal_mode = WAL" : "PRAGMA query_only = ON");
}

std::unique_ptr<SQLite::Database> open_with_log(const std::filesystem::path& file, bool writable) {
  auto database = std::make_unique<SQLite::Database>(
      file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_FULLMUTEX, kBusyTimeoutMs);
  // Until the tables have been looked at: a failed open must not copy a log into the database.
  sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (writable && sqlite3_db_readonly(database->getHandle(), "main") != 0) {
    throw Error(ErrorCode::kIo, fmt::format("{} is write-protected", file.native()));
  }
  configure(*database, writable);
  check_version(file, pragma_value(*database, "PRAGMA application_id"),
                pragma_value(*database, "PRAGMA user_version"));
  read_settings(*database, file);
  sqlite3_db_config(database->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  return database;
}

}  // namespace

void throw_database_error(const SQLite::Exception& failure, const std::filesystem::path& file) {
  throw Error(code_of(failure.getErrorCode()),
              fmt::format("catalogue database {}: {}", file.native(), failure.what()));
}

void check_database(const std::filesystem::path& file) {
  const std::filesystem::path directory = file.parent_path();
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    const bool exists = std::filesystem::exists(directory, error);
    throw Error(
        ErrorCode::kNotFound,
        fmt::format("{} {}", directory.native(),
                    exists ? "is not a catalogue: it has no catalogue.sqlite" : "does not exist"));
  }
  if (error) {
    throw Error(ErrorCode::kIo, fmt::format("cannot read {}: {}", file.native(), error.message()));
  }
  if (status.type() != std::filesystem::file_type::regular) corrupt(file, "it is not a file");

  with_database_errors(file, [&] {
    const auto database = open_immutable(file);
    check_header(*database, file);
    if (has_log(file)) return;  // what the file says is out of date; open_database looks again
    try {
      read_settings(*database, file);
    } catch (const Error&) {
      if (!has_log(file)) throw;  // else a writer has begun to change the file while it was read
    }
  });
}

std::unique_ptr<SQLite::Database> open_database(const std::filesystem::path& file,
                                                Catalogue::Access access) {
  return with_database_errors(file, [&] {
    const bool writable = access == Catalogue::Access::kWrite;
    try {
      return open_with_log(file, writable);
    } catch (const SQLite::Exception& failure) {
      const int code = failure.getErrorCode() & 0xff;
      const bool denied = code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
      if (writable || !denied) throw;
      if (has_log(file)) {
        throw Error(ErrorCode::kIo,
                    fmt::format("{} has unfinished changes in its write-ahead log, which cannot be "
                                "read without permission to write in the directory ({})",
                                file.native(), failure.what()));
      }
    }
    auto database = open_immutable(file);
    configure(*database, writable);
    return database;
  });
}

}  // namespace pressmark::store
