// SPDX-License-Identifier: Apache-2.0
//
// The catalogue's copy of model.json, the model's card. The identity of a model is that of its
// numbers; what the card says of their origin is guarded by a checksum in the settings, which
// catalogues of earlier versions lack.
#pragma once

#include <SQLiteCpp/Database.h>

#include <filesystem>
#include <string>

namespace pressmark::store {

inline constexpr const char* kModelCardKey = "model_card_xxh3";

// XXH3 of model.json in 16 hexadecimal digits. Throws Error(kIo, kCorruptData): as Mapping.
std::string model_card_checksum(const std::filesystem::path& model_directory);

// Throws Error(kCorruptData) naming the card where it is not that of the settings; kIo.
void check_model_card(SQLite::Database& database, const std::filesystem::path& model_directory);

}  // namespace pressmark::store
