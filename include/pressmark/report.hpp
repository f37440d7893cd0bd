// SPDX-License-Identifier: Apache-2.0
//
// A self-contained HTML report of match results: one file, no network, readable without scripts.
// Written as results arrive, so its memory does not grow with their number.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "pressmark/catalogue.hpp"
#include "pressmark/export.hpp"

namespace pressmark {

struct PRESSMARK_API ReportOptions {
  std::string title = "Pressmark report";
  std::string manifest_json = "{}";  // the run manifest, shown and embedded as it stands
  int preview_long_side_px = 640;    // 64..4096; pictures are embedded as JPEG of this size
  DecodeOptions decode;
  void validate() const;
};

// Pictures are read from the files that results name. A catalogued file that is gone, or whose
// SHA-256 has changed, is not shown and the report says so.
class PRESSMARK_API HtmlReport {
 public:
  // Throws Error(kIo). The file appears under its name only when finish() succeeds.
  HtmlReport(const std::filesystem::path& file, const ReportOptions& options);
  ~HtmlReport();
  HtmlReport(HtmlReport&&) noexcept;
  HtmlReport& operator=(HtmlReport&&) noexcept;

  void add(const QueryResult& result);       // throws Error(kIo)
  void finish(const MatchSummary& summary);  // throws Error(kIo)

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark
