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

// Writes a new database with its settings; the file must not exist. model_card: its checksum.
void create_database(const std::filesystem::path& file, const CatalogueSettings& settings,
                     const std::string& model_card);

// Pages get room for their checksums when the first table is made, or by the next VACUUM.
void reserve_page_checksums(SQLite::Database& database);

// Of a database of which something has been read. Format 3 has them, unless its settings say that
// they are still to come: a catalogue of format 2 whose conversion was interrupted.
bool has_page_checksums(SQLite::Database& database);
inline constexpr const char* kPageChecksumsKey = "page_checksums";
inline constexpr const char* kPageChecksumsPending = "pending";

// Of an open database: PRAGMA user_version.
int read_format_version(SQLite::Database& database);

// The table of a database of a format without it.
void create_decisions(SQLite::Database& database);

// Throws Error(kCorruptData) where tables or settings are missing or impossible.
CatalogueSettings read_settings(SQLite::Database& database, const std::filesystem::path& file);

}  // namespace pressmark::store
