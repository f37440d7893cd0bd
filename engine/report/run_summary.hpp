// SPDX-License-Identifier: Apache-2.0
//
// What a report says about its run as a whole, taken from the run manifest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pressmark::report {

struct RunSummary {
  std::vector<std::pair<std::string, std::string>> facts;  // label and value, for people
  std::optional<std::int64_t> catalogue_images;
  std::optional<std::int64_t> searched_images;  // where conditions chose among them
  std::string conditions;                       // "place=Bonn and date>=2023"; empty: none
  std::optional<double> min_score;
  std::optional<std::int64_t> min_inliers, min_cells;
};

// Throws Error(kInvalidArgument) where `manifest_json` is not a JSON object. Fields that are
// absent or of an unexpected type are left out.
RunSummary summarise_run(const std::string& manifest_json);

// Indented for people, with at most the first 200 entries of "inputs".
std::string pretty_manifest(const std::string& manifest_json);

// For a <script> element: no "<" is left, so neither "</script" nor "<!--" can end or change it.
// The parsed value is the same. Invalid UTF-8 is replaced.
std::string script_safe_json(const std::string& manifest_json);

// "score 8 or more from at least 8 inliers", or as much of it as is known; empty if nothing is.
std::string threshold_text(const RunSummary& run);

// "None of the 31 images in this catalogue", or of those that were searched.
std::string none_of_searched(const RunSummary& run);

}  // namespace pressmark::report
