// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/mark_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <kainjow/mustache.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/report/document.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/sections.hpp"
#include "engine/report/templates.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/page_frame.hpp"
#include "engine/seizure/templates.hpp"

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

}  // namespace

class MarkPageWriter::Impl {
 public:
  Impl(const ReportSources& sources, ReportLookup& lookup, ReportPictures& pictures,
       const Engine& engine)
      : from_(sources), lookup_(lookup), pictures_(pictures), engine_(engine) {}

  std::string write(const Mark& mark) {
    const std::string name = mark_name(mark);
    report::AtomicFile page(from_.directory / kReportName / kMarkPagesName / (name + ".html"));
    frame_.write_head(page, "Mark " + name, "mark of a seizure",
                      MarkPage{mark.number, std::ssize(from_.findings.marks)});
    TemplateData data;
    data.set("facts", mark_facts(mark).list());
    if (mark.packages > kFactPackages) data.set("which_packages", package_names(mark));
    data.set("searched_images", grouped(from_.plan.state.searched));
    if (!from_.plan.options.match.filter.selects_all()) data.set("has_conditions", kTrue);
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
    frame_.write_foot(page, true);
    page.commit(report::Durability::kLater);
    return mark_row_.render(row_of(mark, first_picture));
  }

 private:
  // Of one photo by itself: the pair is shown with its own score.
  double false_hits_of(double score) const {
    return static_cast<double>(from_.plan.state.searched) * std::pow(10.0, -score);
  }

  // Returns the name of the first picture, empty where none can be shown.
  std::string write_album(report::AtomicFile& page, const Mark& mark) {
    std::string first_picture;
    TemplateData data, album{TemplateData::type::list};
    for (const std::uint32_t index : mark.photos) {
      const CatalogueImage image = lookup_.photo(index);
      const auto missing = pictures_.missing.find(index);
      const bool is_shown = missing == pictures_.missing.end();
      const std::string small = small_picture_name(image.info.sha256);
      if (is_shown && first_picture.empty()) first_picture = small;
      TemplateData entry;
      entry.set("file", file_name(image.file));
      entry.set("input", std::to_string(input_of(index)));
      if (is_shown) {
        entry.set("thumbnail", "../" + small);
      } else {
        entry.set("thumbnail", TemplateData::type::bool_false);
        entry.set("missing", missing->second);
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
      const std::optional<CatalogueImage> image = lookup_.image(link.image);
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
                                file_name(lookup_.photo(link.hits.front().photo).file)));
      row.set("mould", mould_text(link.mould));
      row.set("decision", link.is_rejected() ? "rejected" : link.is_confirmed() ? "confirmed" : "");
      rows << row;
    }
    return rows;
  }

  report::EmbeddedPicture picture(report::AtomicFile& page, const CatalogueImage& image) {
    const PictureFiles::Large large = pictures_.files.large(image.file, image.info);
    if (!large.picture.id.empty() && defined_.insert(image.info.sha256).second) {
      page.write(large.definition);
    }
    return large.picture;
  }

  // As photos.csv counts.
  std::int64_t input_of(std::uint32_t photo) const {
    return from_.findings.photos[photo].input + 1;
  }

  // Which photo of the seizure is on the left.
  std::string query_text(std::uint32_t photo, const CatalogueImage& image) const {
    const std::string& package = image.facts.package;
    return fmt::format("Query: input {}{}{}, {}, SHA-256 {}", input_of(photo),
                       package.empty() ? "" : ", package ", displayable(package),
                       displayable(image.file.native()), image.info.sha256.hex());
  }

  // `adapt` may change what the page says of the pair.
  template <typename Adapt>
  void write_pair(report::AtomicFile& page, std::uint32_t photo, CatalogueImage other,
                  const Description& other_description, double expected_false_hits,
                  std::size_t section, std::size_t place, const Adapt& adapt) {
    const CatalogueImage query = lookup_.photo(photo);
    const Description query_description = lookup_.photo_description(query.id);
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
    TemplateData data =
        report::hit_data(static_cast<std::int64_t>(section), place, result, left, right);
    data.set("of_query", query_text(photo, query));
    adapt(data);
    page.write(hit_.render(data));
  }

  void write_outside_pair(report::AtomicFile& page, const OutsideLink& link, std::size_t place) {
    const std::optional<CatalogueImage> image = lookup_.image(link.image);
    const std::optional<Description> description = lookup_.image_description(link.image);
    if (!image || !description) return;  // removed by another process since
    const PhotoHit& best = link.hits.front();
    write_pair(page, best.photo, *image, *description, false_hits_of(best.figures.score), 1, place,
               [](TemplateData&) {});
  }

  void write_weakest(report::AtomicFile& page, const WithinLink& link) {
    page.write(
        "<section>\n<h2>The weakest link of this mark</h2>\n<p>Without it the mark would fall into "
        "two. Both photos are of this seizure.</p>\n");
    const std::uint32_t query = link.is_from_a ? link.a : link.b;
    const std::uint32_t second = link.is_from_a ? link.b : link.a;
    CatalogueImage other = lookup_.photo(second);
    other.added_at.clear();  // of the working catalogue: says nothing, as does its number there
    const Description other_description = lookup_.photo_description(other.id);
    write_pair(page, query, std::move(other), other_description, 0, 2, 0, [&](TemplateData& data) {
      data.set("ordinal", "Two photos");
      data.set("title", fmt::format("input {} beside input {}", input_of(query), input_of(second)));
    });
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
      const auto image = link.holds ? lookup_.image(link.image) : std::nullopt;
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

  const ReportSources& from_;
  ReportLookup& lookup_;
  ReportPictures& pictures_;
  const Engine& engine_;
  PageFrame frame_;
  std::set<Sha256> defined_;  // pictures on the page that is being written
  mustache mark_head_ = parsed(templates::mark_head_html());
  mustache mark_photos_ = parsed(templates::mark_photos_html());
  mustache mark_row_ = parsed(templates::mark_row_html());
  mustache hit_ = parsed(report::templates::hit_html());
};

MarkPageWriter::MarkPageWriter(const ReportSources& sources, ReportLookup& lookup,
                               ReportPictures& pictures, const Engine& engine)
    : impl_(std::make_unique<Impl>(sources, lookup, pictures, engine)) {}
MarkPageWriter::~MarkPageWriter() = default;

std::string MarkPageWriter::write(const Mark& mark) {
  return impl_->write(mark);
}

}  // namespace pressmark::seizure
