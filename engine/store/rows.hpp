// SPDX-License-Identifier: Apache-2.0
//
// Rows of the database as values.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <filesystem>
#include <optional>
#include <string>

#include "engine/store/store.hpp"

namespace pressmark::store {

// "SELECT <columns> FROM <tables>" of images not removed, to be continued with "AND ...".
std::string select_images();

// The current row of select_images(). Throws Error(kCorruptData) naming the database file.
CatalogueImage image_from_row(SQLite::Statement& row, const std::filesystem::path& database_file);

// Nothing where the column of the current row holds no 32 bytes.
std::optional<Sha256> hash_from_row(SQLite::Statement& row, int column);

// Parameter `index`, a blob.
void bind_bytes(SQLite::Statement& statement, int index, const Sha256& sha256);
void bind_bytes(SQLite::Statement& statement, int index, const std::filesystem::path& file);

}  // namespace pressmark::store
