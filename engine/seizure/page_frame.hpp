// SPDX-License-Identifier: Apache-2.0
//
// What all pages of a report have in common.
#pragma once

#include <cstddef>
#include <kainjow/mustache.hpp>
#include <optional>
#include <string>

#include "engine/report/document.hpp"
#include "engine/report/output_file.hpp"

namespace pressmark::seizure {

inline constexpr auto kTrue = report::TemplateData::type::bool_true;

std::string score_text(double score);
std::string false_hits_text(double expected);

// A page in marks/, beside those of the mark before and the next one.
struct MarkPage {
  int number = 0;
  std::ptrdiff_t marks = 0;  // of the report
};

// Not thread-safe.
class PageFrame {
 public:
  PageFrame();

  void write_head(report::AtomicFile& page, const std::string& title, const std::string& kicker,
                  const std::optional<MarkPage>& mark = {});
  void write_foot(report::AtomicFile& page, bool is_mark);

 private:
  kainjow::mustache::mustache head_, foot_;
};

}  // namespace pressmark::seizure
