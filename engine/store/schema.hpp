// SPDX-License-Identifier: Apache-2.0
//
// Tables and settings of the catalogue's database (docs/format.md).
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/store/store.hpp"

namespace pressmark::store {

// "PMRK", stored in the database file's header: tells a catalogue from other SQLite databases.
inline constexpr std::uint32_t kApplicationId = 0x504d524b;

// Writes a new database with its settings; the file must not exist.
void create_database(const std::filesystem::path& file, const CatalogueSettings& settings);

// Of an open database: PRAGMA user_version.
int read_format_version(SQLite::Database& database);

// Throws Error(kCorruptData) where tables or settings are missing or impossible.
CatalogueSettings read_settings(SQLite::Database& database, const std::filesystem::path& file);

}  // namespace pressmark::store
