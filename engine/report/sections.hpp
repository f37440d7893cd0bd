// SPDX-License-Identifier: Apache-2.0
//
// What the templates show, as mustache data: plain strings made from results, not yet escaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/report/document.hpp"
#include "engine/report/picture.hpp"
#include "engine/report/run_summary.hpp"
#include "pressmark/catalogue.hpp"
#include "pressmark/inputs.hpp"

namespace pressmark::report {

// What the document contains, counted while it grows.
struct Counts {
  std::int64_t entries = 0;  // numbered sections: queries, marks and unusable inputs
  std::int64_t queries = 0, with_hits = 0, failed = 0, issues = 0;
};

TemplateData summary_data(const RunSummary& run, const Counts& counts, const MatchSummary& summary);

TemplateData query_data(std::int64_t number, const QueryResult& result, const RunSummary& run,
                        const EmbeddedPicture& picture, const DisplayFrame& frame);
TemplateData query_data(std::int64_t number, const InputIssue& issue);

TemplateData mark_data(std::int64_t number, const MarkResult& result);

TemplateData hit_data(std::int64_t number, std::size_t index, const QueryResult& result,
                      const EmbeddedPicture& query, const EmbeddedPicture& catalogued);

TemplateData index_data(std::int64_t number, const QueryResult& result);
TemplateData index_data(std::int64_t number, const MarkResult& result);
TemplateData index_data(std::int64_t number, const InputIssue& issue);

}  // namespace pressmark::report
