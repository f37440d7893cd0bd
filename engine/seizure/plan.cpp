// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/plan.hpp"

#include <fmt/format.h>

#include <system_error>

#include "engine/report/json_values.hpp"
#include "engine/report/output_file.hpp"
#include "engine/report/text.hpp"
#include "engine/seizure/output.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"

namespace pressmark::seizure {
namespace {

constexpr int kPlanFormat = 2;
constexpr const char* kHexKey = "bytes";

std::string to_hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Json seizure_value(const Seizure& seizure) {
  return {{"name", seizure.name},
          {"place", seizure.place},
          {"date", seizure.date},
          {"agency", seizure.agency}};
}

Seizure seizure_from(const Json& value) {
  return {value.at("name"), value.at("place"), value.at("date"), value.at("agency")};
}

// Text of examiners and of the system is not always UTF-8.
Json text_value(const std::string& text) {
  return path_value(text);
}

std::string text_from(const Json& value) {
  return path_from(value).native();
}

Json input_value(const PhotoInput& photo) {
  const ImageFacts& facts = photo.facts;
  Json value = {{"file", path_value(absolute_path(photo.file))},
                {"source", text_value(photo.source)},
                {"mark", text_value(photo.mark)},
                {"seizure", text_value(facts.seizure)},
                {"package", text_value(facts.package)},
                {"kind", to_string(facts.kind)}};
  value["scale_mm_per_px"] = facts.scale_mm_per_px ? Json(*facts.scale_mm_per_px) : Json(nullptr);
  value["region"] = facts.region ? Json::array({facts.region->x, facts.region->y,
                                                facts.region->width, facts.region->height})
                                 : Json(nullptr);
  value["metadata"] = text_value(facts.metadata_json);
  return value;
}

PhotoInput input_from(const Json& value) {
  PhotoInput photo;
  photo.file = path_from(value.at("file"));
  photo.source = text_from(value.at("source"));
  photo.mark = text_from(value.at("mark"));
  photo.facts.seizure = text_from(value.at("seizure"));
  photo.facts.package = text_from(value.at("package"));
  photo.facts.kind = image_kind_from_string(value.at("kind").get<std::string>()).value();
  if (!value.at("scale_mm_per_px").is_null()) {
    photo.facts.scale_mm_per_px = value.at("scale_mm_per_px").get<double>();
  }
  if (const Json& region = value.at("region"); !region.is_null()) {
    photo.facts.region = RegionOfInterest{region.at(0), region.at(1), region.at(2), region.at(3)};
  }
  photo.facts.metadata_json = text_from(value.at("metadata"));
  return photo;
}

SeizureOptions options_from(const Json& value) {
  SeizureOptions options;
  const Json& match = value.at("match");
  options.match.search.candidates = match.at("candidates");
  options.match.search.dense_images = match.at("dense_images");
  options.match.search.is_thorough = match.at("thorough");
  options.match.verify.ratio = match.at("ratio");
  options.match.verify.threshold_px = match.at("threshold_px");
  options.match.verify.min_inliers = match.at("min_inliers");
  options.match.verify.min_cells = match.at("min_cells");
  options.match.verify.min_score = match.at("min_score");
  options.match.quality_gate = match.at("quality_gate");
  options.match.max_hits = match.at("max_hits");
  for (const Json& condition : match.at("where")) {
    options.match.filter.where(condition.get<std::string>());
  }
  const Json& decode = value.at("decode");
  options.decode.max_file_bytes = decode.at("max_file_bytes");
  options.decode.max_pixels = decode.at("max_pixels");
  options.false_links = value.at("false_links");
  options.linked_share = value.at("linked_share");
  return options;
}

Plan plan_from(const Json& value, const std::filesystem::path& file) {
  if (value.at("format").get<int>() != kPlanFormat) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} is of format {}; this build reads {}", file.native(),
                            value.at("format").get<int>(), kPlanFormat));
  }
  Plan plan;
  plan.build = value.at("build");
  for (const Json& argument : value.at("command")) plan.command.push_back(text_from(argument));
  const Json& catalogue = value.at("catalogue");
  plan.catalogue = path_from(catalogue.at("directory"));
  plan.state = {catalogue.at("images"), catalogue.at("removed"), catalogue.at("segments"),
                catalogue.at("searched"), catalogue.at("selection")};
  plan.model_id = value.at("model").at("id");
  plan.model_name = value.at("model").at("name");
  plan.describe.long_side_px = value.at("options").at("describe").at("long_side_px");
  plan.describe.max_keypoints = value.at("options").at("describe").at("max_keypoints");
  plan.options = options_from(value.at("options"));
  plan.seizure = seizure_from(value.at("seizure"));
  for (const Json& seizure : value.at("declared")) plan.declared.push_back(seizure_from(seizure));
  for (const Json& issue : value.at("issues")) {
    InputIssue& added = plan.issues.emplace_back();
    added.file = text_from(issue.at("file"));
    added.code = static_cast<ErrorCode>(issue.at("code").get<int>());
    added.reason = text_from(issue.at("reason"));
  }
  plan.inputs = value.at("inputs").at("count");
  plan.inputs_check = value.at("inputs").at("check");
  return plan;
}

// A list of inputs has some hundred bytes for each: it is not held in memory.
std::string check_of_file(const std::filesystem::path& file) {
  CheckSum sum;
  for_chunks(file, [&](std::string_view bytes) { sum.add(bytes); });
  return sum.digits();
}

}  // namespace

CatalogueState state_of(const Catalogue& catalogue, const ImageFilter& filter) {
  const CatalogueInfo info = catalogue.info();
  CatalogueState state{info.images, info.removed, info.segments, info.images, {}};
  if (filter.selects_all()) return state;
  state.searched = 0;
  CheckSum ids;
  catalogue.list_images(filter, [&](const CatalogueImage& image) {
    ++state.searched;
    ids.add(fmt::format("{}\n", image.id));
    return true;
  });
  state.selection = ids.digits();
  return state;
}

Json path_value(const std::filesystem::path& path) {
  if (report::valid_utf8(path.native()) == path.native()) return path.native();
  return {{kHexKey, to_hex(path.native())}};
}

std::filesystem::path path_from(const Json& value) {
  return value.is_object() ? from_hex(value.at(kHexKey)) : value.get<std::string>();
}

Json options_value(const SeizureOptions& options, const DescribeOptions& describe) {
  Json match = report::match_options(options.match);
  for (const char* without_part : {"query_keypoints", "show_rejected"}) {
    match.erase(without_part);
  }
  return {{"decode", report::decode_options(options.decode)},
          {"describe", report::describe_options(describe)},
          {"match", std::move(match)},
          {"false_links", options.false_links},
          {"linked_share", options.linked_share}};
}

void write_plan(const std::filesystem::path& directory, Plan plan,
                const std::vector<PhotoInput>& photos) {
  std::error_code ignored;
  if (std::filesystem::exists(directory, ignored) &&
      !(std::filesystem::is_directory(directory, ignored) &&
        std::filesystem::is_empty(directory, ignored))) {
    const bool is_run = std::filesystem::exists(directory / kPlanName, ignored);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} {}", directory.native(),
                            is_run ? "holds a run already: resume it, or name another directory"
                                   : "is not an empty directory"));
  }
  make_directories(directory);
  {
    report::AtomicFile inputs(directory / kInputsName);
    for (const PhotoInput& photo : photos) inputs.write(journal_line(input_value(photo)));
    inputs.commit();
  }
  plan.inputs = static_cast<std::int64_t>(photos.size());
  plan.inputs_check = check_of_file(directory / kInputsName);
  Json value = {{"type", "seizure_plan"}, {"format", kPlanFormat}, {"build", plan.build}};
  value["command"] = Json::array();
  for (const std::string& argument : plan.command) value["command"].push_back(text_value(argument));
  value["catalogue"] = {
      {"directory", path_value(plan.catalogue)}, {"images", plan.state.images},
      {"removed", plan.state.removed},           {"segments", plan.state.segments},
      {"searched", plan.state.searched},         {"selection", plan.state.selection}};
  value["model"] = {{"id", plan.model_id}, {"name", plan.model_name}};
  value["options"] = options_value(plan.options, plan.describe);
  value["seizure"] = seizure_value(plan.seizure);
  value["declared"] = Json::array();
  for (const Seizure& seizure : plan.declared) value["declared"].push_back(seizure_value(seizure));
  value["issues"] = Json::array();
  for (const InputIssue& issue : plan.issues) {
    value["issues"].push_back({{"file", text_value(issue.file)},
                               {"code", static_cast<int>(issue.code)},
                               {"reason", text_value(issue.reason)}});
  }
  value["inputs"] = {{"count", plan.inputs}, {"check", plan.inputs_check}};
  // Last: a directory without it holds no run.
  write_file(directory / kPlanName, report::serialise(value, 2) + "\n");
}

Plan read_plan(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / kPlanName;
  std::string text;
  try {
    text = read_file(file);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kNotFound) throw;
    throw Error(ErrorCode::kNotFound,
                fmt::format("{} holds no run of a seizure", directory.native()));
  }
  Plan plan;
  try {
    plan = plan_from(Json::parse(text), file);
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kCorruptData, fmt::format("{} is damaged", file.native()));
  }
  plan.options.validate();
  if (check_of_file(directory / kInputsName) != plan.inputs_check) {
    throw Error(ErrorCode::kCorruptData,
                fmt::format("{} is not the list of this run", (directory / kInputsName).native()));
  }
  return plan;
}

InputReader::InputReader(const std::filesystem::path& directory)
    : lines_(directory / kInputsName) {}

std::optional<PhotoInput> InputReader::next() {
  const std::optional<Json> record = lines_.next();
  return record ? std::optional(input_from(*record)) : std::nullopt;
}

}  // namespace pressmark::seizure
