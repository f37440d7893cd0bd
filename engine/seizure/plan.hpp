// SPDX-License-Identifier: Apache-2.0
//
// What a run is to do, fixed at its beginning: `plan.json` and the photos in `inputs.jsonl`.
// Whatever is read back is what was written, so that a resumed or repeated run has the same inputs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/seizure/journal.hpp"
#include "pressmark/inputs.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark::seizure {

// Names within the directory of a run.
inline constexpr const char* kPlanName = "plan.json";
inline constexpr const char* kInputsName = "inputs.jsonl";
inline constexpr const char* kPhotosName = "photos";  // the working catalogue
inline constexpr const char* kIntakeName = "intake.jsonl";
inline constexpr const char* kAnswersName = "answers.jsonl";
inline constexpr const char* kHistoryName = "history.jsonl";
inline constexpr const char* kManifestName = "manifest.json";  // written last
inline constexpr const char* kReportName = "report";

// What tells two states of a catalogue apart without reading its descriptions.
struct CatalogueState {
  std::int64_t images = 0, removed = 0, segments = 0;
  std::int64_t searched = 0;  // that the filter selects; without one all
  std::string selection;      // XXH3-64 of the ids of these; without filter empty
  bool operator==(const CatalogueState&) const = default;
};
CatalogueState state_of(const Catalogue& catalogue, const ImageFilter& filter);

struct Plan {
  std::string build;  // build_description()
  std::vector<std::string> command;
  std::filesystem::path catalogue;  // absolute
  CatalogueState state;
  std::string model_id, model_name;
  DescribeOptions describe;
  SeizureOptions options;
  Seizure seizure;
  std::vector<Seizure> declared;  // by manifests
  std::vector<InputIssue> issues;
  std::int64_t inputs = 0;
  std::string inputs_check;  // XXH3-64 of inputs.jsonl
};

// Creates the directory. Throws Error: kInvalidArgument (not empty), kIo.
void write_plan(const std::filesystem::path& directory, Plan plan,
                const std::vector<PhotoInput>& photos);

// Throws Error: kNotFound, kCorruptData, kUnsupported.
Plan read_plan(const std::filesystem::path& directory);

// The photos in order. Throws Error: kCorruptData, kIo.
class InputReader {
 public:
  explicit InputReader(const std::filesystem::path& directory);
  std::optional<PhotoInput> next();

 private:
  JournalReader lines_;
};

// Paths are bytes, JSON is UTF-8: a name that is not is given in hexadecimal digits.
Json path_value(const std::filesystem::path& path);
std::filesystem::path path_from(const Json& value);

// Options as the plan and the manifest state them.
Json options_value(const SeizureOptions& options, const DescribeOptions& describe);

}  // namespace pressmark::seizure
