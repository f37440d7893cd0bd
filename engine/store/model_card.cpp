// SPDX-License-Identifier: Apache-2.0
#include "engine/store/model_card.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include "engine/store/mapping.hpp"
#include "engine/store/segment.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

constexpr const char* kCardName = "model.json";

}  // namespace

std::string model_card_checksum(const std::filesystem::path& model_directory) {
  const Mapping card(model_directory / kCardName);
  return fmt::format("{:016x}", xxh3_64(card.bytes()));
}

void check_model_card(SQLite::Database& database, const std::filesystem::path& model_directory) {
  SQLite::Statement query(database, "SELECT value FROM settings WHERE key = ?");
  query.bind(1, kModelCardKey);
  if (!query.executeStep()) return;
  if (query.getColumn(0).getString() == model_card_checksum(model_directory)) return;
  throw Error(ErrorCode::kCorruptData,
              fmt::format("{} is damaged: it is not the file that the catalogue was created with",
                          (model_directory / kCardName).native()));
}

}  // namespace pressmark::store
