// SPDX-License-Identifier: Apache-2.0
//
// First step of a run: what became of each input, in order. The photos themselves, described, are
// in the working catalogue.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/seizure/journal.hpp"
#include "engine/seizure/plan.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/seizure.hpp"

namespace pressmark::seizure {

struct IntakeRecord {
  AddStatus status = AddStatus::kFailed;
  ErrorCode code = ErrorCode::kIo;  // where failed
  std::string reason;               // where failed
  ImageId id = 0;                   // in the working catalogue; where failed 0
  PhotoInfo info;
  int keypoints = 0;
  std::string quality;  // what is wrong with the photo; else empty

  // Whether it is compared with others.
  bool is_usable(bool quality_gate) const {
    return status == AddStatus::kAdded && keypoints > 0 && (!quality_gate || quality.empty());
  }
};

// As the journal holds it.
Json record_value(const IntakeRecord& record);

// Brings the journal up to all inputs of the plan. False where it was stopped before.
bool take_in(const std::filesystem::path& directory, const Plan& plan, Catalogue& photos,
             Journal& journal, const RunControl& control);

// One record for each input, in order. Throws Error: kCorruptData, kIo.
class IntakeReader {
 public:
  explicit IntakeReader(const std::filesystem::path& directory);
  std::optional<IntakeRecord> next();

 private:
  JournalReader lines_;
};

// Inputs with what became of them, as far as the journal goes.
void for_each_input(
    const std::filesystem::path& directory,
    const std::function<void(std::int64_t number, const PhotoInput&, const IntakeRecord&)>& visit);

}  // namespace pressmark::seizure
