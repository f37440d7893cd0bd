// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numbers>
#include <set>

#include "engine/report/json_values.hpp"
#include "engine/report/output_file.hpp"
#include "engine/seizure/csv.hpp"
#include "engine/seizure/intake.hpp"
#include "engine/seizure/results.hpp"

namespace pressmark::seizure {
namespace {

std::string number(double value) {
  return fmt::format("{:.4g}", value);
}

std::string id_text(ImageId id) {
  return id > 0 ? std::to_string(id) : std::string();
}

std::string_view decision_text(bool confirmed, bool rejected) {
  return confirmed ? "confirmed" : rejected ? "rejected" : "";
}

Json figures_value(const PairFigures& figures) {
  return {{"score", figures.score},
          {"evidence", figures.evidence},
          {"inlier_count", figures.inliers},
          {"agreeing_cells", figures.agreeing_cells},
          {"mould",
           {{"verdict", to_string(figures.mould)},
            {"log10_likelihood_ratio", figures.mould_evidence / std::numbers::ln10}}}};
}

Json mould_value(const MouldCounts& counts) {
  return {
      {"same", counts.same}, {"different", counts.different}, {"cannot_tell", counts.cannot_tell}};
}

Json photo_value(const MarkedPhoto& photo, const CatalogueImage& image) {
  return {{"input", photo.input + 1},
          {"file", image.file.native()},
          {"sha256", photo.sha256.hex()},
          {"package", report::text_or_null(image.facts.package)}};
}

CatalogueImage image_of(const Catalogue& catalogue, ImageId id) {
  // What was found a moment ago may be gone by now; its number stays.
  CatalogueImage gone;
  gone.id = id;
  return catalogue.find(id).value_or(gone);
}

}  // namespace

void write_photo_table(const std::filesystem::path& directory, const Plan& plan,
                       const Findings& findings) {
  CsvFile table(directory / "photos.csv",
                {"input", "file", "status", "code", "reason", "sha256", "seizure", "package",
                 "manifest_mark", "mark", "same_as_input", "catalogued_as"});
  std::vector<std::int64_t> input_of(1, 0);  // by number in the working catalogue, from 1
  auto next = findings.photos.begin();
  for_each_input(directory, [&](std::int64_t line, const PhotoInput& photo,
                                const IntakeRecord& record) {
    const bool is_added = record.status == AddStatus::kAdded;
    if (is_added) input_of.push_back(line + 1);
    const MarkedPhoto* marked = nullptr;
    if (next != findings.photos.end() && next->input == line) marked = &*next++;
    const bool is_failed = record.status == AddStatus::kFailed;
    std::string reason = record.reason;
    if (is_added && marked == nullptr) {
      reason = record.quality.empty() ? "no keypoints: nothing to compare" : record.quality;
    }
    table.row(
        {std::to_string(line + 1), photo.file.native(),
         is_added ? (marked != nullptr ? "compared" : "unusable")
                  : std::string(is_failed ? "failed" : "duplicate"),
         is_failed ? std::string(to_string(record.code)) : "", reason,
         record.info.sha256 == Sha256{} ? "" : record.info.sha256.hex(),
         photo.facts.seizure.empty() ? plan.seizure.name : photo.facts.seizure, photo.facts.package,
         photo.mark,
         marked != nullptr ? mark_name(findings.marks[static_cast<std::size_t>(marked->mark)]) : "",
         record.status == AddStatus::kDuplicate
             ? std::to_string(input_of.at(static_cast<std::size_t>(record.id)))
             : "",
         marked != nullptr ? id_text(marked->catalogued) : ""});
  });
  for (const InputIssue& issue : plan.issues) {
    table.row({"", issue.file, "failed", std::string(to_string(issue.code)), issue.reason, "", "",
               "", "", "", "", ""});
  }
  table.finish();
}

void write_mark_table(const std::filesystem::path& directory, const Findings& findings,
                      const Catalogue& photos, const Catalogue& catalogue) {
  CsvFile table(directory / "marks.csv",
                {"mark", "photos", "packages", "photos_without_package", "first_photo",
                 "manifest_marks", "links_within", "weakest_link_score", "same_mould_links",
                 "different_mould_links", "catalogued_images", "catalogued_seizures", "best_image",
                 "best_score", "expected_false_hits"});
  for (const Mark& mark : findings.marks) {
    std::set<std::string> seizures;
    std::int64_t images = 0;
    for (const OutsideLink& link : mark.outside) {
      if (!link.holds) continue;
      ++images;
      const std::string seizure = image_of(catalogue, link.image).facts.seizure;
      if (!seizure.empty()) seizures.insert(seizure);
    }
    const OutsideLink* best = images > 0 ? &mark.outside.front() : nullptr;
    table.row({mark_name(mark), std::to_string(mark.photos.size()), std::to_string(mark.packages),
               std::to_string(mark.unpacked),
               image_of(photos, findings.photos[mark.photos.front()].id).file.native(),
               fmt::format("{}", fmt::join(mark.names, "; ")), std::to_string(mark.links),
               mark.weakest ? number(findings.within[*mark.weakest].best.score) : "",
               std::to_string(mark.mould.same), std::to_string(mark.mould.different),
               std::to_string(images), fmt::format("{}", fmt::join(seizures, "; ")),
               best != nullptr ? std::to_string(best->image) : "",
               best != nullptr ? number(best->score) : "",
               best != nullptr ? number(best->expected_false_hits) : ""});
  }
  table.finish();
}

void write_links(const std::filesystem::path& directory, const Findings& findings,
                 const Catalogue& photos, const Catalogue& catalogue) {
  CsvFile table(directory / "links.csv",
                {"type", "mark", "holds", "score", "expected_false_hits", "photos", "best_photo",
                 "best_photo_sha256", "image", "image_file", "image_sha256", "seizure", "package",
                 "place", "date", "agency", "mould", "decision"});
  report::AtomicFile lines(directory / "links.jsonl");
  std::map<std::string, Seizure> seizures;
  for (const SeizureInfo& info : catalogue.list_seizures()) {
    seizures[info.seizure.name] = info.seizure;
  }
  for (const Mark& mark : findings.marks) {
    for (const OutsideLink& link : mark.outside) {
      const CatalogueImage image = image_of(catalogue, link.image);
      const Seizure seizure = seizures[image.facts.seizure];
      Json hits = Json::array();
      for (const PhotoHit& hit : link.hits) {
        const MarkedPhoto& photo = findings.photos[hit.photo];
        Json entry = photo_value(photo, image_of(photos, photo.id));
        entry.update(figures_value(hit.figures));
        entry["decision"] =
            report::text_or_null(std::string(decision_text(hit.is_confirmed, hit.is_rejected)));
        hits.push_back(std::move(entry));
      }
      const std::string decision(decision_text(link.is_confirmed(), link.is_rejected()));
      const PhotoHit& best = link.hits.front();
      const MarkedPhoto& best_photo = findings.photos[best.photo];
      table.row({"catalogue", mark_name(mark), link.holds ? "yes" : "no", number(link.score),
                 number(link.expected_false_hits), std::to_string(link.hits.size()),
                 image_of(photos, best_photo.id).file.native(), best_photo.sha256.hex(),
                 std::to_string(link.image), image.file.native(), image.info.sha256.hex(),
                 image.facts.seizure, image.facts.package, seizure.place, seizure.date,
                 seizure.agency, std::string(to_string(best.figures.mould)), decision});
      lines.write(report::serialise({{"type", "catalogue_link"},
                                     {"mark", mark_name(mark)},
                                     {"holds", link.holds},
                                     {"score", link.score},
                                     {"expected_false_hits", link.expected_false_hits},
                                     {"mark_photos", mark.photos.size()},
                                     {"decision", report::text_or_null(decision)},
                                     {"mould_verdicts", mould_value(link.mould)},
                                     {"image", report::image_value(image)},
                                     {"seizure", report::seizure_value(seizure)},
                                     {"photos", std::move(hits)}}) +
                  "\n");
    }
  }
  for (const WithinLink& link : findings.within) {
    const MarkedPhoto &a = findings.photos[link.a], &b = findings.photos[link.b];
    const CatalogueImage image_a = image_of(photos, a.id), image_b = image_of(photos, b.id);
    const bool is_one_mark = a.mark == b.mark;
    const auto name = [&](const MarkedPhoto& photo) {
      return mark_name(findings.marks[static_cast<std::size_t>(photo.mark)]);
    };
    const std::string decision(decision_text(link.is_confirmed, link.is_rejected));
    table.row({"within", is_one_mark ? name(a) : name(a) + "; " + name(b),
               is_one_mark && !link.is_rejected ? "yes" : "no", number(link.best.score), "", "2",
               image_a.file.native(), a.sha256.hex(), "", image_b.file.native(), b.sha256.hex(),
               image_b.facts.seizure, image_b.facts.package, "", "", "",
               std::string(to_string(link.best.mould)), decision});
    Json record = {{"type", "within_link"},
                   {"marks", Json::array({name(a), name(b)})},
                   {"holds", is_one_mark && !link.is_rejected},
                   {"firm", link.best.score >= findings.sure_score},
                   {"query", link.is_from_a ? "first" : "second"},
                   {"decision", report::text_or_null(decision)},
                   {"first", photo_value(a, image_a)},
                   {"second", photo_value(b, image_b)}};
    record.update(figures_value(link.best));
    lines.write(report::serialise(record) + "\n");
  }
  table.finish();
  lines.commit();
}

}  // namespace pressmark::seizure
