// SPDX-License-Identifier: Apache-2.0
//
// Results as JSON. Each record is one object on one line without a line end, in UTF-8, with its
// kind in "type". Every field of a kind is always present, in a fixed order; what is unknown or
// does not apply is null. Bytes of file names that are not UTF-8 become U+FFFD. docs/json.md
// specifies all fields. Functions are safe to call from many threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pressmark/catalogue.hpp"
#include "pressmark/evaluate.hpp"
#include "pressmark/export.hpp"
#include "pressmark/inputs.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

PRESSMARK_API std::string to_json(const AddReport& photo);            // "add"
PRESSMARK_API std::string to_json(const QueryResult& result);         // "query", hits nested
PRESSMARK_API std::string to_json(const MarkResult& result);          // "mark"
PRESSMARK_API std::string to_json(const CatalogueImage& image);       // "image"
PRESSMARK_API std::string to_json(const SeizureInfo& seizure);        // "seizure"
PRESSMARK_API std::string to_json(const Decision& decision);          // "decision"
PRESSMARK_API std::string to_json(const CatalogueInfo& info);         // "catalogue"
PRESSMARK_API std::string to_json(const AuditReport& report);         // "audit"
PRESSMARK_API std::string to_json(const InputIssue& issue);           // "input"
PRESSMARK_API std::string to_json(const CompactReport& report);       // "compact"
PRESSMARK_API std::string to_json(const FactConflict& conflict);      // "conflict"
PRESSMARK_API std::string to_json(const ImportReport& report);        // "import"
PRESSMARK_API std::string to_json(const CatalogueProblem& problem);   // "problem"
PRESSMARK_API std::string to_json(const CheckReport& report);         // "check"
PRESSMARK_API std::string to_json(const LostImage& image);            // "lost"
PRESSMARK_API std::string to_json(const RepairReport& report);        // "repair"
PRESSMARK_API std::string to_json(const Verification& verification);  // "verification"
PRESSMARK_API std::string to_json(const EvaluationResult& result);    // "evaluation"

// One "query" record without nested hits, then one "hit" record for each hit, by rank.
PRESSMARK_API std::vector<std::string> to_json_lines(const QueryResult& result);

struct InputHash {
  std::filesystem::path file;
  Sha256 sha256;
};

// What is needed to judge and to repeat a run. Leave out what plays no part in it.
struct RunFacts {
  std::vector<std::string> command;  // program and arguments
  std::string device;                // Engine::device()
  int threads = 0;                   // 0: one per processor
  std::string model_id, model_name;
  std::optional<std::filesystem::path> catalogue;
  std::optional<std::int64_t> catalogue_images;
  std::optional<std::int64_t> searched_images;  // those of them that MatchOptions::filter selects
  std::optional<DecodeOptions> decode;
  std::optional<DescribeOptions> describe;
  std::optional<MatchOptions> match;
  std::optional<AddOptions> add;
  std::optional<EvaluateOptions> evaluate;
  std::string started_at, finished_at;  // UTC, ISO 8601; empty: not stated
  std::optional<MatchSummary> matched;  // counts of a match run
  std::optional<AddSummary> added;      // counts of an add run
  std::vector<InputHash> inputs;        // an all-zero hash: the file could not be read
};

// A "run" object that also states the build. Indented by `indent` spaces; on one line where it is
// negative.
PRESSMARK_API std::string run_manifest_json(const RunFacts& facts, int indent = 2);

}  // namespace pressmark
