// SPDX-License-Identifier: Apache-2.0
#include "engine/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/report/document.hpp"
#include "engine/report/inlier_drawing.hpp"
#include "engine/report/json_values.hpp"
#include "engine/report/text.hpp"
#include "pressmark/report.hpp"

namespace pressmark::report {
namespace {

std::string name_of(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return displayable(name.empty() ? file.string() : name);
}

void add_hash(FactList& facts, const PhotoInfo& info) {
  if (info.sha256 != Sha256{}) facts.add("SHA-256", info.sha256.hex(), true);
}

void add_photo(FactList& facts, const PhotoInfo& info) {
  if (info.width_px > 0) {
    const std::string turned = info.orientation == 1
                                   ? std::string()
                                   : fmt::format(", turned upright by EXIF {}", info.orientation);
    facts.add("Photo", fmt::format("{} \u00D7 {} px{}, {}", info.width_px, info.height_px, turned,
                                   displayable(info.format)));
  }
  if (info.file_bytes > 0) facts.add("File size", byte_size(info.file_bytes));
}

std::string_view short_text(MouldVerdict verdict) {
  switch (verdict) {
    case MouldVerdict::kSame:
      return "supported";
    case MouldVerdict::kDifferent:
      return "not supported";
    case MouldVerdict::kCannotTell:
      break;
  }
  return "cannot be told";
}

std::string shared(int part, int whole) {
  return fmt::format("{} of {}", grouped(part), grouped(whole));
}

std::string rotation_text(double degrees) {
  if (std::abs(degrees) < .05) return "none";
  return fmt::format("{:.1f}\u00B0 {}", std::abs(degrees),
                     degrees > 0 ? "clockwise" : "counter-clockwise");
}

FactList figures_of(const Hit& hit) {
  const Verification& v = hit.verification;
  FactList figures;
  figures.add("Score", fmt::format("{:.1f}", v.score));
  if (hit.expected_false_hits > 0) {
    figures.add("False hits to be expected",
                fmt::format("{:.2g} per query among the images searched", hit.expected_false_hits));
  }
  if (hit.verdict) figures.add("Examiner's decision", std::string(to_string(*hit.verdict)));
  figures.add("Inliers", grouped(v.inlier_count));
  const LocalEvidence& best = v.local(v.channel);
  figures.add("Seen in", v.channel == Channel::kRaw ? "the photo as it is" : "the relit photo");
  figures.add("Contrast", best.inverted ? "inverted" : "the same");
  for (const Channel channel : kChannels) {
    const LocalEvidence& local = v.local(channel);
    figures.add(fmt::format("Agreeing places, {}", to_string(channel)),
                fmt::format("{} of {} matches", grouped(local.agreeing), grouped(local.tentative)));
  }
  figures.add("Correlation of the whole",
              fmt::format("{:.3f}, {:.1f} deviations above unrelated photos", v.dense.score,
                          v.dense.normalised));
  if (!v.dense.cells.empty()) {
    figures.add("Agreeing cells",
                fmt::format("{} of {}", v.dense.agreeing_cells, v.dense.cells.size()));
  }
  figures.add("Transform", std::string(to_string(v.transform.kind)));
  figures.add("Scale, query to hit", fmt::format("{:.3f}", v.transform.scale));
  figures.add("Rotation", rotation_text(v.transform.rotation_deg));
  figures.add("Area covered in query", percent(v.area_query));
  figures.add("Area covered in hit", percent(v.area_hit));
  figures.add("RMS error", fmt::format("{:.2f} px", v.error_px));
  if (v.mould.doubt != MouldDoubt::kNotTaught) {
    figures.add("Same mould, log10 of the likelihood ratio",
                fmt::format("{:+.1f}", v.mould.evidence / std::numbers::ln10));
  }
  figures.add("Agreement of fine detail",
              fmt::format("{:.2f} over {} patches", v.mould.detail_strength,
                          grouped(v.mould.detail_patches)));
  for (const Channel channel : kChannels) {
    const MouldDetails& details = v.mould.details(channel);
    figures.add(fmt::format("Fine details shared, {}", to_string(channel)),
                shared(details.fine_shared, details.fine));
    figures.add(fmt::format("Coarse details shared, {}", to_string(channel)),
                shared(details.coarse_shared, details.coarse));
  }
  return figures;
}

FactList facts_of(const CatalogueImage& image) {
  FactList facts;
  facts.add("File", displayable(image.file.string()), true);
  add_hash(facts, image.info);
  facts.add("Seizure", displayable(image.facts.seizure));
  facts.add("Package", displayable(image.facts.package));
  facts.add("Kind", std::string(to_string(image.facts.kind)));
  if (image.facts.scale_mm_per_px) {
    facts.add("Scale", fmt::format("{:g} mm per px", *image.facts.scale_mm_per_px));
  }
  if (const auto& region = image.facts.region) {
    facts.add("Region", fmt::format("{} \u00D7 {} px at {}, {}", region->width, region->height,
                                    region->x, region->y));
  }
  const Json metadata = metadata_value(image.facts.metadata_json);
  if (metadata.is_object()) {
    for (const auto& [key, value] : metadata.items()) {
      facts.add(displayable(key),
                displayable(value.is_string() ? value.get<std::string>() : serialise(value)));
    }
  }
  add_photo(facts, image.info);
  facts.add("Keypoints", grouped(image.keypoints));
  facts.add("Added", displayable(image.added_at));
  return facts;
}

// "seizure 2024-17, package P3"; empty where neither is known.
std::string origin_of(const CatalogueImage& image) {
  std::string text;
  if (!image.facts.seizure.empty()) text = "seizure " + displayable(image.facts.seizure);
  if (!image.facts.package.empty()) {
    text += (text.empty() ? "package " : ", package ") + displayable(image.facts.package);
  }
  return text;
}

// "1 photo", "3 photos".
std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", grouped(static_cast<std::int64_t>(count)), noun,
                     count == 1 ? "" : "s");
}

// What a row of the index says about hits, Hit or MarkHit.
template <typename AnyHit>
void set_outcome(TemplateData& data, const std::vector<AnyHit>& hits) {
  data.set("class", hits.empty() ? "none" : "hit");
  data.set("outcome", hits.empty() ? "No match" : counted(hits.size(), "hit"));
  if (hits.empty()) return;
  const CatalogueImage& image = hits.front().image;
  const std::string origin = origin_of(image);
  data.set("detail", fmt::format("image {}{}{}", image.id, origin.empty() ? "" : ", ", origin));
}

TemplateData matrix_rows(const Transform& transform) {
  TemplateData rows{TemplateData::type::list};
  for (std::size_t row = 0; row < 3; ++row) {
    TemplateData data;
    for (std::size_t column = 0; column < 3; ++column) {
      data.set(std::string(1, static_cast<char>('a' + column)),
               fmt::format("{:.9g}", transform.hit_from_query[3 * row + column]));
    }
    rows << data;
  }
  return rows;
}

std::string drawing_caption(std::size_t drawn, int total) {
  if (drawn == 0 && total == 0) return "Too few details agree one by one; the cells register it.";
  if (drawn == 0) return "No positions of inliers are recorded.";
  if (drawn == static_cast<std::size_t>(std::max(total, 0))) {
    return fmt::format("All {} inliers are drawn.", drawn);
  }
  return fmt::format("{} of {} inliers are drawn, thinned evenly over the query.", drawn,
                     grouped(total));
}

std::string region_points(const RegionOfInterest& region, const DisplayFrame& frame) {
  // Corners are edges of pixels, half a pixel before their centres.
  const double left = region.x - .5, top = region.y - .5;
  const Point first = frame.place(left, top);
  const Point last = frame.place(left + region.width, top + region.height);
  const std::array<Point, 4> corners{{first, {last.x, first.y}, last, {first.x, last.y}}};
  return polygon_points(corners);
}

void set_no_match(TemplateData& data, const QueryResult& result, const RunSummary& run) {
  data.set("no_match", TemplateData::type::bool_true);
  data.set("searched", none_of_searched(run));
  const std::string threshold = threshold_text(run);
  data.set("threshold", threshold.empty() ? std::string() : " (" + threshold + ")");
  if (!result.quality.empty() && result.candidates == 0) {
    data.set("effort", fmt::format("The photo was not compared: it is {}.", result.quality));
  } else if (result.keypoints == 0) {
    data.set("effort", "The photo has no keypoints: there was nothing that could be compared.");
  } else if (result.candidates == 0) {
    data.set("effort", "No candidate was found that could be compared point by point.");
  } else {
    data.set(
        "effort",
        fmt::format("{} {}, the most similar by overall appearance, {} compared with it "
                    "point by point.",
                    grouped(result.candidates), result.candidates == 1 ? "candidate" : "candidates",
                    result.candidates == 1 ? "was" : "were"));
  }
}

}  // namespace

TemplateData summary_data(const RunSummary& run, const Counts& counts,
                          const MatchSummary& summary) {
  TemplateData data;
  data.set("queries", grouped(counts.queries));
  data.set("with_hits", grouped(counts.with_hits));
  data.set("no_match", grouped(counts.queries - counts.with_hits - counts.failed));
  data.set("failed", grouped(counts.failed + counts.issues));
  FactList facts;
  for (const auto& [label, value] : run.facts) {
    facts.add(label, value, label == "Command" || label == "Catalogue");
  }
  data.set("facts", facts.list());
  if (summary.interrupted) data.set("interrupted", TemplateData::type::bool_true);
  if (summary.queries != counts.queries) {
    data.set("partial", TemplateData::type::bool_true);
    data.set("run_queries", grouped(summary.queries));
  }
  if (counts.issues > 0) {
    data.set("has_issues", TemplateData::type::bool_true);
    data.set("issues", grouped(counts.issues));
  }
  if (counts.entries == 0) data.set("empty", TemplateData::type::bool_true);
  return data;
}

TemplateData query_data(std::int64_t number, const QueryResult& result, const RunSummary& run,
                        const EmbeddedPicture& picture, const DisplayFrame& frame) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", name_of(result.file));
  FactList facts;
  facts.add("File", displayable(result.file.string()), true);
  add_hash(facts, result.info);
  add_photo(facts, result.info);
  if (result.ok) {
    facts.add("Keypoints", grouped(result.keypoints));
    if (!result.light.sure) {
      facts.add("Light", "direction unsure: the relit photo may mislead");
    }
    facts.add("Candidates", grouped(result.candidates));
    facts.add("Hits", grouped(static_cast<std::int64_t>(result.hits.size())));
    data.set("thumbnail", picture_slot(picture, frame, 0, 0));
  }
  data.set("facts", facts.list());
  if (!result.ok) {
    data.set("failed", TemplateData::type::bool_true);
    data.set("code", std::string(to_string(result.code)));
    data.set("reason", displayable(result.reason));
  } else if (result.hits.empty()) {
    set_no_match(data, result, run);
  }
  return data;
}

TemplateData query_data(std::int64_t number, const InputIssue& issue) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", displayable(issue.file));
  data.set("failed", TemplateData::type::bool_true);
  data.set("code", std::string(to_string(issue.code)));
  data.set("reason", displayable(issue.reason));
  return data;
}

TemplateData mark_data(std::int64_t number, const MarkResult& result) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", displayable(result.mark));
  const std::string photos = counted(result.photos.size(), "photo");
  data.set("photos", photos);
  if (result.hits.empty()) {
    data.set("no_match", result.photos.empty()
                             ? std::string("None of the photos of this mark could be compared.")
                             : photos + " of this mark together reach no hit.");
    return data;
  }
  data.set("has_hits", TemplateData::type::bool_true);
  TemplateData hits{TemplateData::type::list};
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const MarkHit& hit = result.hits[i];
    TemplateData row;
    row.set("rank", std::to_string(i + 1));
    row.set("id", std::to_string(hit.image.id));
    if (const std::string origin = origin_of(hit.image); !origin.empty()) row.set("origin", origin);
    row.set("score", fmt::format("{:.1f}", hit.score));
    row.set("false_hits", fmt::format("{:.2g}", hit.expected_false_hits));
    row.set("by", fmt::format("{} of {}", hit.photos, photos));
    row.set("best", name_of(result.photos[hit.best_photo]));
    hits << row;
  }
  data.set("hits", hits);
  return data;
}

TemplateData hit_data(std::int64_t number, std::size_t index, const QueryResult& result,
                      const EmbeddedPicture& query, const EmbeddedPicture& catalogued) {
  const Hit& hit = result.hits[index];
  const Verification& v = hit.verification;
  const PairLayout layout =
      side_by_side(display_frame(result.info.width_px, result.info.height_px),
                   display_frame(hit.image.info.width_px, hit.image.info.height_px));
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("rank", std::to_string(index + 1));
  data.set("ordinal", fmt::format("Hit {}", index + 1));
  const std::string origin = origin_of(hit.image);
  data.set("title", fmt::format("image {}{}{} · {}", hit.image.id, origin.empty() ? "" : " · ",
                                origin, to_string(hit.image.facts.kind)));
  data.set("score", fmt::format("{:.1f}", v.score));
  if (!v.verified) data.set("unverified", TemplateData::type::bool_true);
  data.set("mould_verdict", std::string(short_text(v.mould.verdict)));
  data.set("mould", explain(v.mould));
  data.set("figures", figures_of(hit).list());
  data.set("facts", facts_of(hit.image).list());
  data.set("matrix", matrix_rows(v.transform));

  data.set("width", std::to_string(layout.width));
  data.set("height", std::to_string(layout.height));
  data.set("query", picture_slot(query, layout.query, layout.query_x, layout.query_y));
  data.set("hit", picture_slot(catalogued, layout.hit, layout.hit_x, layout.hit_y));
  const std::vector<Inlier> drawn = thin_evenly(v.inliers, kDrawnInliers);
  data.set("marks", draw_inliers(drawn, layout));
  data.set("caption", drawing_caption(drawn.size(), v.inlier_count));
  if (v.registered && !v.dense.cells.empty()) {
    data.set("cells", draw_cells(v.dense.cells, v.transform, layout));
    data.set("cell_caption",
             fmt::format("{} of {} cells agree.", v.dense.agreeing_cells, v.dense.cells.size()));
  }
  if (hit.image.facts.region)
    data.set("region", region_points(*hit.image.facts.region, layout.hit));

  const auto matrix =
      v.registered ? display_transform(v.transform, layout.query, layout.hit) : std::nullopt;
  if (matrix) {
    if (const auto corners = warped_corners(*matrix, layout.query)) {
      data.set("outline", polygon_points(*corners));
    }
  }
  if (matrix && !query.id.empty() && !catalogued.id.empty()) {
    data.set("overlay", TemplateData::type::bool_true);
    data.set("matrix3d", css_matrix3d(*matrix));
  } else {
    data.set("no_overlay", matrix ? "One of the two pictures cannot be shown."
                                  : "The transform cannot be drawn.");
  }
  return data;
}

TemplateData index_data(std::int64_t number, const QueryResult& result) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", name_of(result.file));
  if (!result.ok) {
    data.set("class", "failed");
    data.set("outcome", "Failed");
    data.set("detail", displayable(result.reason));
    return data;
  }
  set_outcome(data, result.hits);
  if (!result.hits.empty()) {
    data.set("score", fmt::format("{:.1f}", result.hits.front().verification.score));
  }
  return data;
}

TemplateData index_data(std::int64_t number, const MarkResult& result) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", fmt::format("mark {}, {}", displayable(result.mark),
                               counted(result.photos.size(), "photo")));
  set_outcome(data, result.hits);
  if (!result.hits.empty()) {
    data.set("score", fmt::format("{:.1f}", result.hits.front().score));
  }
  return data;
}

TemplateData index_data(std::int64_t number, const InputIssue& issue) {
  TemplateData data;
  data.set("number", std::to_string(number));
  data.set("name", displayable(issue.file));
  data.set("class", "failed");
  data.set("outcome", "Failed");
  data.set("detail", displayable(issue.reason));
  return data;
}

}  // namespace pressmark::report
