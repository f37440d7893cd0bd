// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/overview_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <kainjow/mustache.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/document.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/drawings.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/templates.hpp"

namespace pressmark::seizure {
namespace {

using kainjow::mustache::mustache;
using report::displayable;
using report::FactList;
using report::grouped;
using report::parsed;
using report::TemplateData;

// Marks that a row of a linked seizure names.
constexpr std::size_t kNamedMarks = 40;

std::int64_t left_out(const SeizureSummary& summary) {
  return summary.unusable + summary.duplicates + summary.failed;
}

class Overview {
 public:
  explicit Overview(const ReportSources& sources) : from_(sources) {}

  void write(const std::filesystem::path& file, const SeizureSummary& summary, PageFrame& frame,
             report::SpoolFile& rows) const {
    const Seizure& own = from_.plan.seizure;
    report::AtomicFile page(file);
    frame.write_head(page, own.name.empty() ? "Seizure report" : "Seizure " + own.name,
                     "seizure report");
    TemplateData data;
    if (summary.catalogue_changed) data.set("changed", kTrue);
    data.set("searched_images", grouped(from_.plan.state.searched));
    if (!from_.plan.options.match.filter.selects_all()) data.set("has_conditions", kTrue);
    data.set("catalogue_images", grouped(from_.plan.state.images));
    data.set("compared", grouped(static_cast<std::int64_t>(from_.findings.photos.size())));
    data.set("marks", grouped(summary.marks));
    data.set("linked_marks", grouped(summary.linked_marks));
    data.set("left_out", grouped(left_out(summary)));
    if (summary.linked_seizures > 0) {
      data.set("linked_seizures", grouped(summary.linked_seizures));
    }
    if (summary.linked_marks == 0) data.set("nothing_known", kTrue);
    if (const Mark* strongest = strongest_mark()) data.set("strongest", strongest_data(*strongest));
    if (!from_.findings.marks.empty() && from_.findings.marks.front().packages > 1) {
      data.set("largest", largest_data(from_.findings.marks.front()));
    }
    page.write(parsed(templates::overview_html()).render(data));
    if (!from_.linked.empty()) write_linked(page);
    TemplateData marks;
    if (from_.findings.marks.empty()) marks.set("empty", kTrue);
    page.write(parsed(templates::marks_head_html()).render(marks));
    page.append(rows);
    page.write("</tbody></table>\n</section>\n");
    write_left_out(page, summary);
    write_about(page, summary);
    frame.write_foot(page, false);
    page.commit(report::Durability::kLater);
  }

 private:
  // Of the links that hold; null where none does.
  const Mark* strongest_mark() const {
    const Mark* strongest = nullptr;
    for (const Mark& mark : from_.findings.marks) {
      if (!mark.is_linked()) continue;
      if (strongest == nullptr || mark.outside.front().score > strongest->outside.front().score) {
        strongest = &mark;
      }
    }
    return strongest;
  }

  TemplateData strongest_data(const Mark& mark) const {
    const OutsideLink& link = mark.outside.front();
    const std::optional<CatalogueImage> image = from_.catalogue.find(link.image);
    TemplateData data;
    data.set("mark", mark_name(mark));
    data.set("with", image && !image->facts.seizure.empty()
                         ? "seizure " + displayable(image->facts.seizure)
                         : fmt::format("image {}", link.image));
    data.set("score", score_text(link.score));
    data.set("false_hits", false_hits_text(link.expected_false_hits));
    return data;
  }

  static TemplateData largest_data(const Mark& mark) {
    TemplateData data;
    data.set("mark", mark_name(mark));
    std::string carriers = fmt::format("{} packages", grouped(mark.packages));
    if (mark.unpacked > 0) {
      carriers += fmt::format(" and {} photo{} without a stated package", grouped(mark.unpacked),
                              mark.unpacked == 1 ? "" : "s");
    }
    data.set("carriers", carriers);
    return data;
  }

  void write_about(report::AtomicFile& page, const SeizureSummary& summary) const {
    const Seizure& own = from_.plan.seizure;
    TemplateData data;
    data.set("sure_score", "score " + score_text(from_.findings.sure_score));
    FactList facts;
    facts.add("Place", displayable(own.place));
    facts.add("Date", displayable(own.date));
    facts.add("Agency", displayable(own.agency));
    facts.add("Inputs", grouped(summary.inputs));
    facts.add("Unusable photos", grouped(summary.unusable));
    facts.add("Duplicates", grouped(summary.duplicates));
    facts.add("Failed", grouped(summary.failed));
    facts.add("Catalogued seizures linked", grouped(summary.linked_seizures));
    facts.add("Catalogue", displayable(from_.plan.catalogue.native()), true);
    facts.add("Images in the catalogue", grouped(from_.plan.state.images));
    const ImageFilter& filter = from_.plan.options.match.filter;
    if (!filter.selects_all()) {
      std::vector<std::string> conditions;
      for (const FilterCondition& condition : filter.conditions) {
        conditions.push_back(displayable(to_string(condition)));
      }
      facts.add("Conditions", fmt::format("{}", fmt::join(conditions, "; ")), true);
      facts.add("Images searched", grouped(from_.plan.state.searched));
    }
    facts.add("Model", from_.plan.model_name + " " + from_.plan.model_id);
    facts.add("Score of a hit",
              fmt::format("{:g} or more", from_.plan.options.match.verify.min_score));
    facts.add("Build", from_.plan.build);
    data.set("facts", facts.list());
    page.write(parsed(templates::about_html()).render(data));
  }

  void write_linked(report::AtomicFile& page) const {
    TemplateData data;
    data.set("graph", draw_links(from_.findings, from_.linked));
    data.set("timeline", draw_time_line(from_.plan.seizure, from_.linked));
    data.set("map", draw_map(own_position(from_.directory), from_.linked));
    TemplateData rows{TemplateData::type::list};
    for (const LinkedSeizure& other : from_.linked) {
      TemplateData row, links{TemplateData::type::list};
      row.set("name", displayable(other.title()));
      row.set("date", displayable(other.facts.date));
      row.set("place", displayable(other.facts.place));
      row.set("agency", displayable(other.facts.agency));
      row.set("marks", std::to_string(other.marks.size()));
      row.set("packages", std::to_string(other.packages.size()));
      row.set("images", std::to_string(other.images.size()));
      std::size_t named = 0;
      for (const auto& [mark, score] : other.marks) {
        if (++named > kNamedMarks) continue;
        TemplateData link;
        link.set("mark", mark_name(mark));
        links << link;
      }
      row.set("score", score_text(other.best_score()));
      row.set("links", links);
      row.set("more", named > kNamedMarks ? fmt::format("and {} more", named - kNamedMarks) : "");
      rows << row;
    }
    data.set("rows", rows);
    page.write(parsed(templates::linked_head_html()).render(data));
  }

  void write_left_out(report::AtomicFile& page, const SeizureSummary& summary) const {
    const bool is_none = left_out(summary) == 0;
    TemplateData head;
    head.set("none", is_none ? kTrue : TemplateData::type::bool_false);
    page.write(parsed(templates::photos_head_html()).render(head));
    mustache line = parsed(templates::left_out_row_html());
    const auto write_row = [&](const std::string& input, const std::string& file,
                               const std::string& status, const std::string& reason) {
      TemplateData row;
      row.set("input", input);
      row.set("file", displayable(file));
      row.set("status", status);
      row.set("class", status == "failed" ? "failed" : "none");
      row.set("reason", displayable(reason));
      page.write(line.render(row));
    };
    std::vector<std::int64_t> input_of(1, 0);
    for_each_input(from_.directory, [&](std::int64_t number, const PhotoInput& photo,
                                        const IntakeRecord& record) {
      const std::string input = std::to_string(number + 1);
      switch (record.status) {
        case AddStatus::kAdded:
          input_of.push_back(number + 1);
          if (!record.is_usable(from_.plan.options.match.quality_gate)) {
            write_row(input, photo.file.native(), "unusable",
                      record.quality.empty() ? "no keypoints: nothing to compare" : record.quality);
          }
          break;
        case AddStatus::kDuplicate:
          write_row(input, photo.file.native(), "duplicate",
                    fmt::format("same bytes as input {}",
                                input_of.at(static_cast<std::size_t>(record.id))));
          break;
        case AddStatus::kFailed:
          write_row(input, photo.file.native(), "failed", record.reason);
          break;
      }
    });
    for (const InputIssue& issue : from_.plan.issues) {
      write_row("", issue.file, "failed", issue.reason);
    }
    page.write(is_none ? "</section>\n" : "</tbody></table>\n</section>\n");
  }

  const ReportSources& from_;
};

}  // namespace

void write_overview(const ReportSources& sources, const std::filesystem::path& file,
                    const SeizureSummary& summary, PageFrame& frame, report::SpoolFile& rows) {
  Overview(sources).write(file, summary, frame, rows);
}

}  // namespace pressmark::seizure
