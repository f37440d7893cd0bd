// SPDX-License-Identifier: Apache-2.0
#include "pressmark/json.hpp"

#include <numbers>
#include <optional>
#include <utility>

#include "engine/report/json_values.hpp"

namespace pressmark {
namespace {

double degrees(float radians) {
  return static_cast<double>(radians) * 180 / std::numbers::pi;
}

using report::Json;
using report::serialise;

std::string_view status_of(const QueryResult& result) {
  if (!result.ok) return "failed";
  if (!result.quality.empty() && result.candidates == 0) return "unusable";
  return result.hits.empty() ? "no_match" : "hit";
}

Json query_value(const QueryResult& result) {
  Json object = {{"type", "query"}, {"status", status_of(result)}};
  report::put_failure(object, !result.ok, result.code, result.ok ? "" : result.reason);
  object["file"] = result.file.string();
  report::put_photo_info(object, result.info);
  object["canonical_width_px"] = report::positive_or_null(result.width_px);
  object["canonical_height_px"] = report::positive_or_null(result.height_px);
  object["keypoints"] = result.keypoints;
  object["light"] = result.ok ? Json{{"azimuth_deg", degrees(result.light.azimuth_rad)},
                                     {"coherence", report::shortest(result.light.coherence)},
                                     {"sure", result.light.sure}}
                              : Json(nullptr);
  object["quality"] = report::text_or_null(result.quality);
  object["candidates"] = result.candidates;
  object["hit_count"] = result.hits.size();
  return object;
}

Json hit_value(const QueryResult& result, std::size_t index) {
  const Hit& hit = result.hits[index];
  Json object = {{"type", "hit"},
                 {"query_file", result.file.string()},
                 {"query_sha256", report::hash_or_null(result.info.sha256)},
                 {"rank", index + 1},
                 {"image", report::image_value(hit.image)}};
  object["expected_false_hits"] = hit.expected_false_hits;
  object["decision"] = hit.verdict ? Json(to_string(*hit.verdict)) : Json(nullptr);
  report::put_verification(object, hit.verification);
  return object;
}

Json drift_value(const std::optional<IndexDrift>& drift) {
  if (!drift) return nullptr;
  return {{"trained_error", drift->trained_error},
          {"error", drift->error},
          {"growth", drift->growth},
          {"due", drift->is_due}};
}

Json candidates_value(const CandidateAudit& audit) {
  Json first = Json::array();
  for (const CandidateShare& figure : audit.first) {
    first.push_back({{"k", figure.k},
                     {"recall", figure.recall},
                     {"recall_low", figure.recall_low},
                     {"recall_high", figure.recall_high},
                     {"worst_query", figure.worst_query}});
  }
  return {{"same_search", audit.is_same_search},
          {"queries", audit.queries},
          {"first", std::move(first)},
          {"links", audit.links},
          {"links_found", audit.links_found},
          {"fast_seconds", audit.fast_seconds},
          {"thorough_seconds", audit.thorough_seconds}};
}

}  // namespace

std::string to_json(const AddReport& photo) {
  const bool failed = photo.status == AddStatus::kFailed;
  Json object = {{"type", "add"}, {"status", to_string(photo.status)}};
  report::put_failure(object, failed, photo.code,
                      photo.status == AddStatus::kAdded ? "" : photo.reason);
  object["file"] = photo.file.string();
  object["id"] = report::positive_or_null(photo.id);
  report::put_photo_info(object, photo.info);
  object["keypoints"] = photo.keypoints;
  object["quality"] = report::text_or_null(photo.quality);
  return serialise(object);
}

std::string to_json(const QueryResult& result) {
  Json object = query_value(result);
  Json hits = Json::array();
  for (std::size_t i = 0; i < result.hits.size(); ++i) hits.push_back(hit_value(result, i));
  object["hits"] = std::move(hits);
  return serialise(object);
}

std::vector<std::string> to_json_lines(const QueryResult& result) {
  std::vector<std::string> lines;
  lines.reserve(1 + result.hits.size());
  lines.push_back(serialise(query_value(result)));
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    lines.push_back(serialise(hit_value(result, i)));
  }
  return lines;
}

std::string to_json(const MarkResult& result) {
  const std::string_view outcome = result.hits.empty() ? "no_match" : "hit";
  Json object = {{"type", "mark"},
                 {"status", result.photos.empty() ? "unusable" : outcome},
                 {"mark", result.mark}};
  Json photos = Json::array(), hits = Json::array();
  for (const std::filesystem::path& photo : result.photos) photos.push_back(photo.string());
  for (std::size_t i = 0; i < result.hits.size(); ++i) {
    const MarkHit& hit = result.hits[i];
    hits.push_back({{"rank", i + 1},
                    {"image", report::image_value(hit.image)},
                    {"score", hit.score},
                    {"expected_false_hits", hit.expected_false_hits},
                    {"best_photo", result.photos[hit.best_photo].string()},
                    {"photos", hit.photos}});
  }
  object["photos"] = std::move(photos);
  object["hits"] = std::move(hits);
  return serialise(object);
}

std::string to_json(const CatalogueImage& image) {
  return serialise(report::image_value(image));
}

std::string to_json(const SeizureInfo& info) {
  return serialise({{"type", "seizure"},
                    {"name", info.seizure.name},
                    {"place", report::text_or_null(info.seizure.place)},
                    {"date", report::text_or_null(info.seizure.date)},
                    {"agency", report::text_or_null(info.seizure.agency)},
                    {"packages", info.packages},
                    {"images", info.images}});
}

std::string to_json(const Decision& decision) {
  return serialise({{"type", "decision"},
                    {"verdict", to_string(decision.verdict)},
                    {"first_sha256", decision.first.hex()},
                    {"second_sha256", decision.second.hex()},
                    {"who", decision.who},
                    {"note", report::text_or_null(decision.note)},
                    {"decided_at", decision.decided_at},
                    {"decision_id", decision.decision_id}});
}

std::string to_json(const CatalogueInfo& info) {
  return serialise({{"type", "catalogue"},
                    {"directory", info.directory.string()},
                    {"format_version", info.format_version},
                    {"model", {{"id", info.model_id}, {"name", info.model_name}}},
                    {"describe", report::describe_options(info.describe)},
                    {"images", info.images},
                    {"removed", info.removed},
                    {"seizures", info.seizures},
                    {"packages", info.packages},
                    {"keypoints", info.keypoints},
                    {"segments", info.segments},
                    {"bytes", info.bytes},
                    {"index", info.index},
                    {"local_index", info.local_index},
                    {"index_files", info.index_files},
                    {"index_bytes", info.index_bytes},
                    {"indexed_images", info.indexed_images},
                    {"unindexed_images", info.unindexed_images},
                    {"index_problems", info.index_problems},
                    {"drift", drift_value(info.drift)}});
}

std::string to_json(const AuditReport& report) {
  return serialise({{"type", "audit"},
                    {"images", report.images},
                    {"queries", report.queries},
                    {"k", report.k},
                    {"recall", report.recall},
                    {"recall_low", report.recall_low},
                    {"recall_high", report.recall_high},
                    {"worst_query", report.worst_query},
                    {"index_seconds", report.index_seconds},
                    {"exact_seconds", report.exact_seconds},
                    {"candidates", candidates_value(report.candidates)}});
}

std::string to_json(const InputIssue& issue) {
  return serialise({{"type", "input"},
                    {"status", "failed"},
                    {"code", to_string(issue.code)},
                    {"reason", issue.reason},
                    {"file", issue.file}});
}

std::string to_json(const Verification& verification) {
  Json object = {{"type", "verification"}};
  report::put_verification(object, verification);
  return serialise(object);
}

}  // namespace pressmark
