// SPDX-License-Identifier: Apache-2.0
#include "engine/store/segment_rows.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <bit>

#include "engine/store/rows.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {

void add_seizure_id(SQLite::Database& database, std::string_view subject, const std::string& name,
                    SeizureIds& ids) {
  if (name.empty() || ids.contains(name)) return;
  SQLite::Statement query(database, "SELECT id FROM seizures WHERE name = ?");
  query.bind(1, name);
  if (!query.executeStep()) {
    throw Error(ErrorCode::kNotFound,
                fmt::format("{}: seizure '{}' is not in the catalogue", subject, name));
  }
  ids[name] = query.getColumn(0).getInt64();
}

void require_metadata_object(SQLite::Database& database, std::string_view subject,
                             const std::string& json) {
  SQLite::Statement query(database, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) END");
  query.bind(1, json);
  query.executeStep();
  if (query.getColumn(0).getString() != "object") {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: the metadata is not a JSON object", subject));
  }
}

std::int64_t package_id(SQLite::Database& database, std::int64_t seizure, const std::string& name) {
  SQLite::Statement find(database, "SELECT id FROM packages WHERE seizure = ? AND name = ?");
  find.bind(1, seizure);
  find.bind(2, name);
  if (find.executeStep()) return find.getColumn(0).getInt64();
  SQLite::Statement insert(database, "INSERT INTO packages(seizure, name) VALUES(?, ?)");
  insert.bind(1, seizure);
  insert.bind(2, name);
  insert.exec();
  return database.getLastInsertRowid();
}

std::optional<SegmentEntry> find_segment(SQLite::Database& database, std::int64_t number,
                                         int global_size) {
  SQLite::Statement query(
      database, "SELECT file, model_id, images, bytes, checksum FROM segments WHERE number = ?");
  query.bind(1, number);
  if (!query.executeStep()) return std::nullopt;
  SegmentEntry entry;
  entry.is_named_right = query.getColumn(0).getString() == segment_file_name(number);
  entry.facts.number = number;
  entry.facts.model_id = query.getColumn(1).getString();
  entry.facts.images = query.getColumn(2).getInt();
  entry.facts.global_size = global_size;
  entry.facts.bytes = query.getColumn(3).getInt64();
  entry.facts.checksum = std::bit_cast<std::uint64_t>(query.getColumn(4).getInt64());
  return entry;
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

std::vector<ImageId> insert_images(SQLite::Database& database,
                                   std::span<const CatalogueImage> images,
                                   const SeizureIds& seizures, std::int64_t segment) {
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> packages;
  SQLite::Statement insert(
      database,
      "INSERT INTO images(sha256, segment, slot, keypoints, seizure, package, kind, format, "
      "file_bytes, width_px, height_px, orientation, scale_mm_per_px, roi_x, roi_y, roi_width, "
      "roi_height, added_at, file, metadata) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  std::vector<ImageId> ids;
  ids.reserve(images.size());
  for (const CatalogueImage& image : images) {
    const ImageFacts& facts = image.facts;
    insert.reset();
    insert.clearBindings();  // what stays unbound is NULL
    bind_bytes(insert, 1, image.info.sha256);
    insert.bind(2, segment);
    insert.bind(3, static_cast<std::int64_t>(ids.size()));
    insert.bind(4, std::int64_t{image.keypoints});
    if (!facts.seizure.empty()) {
      const std::int64_t seizure = seizures.at(facts.seizure);
      insert.bind(5, seizure);
      if (!facts.package.empty()) {
        const auto [known, is_new] = packages.try_emplace({seizure, facts.package}, 0);
        if (is_new) known->second = package_id(database, seizure, facts.package);
        insert.bind(6, known->second);
      }
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
    insert.bind(18, image.added_at);
    bind_bytes(insert, 19, image.file);
    insert.bind(20, facts.metadata_json);
    insert.exec();
    ids.push_back(database.getLastInsertRowid());
  }
  return ids;
}

}  // namespace pressmark::store
