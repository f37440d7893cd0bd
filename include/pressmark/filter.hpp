// SPDX-License-Identifier: Apache-2.0
//
// Which images of a catalogue are meant: conditions on what is known of an image, its package and
// its seizure. One textual form, "place=Rotterdam" or "metadata.size_mm > 200", serves the command
// line, C++ and bindings; docs/filters.md defines it. Functions are safe to call from many threads.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/export.hpp"

namespace pressmark {

enum class FilterField {
  kSeizure,    // text: name
  kPackage,    // text: name, unique within a seizure only
  kPlace,      // text: of the seizure
  kAgency,     // text: of the seizure
  kDate,       // of the seizure: a year, month or day
  kKind,       // a name of ImageKind
  kFile,       // text: path
  kFormat,     // text: of the file, "jpeg" and so on
  kAdded,      // when the image was added: a year, month, day or moment, UTC
  kId,         // number
  kFileBytes,  // number
  kWidthPx,    // number
  kHeightPx,   // number
  kScale,      // number: millimetres per pixel
  kKeypoints,  // number
  kMetadata    // FilterCondition::path within the image's metadata
};
// "seizure", "file_bytes" and so on, as in the textual form.
PRESSMARK_API std::string_view to_string(FilterField field);

enum class FilterOperator {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains
};
PRESSMARK_API std::string_view to_string(
    FilterOperator op);  // "=", "!=", "<", "<=", ">", ">=", "~"

struct PRESSMARK_API FilterCondition {
  FilterField field = FilterField::kSeizure;
  FilterOperator op = FilterOperator::kEqual;
  // As text, whatever the field's type. Empty, with = and != only: the field is unknown.
  std::string value;
  // Of kMetadata, and else empty: keys from the outermost object inwards; digits count elements of
  // an array from 0.
  std::vector<std::string> path;

  // Throws Error(kInvalidArgument): the field has no such operator, or the value is none of its.
  void validate() const;
  bool operator==(const FilterCondition&) const = default;
};

// FIELD OP VALUE, blanks around each allowed. Throws Error(kInvalidArgument) that names the
// position and what was expected there.
PRESSMARK_API FilterCondition parse_filter_condition(std::string_view text);

// What parse_filter_condition reads back as the same condition.
PRESSMARK_API std::string to_string(const FilterCondition& condition);

// The images that fulfil every condition; of conditions with = on one field, one suffices.
struct PRESSMARK_API ImageFilter {
  static constexpr std::size_t kMostConditions = 500;
  std::vector<FilterCondition> conditions;  // none: every image

  // Adds a condition in its textual form. Throws as parse_filter_condition.
  ImageFilter& where(std::string_view condition);
  bool selects_all() const { return conditions.empty(); }
  // Throws Error(kInvalidArgument): a condition's own, or there are too many.
  void validate() const;
  bool operator==(const ImageFilter&) const = default;
};

}  // namespace pressmark
