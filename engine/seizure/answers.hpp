// SPDX-License-Identifier: Apache-2.0
//
// Second step of a run: each usable photo compared with the catalogue and with the other photos of
// the seizure. Figures only: what is shown of a pair is computed again from the two stored
// descriptions, and is the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "engine/seizure/journal.hpp"
#include "engine/seizure/plan.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

// A verified pair, as one direction of comparison gives it.
struct PairFigures {
  ImageId other = 0;
  double score = 0, evidence = 0;
  int inliers = 0, agreeing_cells = 0;
  MouldVerdict mould = MouldVerdict::kCannotTell;
  double mould_evidence = 0;  // as MouldAnswer::evidence
};

struct Answer {
  ImageId photo = 0;                 // in the working catalogue
  std::vector<PairFigures> outside;  // catalogued images, by score
  std::vector<PairFigures> within;   // photos of the seizure, by score
  std::vector<ImageId> compared;     // photos of the seizure, ascending
};

// As the journal holds it.
Json record_value(const Answer& answer);

// Brings the journal up to all `usable` photos (ascending). False where it was stopped before.
bool compare_all(const Catalogue& catalogue, const Catalogue& photos,
                 std::span<const ImageId> usable, const SeizureOptions& options, Journal& journal,
                 const RunControl& control);

// In order of photos. Throws Error: kCorruptData, kIo.
class AnswerReader {
 public:
  explicit AnswerReader(const std::filesystem::path& directory);
  std::optional<Answer> next();

 private:
  JournalReader lines_;
};

}  // namespace pressmark::seizure
