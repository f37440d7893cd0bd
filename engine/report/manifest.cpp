// SPDX-License-Identifier: Apache-2.0
#include "engine/report/json_values.hpp"
#include "pressmark/json.hpp"

namespace pressmark {
namespace {

using report::Json;

Json counts_of(const RunFacts& facts) {
  Json counts = Json::object();
  bool interrupted = false;
  if (facts.matched) {
    counts["queries"] = facts.matched->queries;
    counts["with_hits"] = facts.matched->with_hits;
    counts["unusable"] = facts.matched->unusable;
    counts["failed"] = facts.matched->failed;
    interrupted = facts.matched->interrupted;
  }
  if (facts.added) {
    counts["added"] = facts.added->added;
    counts["duplicates"] = facts.added->duplicates;
    counts["failed"] = facts.added->failed + (facts.matched ? facts.matched->failed : 0);
    interrupted = interrupted || facts.added->interrupted;
  }
  if (counts.empty()) return nullptr;
  counts["interrupted"] = interrupted;
  return counts;
}

}  // namespace

std::string run_manifest_json(const RunFacts& facts, int indent) {
  Json object = {{"type", "run"}, {"build", build_description()}, {"version", version()}};
  object["command"] = facts.command;
  object["device"] = report::text_or_null(facts.device);
  object["threads"] = facts.threads;
  object["model"] = {{"id", report::text_or_null(facts.model_id)},
                     {"name", report::text_or_null(facts.model_name)}};
  object["catalogue"] = nullptr;
  if (facts.catalogue) {
    object["catalogue"] = {
        {"directory", facts.catalogue->string()}, {"images", nullptr}, {"searched", nullptr}};
    if (facts.catalogue_images) object["catalogue"]["images"] = *facts.catalogue_images;
    if (facts.searched_images) object["catalogue"]["searched"] = *facts.searched_images;
  }
  object["options"] = {
      {"decode", facts.decode ? report::decode_options(*facts.decode) : Json(nullptr)},
      {"describe", facts.describe ? report::describe_options(*facts.describe) : Json(nullptr)},
      {"match", facts.match ? report::match_options(*facts.match) : Json(nullptr)},
      {"add", facts.add ? report::add_options(*facts.add) : Json(nullptr)},
      {"evaluate", facts.evaluate ? report::evaluate_options(*facts.evaluate) : Json(nullptr)}};
  object["started_at"] = report::text_or_null(facts.started_at);
  object["finished_at"] = report::text_or_null(facts.finished_at);
  object["counts"] = counts_of(facts);
  Json inputs = Json::array();
  for (const InputHash& input : facts.inputs) {
    inputs.push_back(
        {{"file", input.file.string()}, {"sha256", report::hash_or_null(input.sha256)}});
  }
  object["inputs"] = std::move(inputs);
  return report::serialise(object, indent);
}

}  // namespace pressmark
