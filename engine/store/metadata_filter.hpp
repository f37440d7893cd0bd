// SPDX-License-Identifier: Apache-2.0
//
// Conditions on what a photo's metadata says under a key. Metadata is free JSON, often of text only
// (a table's cells), so that numbers are compared as numbers even where they are written as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pressmark/filter.hpp"

namespace pressmark::store {

// Const methods are safe to call from many threads.
class MetadataFilter {
 public:
  // Takes the filter's conditions on metadata; it is valid.
  explicit MetadataFilter(const ImageFilter& filter);

  bool is_empty() const { return groups_.empty(); }

  // Whether all hold; of conditions with = on one path, one suffices. Text that is not a JSON
  // object knows nothing.
  bool holds(std::string_view metadata_json) const;

 private:
  // One path, and conditions of which one must hold: several have =, or there is a single one.
  struct Group {
    std::vector<std::string> path;
    FilterOperator op = FilterOperator::kEqual;
    std::vector<std::string> values;
  };
  std::vector<Group> groups_;
};

}  // namespace pressmark::store
