// SPDX-License-Identifier: Apache-2.0
#include "engine/report/run_summary.hpp"

#include <fmt/format.h>

#include "engine/report/json_values.hpp"
#include "engine/report/text.hpp"
#include "pressmark/error.hpp"

namespace pressmark::report {
namespace {

constexpr std::size_t kShownInputs = 200;
constexpr std::string_view kPlain =  // what a shell takes as it stands
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

Json parse_object(const std::string& manifest_json) {
  Json value = Json::parse(valid_utf8(manifest_json), nullptr, false);
  if (!value.is_object()) {
    throw Error(ErrorCode::kInvalidArgument, "the run manifest is not a JSON object");
  }
  return value;
}

const Json* find(const Json& root, const char* pointer) {
  const Json::json_pointer where(pointer);
  return root.contains(where) ? &root.at(where) : nullptr;
}

std::string text_at(const Json& root, const char* pointer) {
  const Json* value = find(root, pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer_at(const Json& root, const char* pointer) {
  const Json* value = find(root, pointer);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<std::int64_t>();
}

std::string conditions_at(const Json& root, const char* pointer) {
  const Json* conditions = find(root, pointer);
  std::string text;
  if (conditions == nullptr || !conditions->is_array()) return text;
  for (const Json& condition : *conditions) {
    if (!condition.is_string()) return {};
    if (!text.empty()) text += " and ";
    text += condition.get<std::string>();
  }
  return text;
}

// As it could be typed into a POSIX shell.
std::string shell_word(const std::string& word) {
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string command_line(const Json& root) {
  const Json* command = find(root, "/command");
  if (command == nullptr || !command->is_array()) return {};
  std::string line;
  for (const Json& word : *command) {
    if (!word.is_string()) return {};
    if (line.size() > 4000) return line + " \xE2\x80\xA6";
    if (!line.empty()) line += ' ';
    line += shell_word(word.get<std::string>());
  }
  return line;
}

}  // namespace

RunSummary summarise_run(const std::string& manifest_json) {
  const Json root = parse_object(manifest_json);
  RunSummary run;
  run.catalogue_images = integer_at(root, "/catalogue/images");
  for (const std::string options : {"/options/match", "/options/evaluate"}) {
    if (const auto inliers = integer_at(root, (options + "/min_inliers").c_str())) {
      run.min_inliers = inliers;
    }
    if (const auto cells = integer_at(root, (options + "/min_cells").c_str())) {
      run.min_cells = cells;
    }
    if (const Json* score = find(root, (options + "/min_score").c_str());
        score != nullptr && score->is_number()) {
      run.min_score = score->get<double>();
    }
  }
  const auto add = [&](const char* label, const std::string& value) {
    if (!value.empty()) run.facts.emplace_back(label, displayable(value));
  };
  run.conditions = conditions_at(root, "/options/match/where");
  if (!run.conditions.empty()) run.searched_images = integer_at(root, "/catalogue/searched");
  if (run.catalogue_images) add("Catalogued images", grouped(*run.catalogue_images));
  if (run.searched_images) add("Images searched", grouped(*run.searched_images));
  add("Searched where", run.conditions);
  const std::string model = text_at(root, "/model/name"), id = text_at(root, "/model/id");
  add("Threshold of a hit", threshold_text(run));
  add("Model", id.empty() ? model : fmt::format("{} ({})", model.empty() ? "unnamed" : model, id));
  add("Program", text_at(root, "/build"));
  add("Started", text_at(root, "/started_at"));
  add("Finished", text_at(root, "/finished_at"));
  add("Device", text_at(root, "/device"));
  add("Catalogue", text_at(root, "/catalogue/directory"));
  add("Command", command_line(root));
  return run;
}

std::string pretty_manifest(const std::string& manifest_json) {
  Json root = parse_object(manifest_json);
  if (Json* inputs = root.contains("inputs") ? &root["inputs"] : nullptr;
      inputs != nullptr && inputs->is_array() && inputs->size() > kShownInputs) {
    const std::size_t total = inputs->size();
    inputs->erase(inputs->begin() + kShownInputs, inputs->end());
    inputs->push_back(fmt::format("... and {} more, embedded in this file's source in full",
                                  grouped(static_cast<std::int64_t>(total - kShownInputs))));
  }
  return serialise(root, 2);
}

std::string script_safe_json(const std::string& manifest_json) {
  std::string safe;
  const std::string text = valid_utf8(manifest_json);
  safe.reserve(text.size());
  for (char c : text) {
    if (c == '<') {
      safe += "\\u003c";  // in JSON, "<" can only stand inside a string
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string threshold_text(const RunSummary& run) {
  if (run.min_score && run.min_inliers) {
    return fmt::format("score {:g} or more from at least {} inliers{}", *run.min_score,
                       *run.min_inliers,
                       run.min_cells ? fmt::format(" or {} cells", *run.min_cells) : "");
  }
  if (run.min_score) return fmt::format("score {:g} or more", *run.min_score);
  if (run.min_inliers) return fmt::format("at least {} inliers", *run.min_inliers);
  return {};
}

std::string none_of_searched(const RunSummary& run) {
  if (!run.conditions.empty()) {
    return run.searched_images ? fmt::format("None of the {} images that were searched",
                                             grouped(*run.searched_images))
                               : std::string("No image that was searched");
  }
  return run.catalogue_images ? fmt::format("None of the {} images in this catalogue",
                                            grouped(*run.catalogue_images))
                              : std::string("No image in this catalogue");
}

}  // namespace pressmark::report
