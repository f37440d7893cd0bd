// SPDX-License-Identifier: Apache-2.0
//
// The images that a filter selects. SQL tests what stands in columns, and of the rows that remain
// the metadata is tested one by one.
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include "engine/store/database.hpp"
#include "engine/store/filter_sql.hpp"
#include "engine/store/metadata_filter.hpp"
#include "engine/store/rows.hpp"
#include "engine/store/store_impl.hpp"

namespace pressmark::store {
void Store::list_images(const ImageFilter& filter,
                        const std::function<bool(const CatalogueImage&)>& on_image) const {
  filter.validate();
  const FilterSql sql = filter_sql(filter);
  const MetadataFilter metadata(filter);
  with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(*impl_->database, select_images() + sql.text + "ORDER BY i.id");
    sql.bind(query);
    while (query.executeStep()) {
      const CatalogueImage image = image_from_row(query, impl_->database_file);
      if (!metadata.holds(image.facts.metadata_json)) continue;
      if (!on_image(image)) return;
    }
  });
}

std::int64_t Store::count_images(const ImageFilter& filter) const {
  std::int64_t count = 0;
  list_ids(filter, [&](ImageId) { ++count; });
  return count;
}

void Store::list_ids(const ImageFilter& filter, const std::function<void(ImageId)>& on_id) const {
  filter.validate();
  const FilterSql sql = filter_sql(filter);
  const MetadataFilter metadata(filter);
  with_database_errors(impl_->database_file, [&] {
    SQLite::Statement query(
        *impl_->database,
        fmt::format("SELECT i.id, {} FROM images i WHERE i.removed_at IS NULL {}ORDER BY i.id",
                    metadata.is_empty() ? "NULL" : "i.metadata", sql.text));
    sql.bind(query);
    while (query.executeStep()) {
      if (!metadata.is_empty()) {
        const SQLite::Column text = query.getColumn(1);
        const std::string_view json(text.getText(), static_cast<std::size_t>(text.getBytes()));
        if (!metadata.holds(json)) continue;
      }
      on_id(query.getColumn(0).getInt64());
    }
  });
}

}  // namespace pressmark::store
