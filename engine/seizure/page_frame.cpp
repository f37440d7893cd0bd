// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/page_frame.hpp"

#include <fmt/format.h>

#include "engine/report/text.hpp"
#include "engine/seizure/findings.hpp"
#include "engine/seizure/templates.hpp"

namespace pressmark::seizure {

using report::TemplateData;

std::string score_text(double score) {
  return fmt::format("{:.1f}", score);
}

std::string false_hits_text(double expected) {
  return fmt::format("{:.2g}", expected);
}

PageFrame::PageFrame()
    : head_(report::parsed(templates::page_head_html())),
      foot_(report::parsed(templates::page_foot_html())) {}

void PageFrame::write_head(report::AtomicFile& page, const std::string& title,
                           const std::string& kicker, const std::optional<MarkPage>& mark) {
  TemplateData data;
  data.set("title", report::displayable(title));
  data.set("kicker", kicker);
  data.set("root", mark ? "../" : "");
  if (mark) {
    data.set("up", kTrue);
    data.set("neighbours", kTrue);
    if (mark->number > 1) data.set("previous", mark_name(mark->number - 1));
    if (mark->number < mark->marks) data.set("next", mark_name(mark->number + 1));
  }
  page.write(head_.render(data));
}

void PageFrame::write_foot(report::AtomicFile& page, bool is_mark) {
  TemplateData data;
  data.set("root", is_mark ? "../" : "");
  page.write(foot_.render(data));
}

}  // namespace pressmark::seizure
