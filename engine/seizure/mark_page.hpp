// SPDX-License-Identifier: Apache-2.0
//
// The page of one mark: its facts, its links with pictures of the best, its photos.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/seizure/findings.hpp"
#include "engine/seizure/picture_files.hpp"
#include "engine/seizure/report_lookup.hpp"
#include "engine/seizure/report_pages.hpp"
#include "pressmark/engine.hpp"

namespace pressmark::seizure {

// The folder of these pages within the report.
inline constexpr const char* kMarkPagesName = "marks";

struct ReportPictures {
  PictureFiles files;
  // Why photos, by their index in Findings::photos, have no album picture. All others have one.
  std::map<std::uint32_t, std::string> missing;
};

// For one thread at a time; several share what they are given.
class MarkPageWriter {
 public:
  MarkPageWriter(const ReportSources& sources, ReportLookup& lookup, ReportPictures& pictures,
                 const Engine& engine);
  ~MarkPageWriter();
  MarkPageWriter(const MarkPageWriter&) = delete;
  MarkPageWriter& operator=(const MarkPageWriter&) = delete;

  // Returns the mark's row in the table of all marks. Throws Error: kIo, kCorruptData.
  std::string write(const Mark& mark);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark::seizure
