// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/report_pages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <kainjow/mustache.hpp>
#include <optional>
#include <set>
#include <system_error>

#include "engine/report/document.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/sections.hpp"
#include "engine/report/templates.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/drawings.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/output.hpp"
#include "engine/seizure/picture_files.hpp"
#include "engine/seizure/templates.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

using kainjow::mustache::mustache;
using report::displayable;
using report::FactList;
using report::grouped;
using report::parsed;
using report::TemplateData;

// Pairs that a page of a mark shows as pictures; the table names the others.
constexpr std::size_t kShownPairs = 12;
// Packages that the facts of a mark name; more are folded away.
constexpr int kFactPackages = 8;
// Marks that a row of a linked seizure names.
constexpr std::size_t kNamedMarks = 40;

constexpr auto kTrue = TemplateData::type::bool_true;

std::string score_text(double score) {
  return fmt::format("{:.1f}", score);
}

std::string false_hits_text(double expected) {
  return fmt::format("{:.2g}", expected);
}

std::string file_name(const std::filesystem::path& file) {
  return displayable(file.filename().native());
}

std::string mould_text(const MouldCounts& counts) {
  std::vector<std::string> parts;
  if (counts.same > 0) parts.push_back(fmt::format("supported by {}", counts.same));
  if (counts.different > 0) parts.push_back(fmt::format("spoken against by {}", counts.different));
  if (counts.cannot_tell > 0)
    parts.push_back(fmt::format("cannot be told for {}", counts.cannot_tell));
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Pages of an older report may be of marks that are no more.
std::filesystem::path emptied(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (error) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot remove {}: {}", directory.native(), error.message()));
  }
  make_directory(directory);
  return directory;
}

class ReportWriter {
 public:
  explicit ReportWriter(const ReportSources& sources)
      : from_(sources),
        directory_(emptied(sources.directory / kReportName)),
        pictures_(directory_, sources.plan.options.decode),
        engine_(sources.catalogue.model(), sources.plan.describe, sources.plan.options.decode) {
    make_directory(directory_ / "marks");
    write_file(directory_ / "style.css", std::string(report::templates::report_css()) +
                                             std::string(templates::seizure_css()));
    write_file(directory_ / "script.js",
               std::string(report::templates::report_js()) + std::string(templates::seizure_js()));
  }

  bool write(const SeizureSummary& summary, const RunControl& control) {
    const auto all = static_cast<std::int64_t>(from_.findings.marks.size()) + 1;
    std::int64_t done = 0;
    report::SpoolFile rows(directory_ / "index.html");
    for (const Mark& mark : from_.findings.marks) {
      if (control.stop.stop_requested()) return false;
      write_mark(mark, rows);
      if (control.on_progress) control.on_progress({++done, all});
    }
    write_index(summary, rows);
    if (control.on_progress) control.on_progress({all, all});
    return true;
  }

 private:
  // Of one photo by itself: the pair is shown with its own score.
  double false_hits_of(double score) const {
    return static_cast<double>(from_.plan.state.images) * std::pow(10.0, -score);
  }

  CatalogueImage photo(std::uint32_t index) const {
    CatalogueImage image;
    image.id = from_.findings.photos[index].id;
    image.info.sha256 = from_.findings.photos[index].sha256;
    return from_.photos.find(image.id).value_or(image);
  }

  void write_page_head(report::AtomicFile& page, const std::string& title,
                       const std::string& kicker, const Mark* mark = nullptr) {
    const bool is_mark = mark != nullptr;
    TemplateData data;
    data.set("title", displayable(title));
    data.set("kicker", kicker);
    data.set("root", is_mark ? "../" : "");
    if (is_mark) {
      data.set("up", kTrue);
      data.set("neighbours", kTrue);
      if (mark->number > 1) data.set("previous", mark_name(mark->number - 1));
      if (mark->number < std::ssize(from_.findings.marks)) {
        data.set("next", mark_name(mark->number + 1));
      }
    }
    page.write(page_head_.render(data));
  }

  void write_page_foot(report::AtomicFile& page, bool is_mark) {
    TemplateData data;
    data.set("root", is_mark ? "../" : "");
    page.write(page_foot_.render(data));
  }

  void write_mark(const Mark& mark, report::SpoolFile& rows) {
    const std::string name = mark_name(mark);
    report::AtomicFile page(directory_ / "marks" / (name + ".html"));
    write_page_head(page, "Mark " + name, "mark of a seizure", &mark);
    TemplateData data;
    data.set("facts", mark_facts(mark).list());
    if (mark.packages > kFactPackages) data.set("which_packages", package_names(mark));
    data.set("catalogue_images", grouped(from_.plan.state.images));
    std::size_t shown = 0;
    for (const OutsideLink& link : mark.outside) {
      if (link.holds && shown < kShownPairs) ++shown;
    }
    if (!mark.is_linked()) data.set("nothing_known", kTrue);
    if (!mark.outside.empty()) {
      data.set("has_links", kTrue);
      data.set("links", link_rows(mark, shown));
      for (const OutsideLink& link : mark.outside) {
        if (!link.holds && !link.is_rejected()) data.set("has_weak", kTrue);
      }
    }
    page.write(mark_head_.render(data));
    defined_.clear();
    if (shown > 0) page.write("<section>\n<h2>The links as pictures</h2>\n");
    for (std::size_t i = 0; i < shown; ++i) write_outside_pair(page, mark.outside[i], i);
    if (shown > 0) page.write("</section>\n");
    if (mark.weakest) write_weakest(page, from_.findings.within[*mark.weakest]);
    const std::string first_picture = write_album(page, mark);
    write_page_foot(page, true);
    page.commit();
    rows.write(mark_row_.render(row_of(mark, first_picture)));
  }

  // Returns the name of the first picture, empty where none can be shown.
  std::string write_album(report::AtomicFile& page, const Mark& mark) {
    std::string first_picture;
    TemplateData data, album{TemplateData::type::list};
    for (const std::uint32_t index : mark.photos) {
      const CatalogueImage image = photo(index);
      const PictureFiles::Small small = pictures_.small(image.file, image.info);
      if (first_picture.empty()) first_picture = small.name;
      TemplateData entry;
      entry.set("file", file_name(image.file));
      if (small.name.empty()) {
        entry.set("thumbnail", TemplateData::type::bool_false);
        entry.set("missing", small.reason);
      } else {
        entry.set("thumbnail", "../" + small.name);
      }
      if (!image.facts.package.empty()) entry.set("package", displayable(image.facts.package));
      if (const ImageId known = from_.findings.photos[index].catalogued; known > 0) {
        entry.set("catalogued", std::to_string(known));
      }
      const std::string hash = image.info.sha256.hex();
      entry.set("sha256", hash);
      entry.set("short", hash.substr(0, 12));
      album << entry;
    }
    data.set("photos", album);
    page.write(mark_photos_.render(data));
    return first_picture;
  }

  std::string package_names(const Mark& mark) const {
    std::set<std::string> names;
    for (const std::uint32_t index : mark.photos) {
      const std::int32_t package = from_.findings.photos[index].package;
      if (package < 0) continue;
      names.insert(displayable(from_.findings.packages[static_cast<std::size_t>(package)]));
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  FactList mark_facts(const Mark& mark) const {
    FactList facts;
    facts.add("Photos", grouped(static_cast<std::int64_t>(mark.photos.size())));
    facts.add("Packages", mark.packages > 0 ? grouped(mark.packages) : "");
    facts.add("Photos without a stated package", mark.unpacked > 0 ? grouped(mark.unpacked) : "");
    if (mark.packages > 0 && mark.packages <= kFactPackages) {
      facts.add("Which packages", package_names(mark));
    }
    std::vector<std::string> stated;
    for (const std::string& mark_of_manifest : mark.names) {
      stated.push_back(displayable(mark_of_manifest));
    }
    facts.add("Called in the manifest", fmt::format("{}", fmt::join(stated, ", ")));
    if (mark.photos.size() > 1) {
      facts.add("Links among its photos", grouped(mark.links));
      facts.add("One mould made all, of these links", mould_text(mark.mould));
      facts.add("Weakest link",
                mark.weakest
                    ? "score " + score_text(from_.findings.within[*mark.weakest].best.score)
                    : std::string("none: the photos are joined by what the manifest states"));
    }
    return facts;
  }

  TemplateData link_rows(const Mark& mark, std::size_t shown) const {
    TemplateData rows{TemplateData::type::list};
    for (std::size_t i = 0; i < mark.outside.size(); ++i) {
      const OutsideLink& link = mark.outside[i];
      const std::optional<CatalogueImage> image = from_.catalogue.find(link.image);
      TemplateData row;
      row.set("rank", std::to_string(i + 1));
      row.set("id", std::to_string(link.image));
      row.set("shown", i < shown ? kTrue : TemplateData::type::bool_false);
      row.set("seizure", image ? displayable(image->facts.seizure) : "");
      row.set("package", image ? displayable(image->facts.package) : "");
      row.set("score", score_text(link.score));
      if (!link.holds && !link.is_rejected()) row.set("weak", kTrue);
      row.set("false_hits", false_hits_text(link.expected_false_hits));
      row.set("false_hits_value", fmt::format("{}", link.expected_false_hits));
      row.set("by", fmt::format("{} of {}, best {}", link.hits.size(), mark.photos.size(),
                                file_name(photo(link.hits.front().photo).file)));
      row.set("mould", mould_text(link.mould));
      row.set("decision", link.is_rejected() ? "rejected" : link.is_confirmed() ? "confirmed" : "");
      rows << row;
    }
    return rows;
  }

  report::EmbeddedPicture picture(report::AtomicFile& page, const CatalogueImage& image) {
    const PictureFiles::Large& large = pictures_.large(image.file, image.info);
    if (!large.picture.id.empty() && defined_.insert(image.info.sha256).second) {
      page.write(large.definition);
    }
    return large.picture;
  }

  void write_pair(report::AtomicFile& page, const CatalogueImage& query,
                  const Description& query_description, CatalogueImage other,
                  const Description& other_description, double expected_false_hits,
                  std::size_t section, std::size_t place) {
    QueryResult result;
    result.file = query.file;
    result.ok = true;
    result.info = query.info;
    const report::EmbeddedPicture left = picture(page, query), right = picture(page, other);
    // hit_data takes hits by their place; those before are not looked at.
    result.hits.resize(place);
    result.hits.push_back(
        {std::move(other),
         engine_.verify(query_description, other_description, from_.plan.options.match.verify),
         expected_false_hits});
    page.write(hit_.render(
        report::hit_data(static_cast<std::int64_t>(section), place, result, left, right)));
  }

  void write_outside_pair(report::AtomicFile& page, const OutsideLink& link, std::size_t place) {
    std::optional<CatalogueImage> image = from_.catalogue.find(link.image);
    if (!image) return;
    const PhotoHit& best = link.hits.front();
    const CatalogueImage query = photo(best.photo);
    write_pair(page, query, from_.photos.description(query.id), *image,
               from_.catalogue.description(link.image), false_hits_of(best.figures.score), 1,
               place);
  }

  void write_weakest(report::AtomicFile& page, const WithinLink& link) {
    page.write(
        "<section>\n<h2>The weakest link of this mark</h2>\n<p>Without it the mark would fall into "
        "two. Both photos are of this seizure.</p>\n");
    const CatalogueImage query = photo(link.is_from_a ? link.a : link.b);
    CatalogueImage other = photo(link.is_from_a ? link.b : link.a);
    other.added_at.clear();  // of the working catalogue: says nothing
    const Description query_description = from_.photos.description(query.id);
    const Description other_description = from_.photos.description(other.id);
    write_pair(page, query, query_description, std::move(other), other_description, 0, 2, 0);
    page.write("</section>\n");
  }

  TemplateData row_of(const Mark& mark, const std::string& thumbnail) const {
    TemplateData row;
    row.set("name", mark_name(mark));
    row.set("number", std::to_string(mark.number));
    if (!mark.names.empty()) {
      row.set("names", displayable(fmt::format("{}", fmt::join(mark.names, ", "))));
    }
    if (!thumbnail.empty()) row.set("thumbnail", thumbnail);
    row.set("photos", std::to_string(mark.photos.size()));
    row.set("packages", std::to_string(mark.packages));
    row.set("unpacked", std::to_string(mark.unpacked));
    row.set("weakest",
            mark.weakest ? score_text(from_.findings.within[*mark.weakest].best.score) : "");
    std::set<std::string> seizures;
    for (const OutsideLink& link : mark.outside) {
      const auto image = link.holds ? from_.catalogue.find(link.image) : std::nullopt;
      if (!image) continue;
      seizures.insert(image->facts.seizure.empty() ? fmt::format("image {}", link.image)
                                                   : displayable(image->facts.seizure));
    }
    const bool is_linked = mark.is_linked();
    row.set("score", is_linked ? score_text(mark.outside.front().score) : "");
    row.set("false_hits",
            is_linked ? false_hits_text(mark.outside.front().expected_false_hits) : "");
    row.set("false_hits_value",
            is_linked ? fmt::format("{}", mark.outside.front().expected_false_hits) : "");
    row.set("seizures", fmt::format("{}", fmt::join(seizures, ", ")));
    return row;
  }

  void write_index(const SeizureSummary& summary, report::SpoolFile& rows) {
    const Seizure& own = from_.plan.seizure;
    report::AtomicFile page(directory_ / "index.html");
    write_page_head(page, own.name.empty() ? "Seizure report" : "Seizure " + own.name,
                    "seizure report");
    TemplateData data;
    if (summary.catalogue_changed) data.set("changed", kTrue);
    data.set("catalogue_images", grouped(from_.plan.state.images));
    data.set("compared", grouped(static_cast<std::int64_t>(from_.findings.photos.size())));
    data.set("marks", grouped(summary.marks));
    data.set("linked_marks", grouped(summary.linked_marks));
    data.set("left_out", grouped(summary.unusable + summary.duplicates + summary.failed));
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
    write_page_foot(page, false);
    page.commit();
  }

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
    const bool is_none = summary.unusable + summary.duplicates + summary.failed == 0;
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
  std::filesystem::path directory_;
  PictureFiles pictures_;
  Engine engine_;
  std::set<Sha256> defined_;  // pictures on the page that is being written
  mustache page_head_ = parsed(templates::page_head_html());
  mustache page_foot_ = parsed(templates::page_foot_html());
  mustache mark_head_ = parsed(templates::mark_head_html());
  mustache mark_photos_ = parsed(templates::mark_photos_html());
  mustache mark_row_ = parsed(templates::mark_row_html());
  mustache hit_ = parsed(report::templates::hit_html());
};

}  // namespace

bool write_report(const ReportSources& sources, const SeizureSummary& summary,
                  const RunControl& control) {
  return ReportWriter(sources).write(summary, control);
}

}  // namespace pressmark::seizure
