// SPDX-License-Identifier: Apache-2.0
#include "engine/report/json_values.hpp"

#include <array>
#include <charconv>
#include <numbers>

namespace pressmark::report {
namespace {

constexpr int kDeepest = 64;  // writing is recursive: hostile nesting would exhaust the stack

Json details_value(const MouldDetails& details) {
  return {{"fine", details.fine},
          {"fine_shared", details.fine_shared},
          {"coarse", details.coarse},
          {"coarse_shared", details.coarse_shared}};
}

Json mould_value(const MouldAnswer& mould) {
  const bool is_taught = mould.doubt != MouldDoubt::kNotTaught;
  return {
      {"verdict", to_string(mould.verdict)},
      {"doubt", mould.doubt == MouldDoubt::kNone ? Json(nullptr) : Json(to_string(mould.doubt))},
      {"log10_likelihood_ratio",
       is_taught ? Json(mould.evidence / std::numbers::ln10) : Json(nullptr)},
      {"raw_details", details_value(mould.raw)},
      {"relit_details", details_value(mould.relit)},
      {"detail_strength", mould.detail_strength},
      {"detail_patches", mould.detail_patches},
      {"light_gap_deg", mould.light_gap_deg ? Json(*mould.light_gap_deg) : Json(nullptr)}};
}

}  // namespace

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json positive_or_null(std::int64_t value) {
  return value > 0 ? Json(value) : Json(nullptr);
}

Json hash_or_null(const Sha256& hash) {
  return hash == Sha256{} ? Json(nullptr) : Json(hash.hex());
}

double shortest(float value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double result = value;
  std::from_chars(text.data(), written.ptr, result);
  return result;
}

void put_photo_info(Json& object, const PhotoInfo& info) {
  object["sha256"] = hash_or_null(info.sha256);
  object["file_bytes"] = positive_or_null(info.file_bytes);
  object["format"] = text_or_null(info.format);
  object["width_px"] = positive_or_null(info.width_px);
  object["height_px"] = positive_or_null(info.height_px);
  object["orientation"] = info.width_px > 0 ? Json(info.orientation) : Json(nullptr);
}

void put_verification(Json& object, const Verification& verification) {
  object["score"] = verification.score;
  object["verified"] = verification.verified;
  object["evidence"] = verification.evidence;
  object["log_false_alarms"] = verification.log_false_alarms;
  for (const Channel channel : kChannels) {
    const LocalEvidence& local = verification.local(channel);
    object[to_string(channel)] = {{"tentative", local.tentative},
                                  {"agreeing", local.agreeing},
                                  {"contrast", local.inverted ? "inverted" : "same"}};
  }
  Json cells = Json::array();
  for (const CongruentCell& cell : verification.dense.cells) {
    cells.push_back({shortest(cell.query_x), shortest(cell.query_y), shortest(cell.hit_x),
                     shortest(cell.hit_y), shortest(cell.query_side_px), shortest(cell.score),
                     cell.agrees});
  }
  object["dense"] = {{"score", shortest(verification.dense.score)},
                     {"normalised", shortest(verification.dense.normalised)},
                     {"agreeing_cells", verification.dense.agreeing_cells},
                     {"cells", std::move(cells)}};
  object["channel"] = to_string(verification.channel);
  object["inlier_count"] = verification.inlier_count;
  object["area_query"] = verification.area_query;
  object["area_hit"] = verification.area_hit;
  object["error_px"] = verification.error_px;
  if (verification.registered) {
    const Transform& transform = verification.transform;
    object["transform"] = {{"kind", to_string(transform.kind)},
                           {"hit_from_query", transform.hit_from_query},
                           {"scale", transform.scale},
                           {"rotation_deg", transform.rotation_deg}};
  } else {
    object["transform"] = nullptr;
  }
  Json inliers = Json::array();
  for (const Inlier& inlier : verification.inliers) {
    inliers.push_back(Json::array({shortest(inlier.query_x), shortest(inlier.query_y),
                                   shortest(inlier.hit_x), shortest(inlier.hit_y)}));
  }
  object["inliers"] = std::move(inliers);
  object["mould"] = mould_value(verification.mould);
}

void put_failure(Json& object, bool failed, ErrorCode code, const std::string& reason) {
  object["code"] = failed ? Json(to_string(code)) : Json(nullptr);
  object["reason"] = text_or_null(reason);
}

Json metadata_value(const std::string& metadata_json) {
  bool too_deep = false;
  const auto callback = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDeepest;
    return !too_deep;
  };
  Json value = Json::parse(metadata_json, callback, false);
  if (too_deep || !value.is_object()) return metadata_json;
  return value;
}

Json image_value(const CatalogueImage& image) {
  const ImageFacts& facts = image.facts;
  Json object = {{"type", "image"}, {"id", image.id}, {"file", image.file.string()}};
  put_photo_info(object, image.info);
  object["keypoints"] = image.keypoints;
  object["seizure"] = text_or_null(facts.seizure);
  object["package"] = text_or_null(facts.package);
  object["kind"] = to_string(facts.kind);
  object["scale_mm_per_px"] = facts.scale_mm_per_px ? Json(*facts.scale_mm_per_px) : Json(nullptr);
  object["region"] = facts.region ? Json::array({facts.region->x, facts.region->y,
                                                 facts.region->width, facts.region->height})
                                  : Json(nullptr);
  object["metadata"] = metadata_value(facts.metadata_json);
  object["added_at"] = text_or_null(image.added_at);
  return object;
}

Json seizure_value(const Seizure& seizure) {
  return {{"name", text_or_null(seizure.name)},
          {"place", text_or_null(seizure.place)},
          {"date", text_or_null(seizure.date)},
          {"agency", text_or_null(seizure.agency)}};
}

Json decode_options(const DecodeOptions& options) {
  return {{"max_file_bytes", options.max_file_bytes}, {"max_pixels", options.max_pixels}};
}

Json describe_options(const DescribeOptions& options) {
  return {{"long_side_px", options.long_side_px}, {"max_keypoints", options.max_keypoints}};
}

Json match_options(const MatchOptions& options) {
  Json where = Json::array();
  for (const FilterCondition& condition : options.filter.conditions) {
    where.push_back(to_string(condition));
  }
  return {{"candidates", options.search.candidates},
          {"dense_images", options.search.dense_images},
          {"thorough", options.search.is_thorough},
          {"ratio", shortest(options.verify.ratio)},
          {"threshold_px", shortest(options.verify.threshold_px)},
          {"min_inliers", options.verify.min_inliers},
          {"min_cells", options.verify.min_cells},
          {"min_score", options.verify.min_score},
          {"query_keypoints", options.query_keypoints},
          {"quality_gate", options.quality_gate},
          {"show_rejected", options.show_rejected},
          {"max_hits", options.max_hits},
          {"where", std::move(where)}};
}

Json add_options(const AddOptions& options) {
  return {{"create_seizures", options.create_seizures},
          {"images_per_segment", options.images_per_segment}};
}

Json evaluate_options(const EvaluateOptions& options) {
  MatchOptions match;
  match.search = options.search;
  match.verify = options.verify;
  match.query_keypoints = options.query_keypoints;
  Json object = match_options(match);
  object.erase("max_hits");
  object.erase("where");
  object["both_directions"] = options.both_directions;
  return object;
}

std::string serialise(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace pressmark::report
