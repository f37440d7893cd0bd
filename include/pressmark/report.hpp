// SPDX-License-Identifier: Apache-2.0
//
// Self-contained HTML reports, first of match results: one file, no network, readable without
// scripts. Written as results arrive, so its memory does not grow with their number. Needs about
// twice the report's size on disk while it is being finished.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "pressmark/catalogue.hpp"
#include "pressmark/evaluate.hpp"
#include "pressmark/export.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark {

// What the engine says about the mould of a pair, why, and how often such an answer is wrong, in a
// few sentences for a report.
PRESSMARK_API std::string explain(const MouldAnswer& answer);

struct PRESSMARK_API ReportOptions {
  std::string title = "Pressmark report";
  // The run manifest (run_manifest_json in json.hpp): shown and embedded as it stands. The summary
  // names catalogue, model, thresholds, dates and build as far as the manifest states them.
  std::string manifest_json = "{}";
  int preview_long_side_px = 640;  // 64..4096; pictures are embedded as JPEG of this size
  DecodeOptions decode;
  void validate() const;
};

// Pictures are read from the files that results name. A file that is gone, or whose SHA-256 has
// changed, is not shown and the report says so. An object is used by one thread at a time.
class PRESSMARK_API HtmlReport {
 public:
  // Throws Error: kInvalidArgument (options; the manifest is not a JSON object), kIo. The file
  // appears under its name only when finish() succeeds; an older one stays until then.
  HtmlReport(const std::filesystem::path& file, const ReportOptions& options);
  ~HtmlReport();
  HtmlReport(HtmlReport&&) noexcept;
  HtmlReport& operator=(HtmlReport&&) noexcept;

  void add(const QueryResult& result);  // throws Error(kIo)
  void add(const MarkResult& result);   // after its photos; throws Error(kIo)
  void add(const InputIssue& issue);    // an input that never became a query; throws Error(kIo)

  // Ends the report; nothing can be added afterwards. `manifest_json`, if not empty, takes the
  // place of the one in the options: a run knows its end and its counts only now.
  // Throws Error(kIo), also where an earlier add() failed.
  void finish(const MatchSummary& summary, const std::string& manifest_json = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An evaluation as a report of the same kind: figures, curves, score histograms, and the pairs
// that went wrong as pictures. Throws Error: kInvalidArgument, kIo.
PRESSMARK_API void write_evaluation_report(const std::filesystem::path& file,
                                           const EvaluationResult& result,
                                           const ReportOptions& options);

}  // namespace pressmark
