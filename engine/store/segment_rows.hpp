// SPDX-License-Identifier: Apache-2.0
//
// Rows that are written in one transaction with a segment. All throw SQLite::Exception, and Error
// where stated.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/segment.hpp"
#include "engine/store/store.hpp"

namespace pressmark::store {

using SeizureIds = std::map<std::string, std::int64_t, std::less<>>;

// Adds the seizure's id where it has a name. Throws Error(kNotFound) naming `subject`, which states
// it.
void add_seizure_id(SQLite::Database& database, std::string_view subject, const std::string& name,
                    SeizureIds& ids);

// Throws Error(kInvalidArgument) unless `json` is one object.
void require_metadata_object(SQLite::Database& database, std::string_view subject,
                             const std::string& json);

// Finds or creates the package of a seizure.
std::int64_t package_id(SQLite::Database& database, std::int64_t seizure, const std::string& name);

// What the database says of a segment.
struct SegmentEntry {
  SegmentFacts facts;
  bool is_named_right = false;  // its file has no name but the one of its number
};
// Nothing where the database does not name it.
std::optional<SegmentEntry> find_segment(SQLite::Database& database, std::int64_t number,
                                         int global_size);

void insert_segment(SQLite::Database& database, const SegmentFacts& facts, const std::string& now);

// Images of slots 0, 1, ... of the segment; their ids are ignored. Returns the new ones.
std::vector<ImageId> insert_images(SQLite::Database& database,
                                   std::span<const CatalogueImage> images,
                                   const SeizureIds& seizures, std::int64_t segment);

}  // namespace pressmark::store
