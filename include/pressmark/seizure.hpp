// SPDX-License-Identifier: Apache-2.0
//
// The photos of one seizure, worked through as a whole: which distinct marks are there, how many
// packages carry each, and which catalogued seizures share them. A run lives in a directory of its
// own, where every step is kept as soon as it is done: it can be stopped or killed at any moment
// and goes on where it was, and what it writes is the same, byte for byte, for any number of
// threads and any interruptions. docs/seizure.md describes the directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/catalogue.hpp"
#include "pressmark/export.hpp"
#include "pressmark/inputs.hpp"
#include "pressmark/options.hpp"

namespace pressmark {

struct PRESSMARK_API SeizureOptions {
  // query_keypoints and show_rejected play no part: photos are compared as they are stored, and all
  // that examiners decided is stated. The filter chooses catalogued images, as they are at the
  // beginning; photos of the seizure are compared with each other whatever it says.
  MatchOptions match;
  DecodeOptions decode;
  // Within the seizure a single link between two photos makes them one mark only where so many
  // wrong ones, or fewer, are to be expected among all its pairs. (0, 1000]
  double false_links = 0.1;
  // Two groups of photos become one mark where at least this share of the pairs between them that
  // were compared is linked. [0, 1]
  double linked_share = 0.25;
  void validate() const;
};

enum class SeizureStep { kDescribe, kCompare, kReport };
PRESSMARK_API std::string_view to_string(SeizureStep step);  // "describe", "compare", "report"

// RunControl::on_progress counts the photos of the current step; the last one has pages, too.
struct SeizureControl {
  RunControl run;
  std::function<void(SeizureStep)> on_step;  // before the first progress of each
};

struct SeizureSummary {
  std::int64_t inputs = 0;           // named by the user, with those that could not be used
  std::int64_t photos = 0;           // different ones that were described
  std::int64_t duplicates = 0;       // same bytes as an earlier one
  std::int64_t failed = 0;           // not readable as a photo, or not usable as an input
  std::int64_t unusable = 0;         // described, but refused by the quality gate
  std::int64_t marks = 0;            // distinct, singletons included
  std::int64_t linked_marks = 0;     // to catalogued images
  std::int64_t linked_seizures = 0;  // catalogued
  bool interrupted = false;          // everything that was finished is kept; counts are incomplete
  bool catalogue_changed = false;    // by others, while the run went on; see manifest.json
};

// Lays down what is to be done: creates `directory`, which must not exist or be empty, with the
// list of photos, the options and the state of the catalogue. Reads no photo. `seizure` may be
// without a name; `command`: as typed, for the manifest. Throws Error: kInvalidArgument, kIo, and
// as Catalogue::open.
PRESSMARK_API void begin_seizure(const std::filesystem::path& directory,
                                 const std::filesystem::path& catalogue, const PhotoList& photos,
                                 const Seizure& seizure, const SeizureOptions& options,
                                 const std::vector<std::string>& command = {});

// Does what is still to be done. A finished run only writes its results anew, with the examiners'
// decisions of now. Photos that cannot be used never stop it. Throws Error: kNotFound (no run in
// the directory), kUnsupported (begun by another build), kInvalidArgument (the catalogue has
// changed since), kBusy (another process works on it), kCorruptData, kIo, kDevice.
PRESSMARK_API SeizureSummary continue_seizure(const std::filesystem::path& directory,
                                              const SeizureControl& control,
                                              std::string_view device = "cpu");

struct ReplayResult {
  std::int64_t files = 0;                        // compared
  std::vector<std::filesystem::path> different;  // relative; also those that only one run has
  bool interrupted = false;                      // nothing was compared
};

// Repeats a finished run from its beginning in `scratch`, which must not exist or be empty, and
// compares all results byte by byte. Errors as above, and Error(kInvalidArgument) where the run is
// not finished.
PRESSMARK_API ReplayResult replay_seizure(const std::filesystem::path& directory,
                                          const std::filesystem::path& scratch,
                                          const SeizureControl& control,
                                          std::string_view device = "cpu");

}  // namespace pressmark
