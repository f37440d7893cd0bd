// SPDX-License-Identifier: Apache-2.0
//
// Opening the catalogue's database with care for what is on disk, and SQLite's failures as Error.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "pressmark/catalogue.hpp"

namespace pressmark::store {

// Throws Error with the code that fits and the file's name in the text.
[[noreturn]] void throw_database_error(const SQLite::Exception& failure,
                                       const std::filesystem::path& file);

template <typename Action>
auto with_database_errors(const std::filesystem::path& file, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const SQLite::Exception& failure) {
    throw_database_error(failure, file);
  }
}

// Looks at the database without changing a byte or creating a file: header, version, size, tables
// and settings. Throws Error: kNotFound, kUnsupported (newer format), kCorruptData, kIo.
void check_database(const std::filesystem::path& file);

// Without looking at it, as a file that nobody changes: for its bytes, not for questions. Throws
// SQLite::Exception.
std::unique_ptr<SQLite::Database> open_unchecked(const std::filesystem::path& file);

// Opens it after check_database. A reader without permission to write beside the file gets a
// connection that assumes that nobody changes it (SQLite's immutable mode), if no unfinished
// write-ahead log is there. Throws Error as above, and kBusy.
std::unique_ptr<SQLite::Database> open_database(const std::filesystem::path& file,
                                                Catalogue::Access access);

}  // namespace pressmark::store
