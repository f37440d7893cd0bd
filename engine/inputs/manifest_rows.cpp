// SPDX-License-Identifier: Apache-2.0
#include "engine/inputs/manifest_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/inputs/field_values.hpp"
#include "engine/inputs/text.hpp"
#include "engine/types/iso_date.hpp"

namespace pressmark::inputs {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 10> kKnownNames = {
    "file",  // the one that is required
    "seizure", "package", "kind", "place", "date", "agency", "scale_mm_per_px", "roi", "mark"};

// The fields of a seizure that rows may state.
constexpr std::array<std::pair<const char*, std::string Seizure::*>, 3> kSeizureFields = {
    {{"place", &Seizure::place}, {"date", &Seizure::date}, {"agency", &Seizure::agency}}};

struct Row {
  std::string file, kind, mark;
  Seizure seizure;
  ImageFacts facts;
  json metadata = json::object();
};

std::string shown(const json& value) {
  return in_quotes(value.is_string() ? value.get_ref<const std::string&>() : value.dump());
}

std::string* text_field(Row& row, std::string_view name) {
  if (name == "file") return &row.file;
  if (name == "kind") return &row.kind;
  if (name == "mark") return &row.mark;
  if (name == "package") return &row.facts.package;
  if (name == "seizure") return &row.seizure.name;
  for (const auto& [field_name, field] : kSeizureFields) {
    if (name == field_name) return &(row.seizure.*field);
  }
  return nullptr;
}

std::optional<double> scale_of(const json& value) {
  if (value.is_string()) return parse_scale(trimmed(value.get_ref<const std::string&>()));
  // As text both ways, so that both formats obey one rule.
  if (value.is_number()) return parse_scale(value.dump());
  return std::nullopt;
}

std::optional<RegionOfInterest> region_of(const json& value) {
  if (value.is_string()) return parse_region(trimmed(value.get_ref<const std::string&>()));
  if (!value.is_array() || value.size() != 4) return std::nullopt;
  std::string text;
  for (const json& element : value) {
    if (!element.is_number_integer()) return std::nullopt;
    text += element.dump() + " ";
  }
  return parse_region(trimmed(text));
}

bool is_blank(const json& value) {
  return value.is_null() ||
         (value.is_string() && trimmed(value.get_ref<const std::string&>()).empty());
}

// Puts one cell into the row, or returns why it cannot.
std::optional<std::string> take_cell(const Cell& cell, Row& row) {
  const auto& [name, value] = cell;
  if (std::string* field = text_field(row, name)) {
    if (value.is_null()) return std::nullopt;
    if (!value.is_string()) {
      return fmt::format("{} must be text, not {}", name, shown(value));
    }
    const std::string& text = value.get_ref<const std::string&>();
    // File names may begin or end with a blank; a seizure whose name differs by one is a mistake.
    *field = name == "file" ? text : std::string(trimmed(text));
  } else if (name == "scale_mm_per_px") {
    if (is_blank(value)) return std::nullopt;
    row.facts.scale_mm_per_px = scale_of(value);
    if (!row.facts.scale_mm_per_px) {
      return fmt::format("{} is not a number above 0: {}", name, shown(value));
    }
  } else if (name == "roi") {
    if (is_blank(value)) return std::nullopt;
    row.facts.region = region_of(value);
    if (!row.facts.region) {
      return fmt::format(
          "{} is not four whole numbers x y width height with x, y >= 0 and width, height > 0: {}",
          name, shown(value));
    }
  } else if (!value.is_null()) {
    row.metadata[name] = value;
  }
  return std::nullopt;
}

// What can only be said once all cells are known.
std::optional<std::string> check_row(Row& row) {
  if (trimmed(row.file).empty()) return "file is not stated";
  if (row.file.find('\0') != std::string::npos) {
    return fmt::format("file contains a zero byte: {}", in_quotes(row.file));
  }
  if (!row.kind.empty()) {
    const std::optional<ImageKind> kind = image_kind_from_string(ascii_lower(row.kind));
    if (!kind) {
      return fmt::format("kind is not logo, toolmark, wrapping or overview: {}",
                         in_quotes(row.kind));
    }
    row.facts.kind = *kind;
  }
  if (!row.seizure.date.empty() && !is_iso_date(row.seizure.date)) {
    return fmt::format("date is not a date YYYY, YYYY-MM or YYYY-MM-DD: {}",
                       in_quotes(row.seizure.date));
  }
  if (!row.seizure.name.empty()) return std::nullopt;
  if (!row.facts.package.empty()) {
    return fmt::format("package without seizure: {}", in_quotes(row.facts.package));
  }
  for (const auto& [name, field] : kSeizureFields) {
    const std::string& text = row.seizure.*field;
    if (!text.empty()) return fmt::format("{} without seizure: {}", name, in_quotes(text));
  }
  return std::nullopt;
}

}  // namespace

std::string ManifestRows::column_name(std::string_view written) const {
  const std::string_view exact = trimmed(written);
  std::string lower = ascii_lower(exact);
  const bool known = std::find(kKnownNames.begin(), kKnownNames.end(), lower) != kKnownNames.end();
  return known ? lower : std::string(exact);
}

std::span<const std::string_view> ManifestRows::required_columns() const {
  return std::span(kKnownNames).first(1);
}

ManifestRows::ManifestRows(const std::filesystem::path& manifest, PhotoList& list)
    : manifest_(manifest), list_(list) {}

std::string ManifestRows::source(std::int64_t line) const {
  return fmt::format("{}:{}", manifest_.native(), line);
}

void ManifestRows::reject_row(std::int64_t line, std::string reason) {
  list_.issues.push_back({source(line), ErrorCode::kInvalidArgument, std::move(reason)});
}

void ManifestRows::reject_file(std::string reason, ErrorCode code) {
  list_.issues.push_back({manifest_.native(), code, std::move(reason)});
}

std::optional<std::string> ManifestRows::declare(const Seizure& seizure, std::int64_t line) {
  const auto is_stated = [&](const auto& field) { return !(seizure.*field.second).empty(); };
  if (std::none_of(kSeizureFields.begin(), kSeizureFields.end(), is_stated)) return std::nullopt;

  const auto known = declared_.find(seizure.name);
  if (known != declared_.end()) {
    const Seizure& before = list_.seizures[known->second.index];
    for (std::size_t i = 0; i < kSeizureFields.size(); ++i) {
      const auto& [name, field] = kSeizureFields[i];
      if ((seizure.*field).empty() || (before.*field).empty() || seizure.*field == before.*field) {
        continue;
      }
      return fmt::format("{} {} contradicts {}, stated for seizure {} in line {}", name,
                         in_quotes(seizure.*field), in_quotes(before.*field),
                         in_quotes(seizure.name), known->second.lines[i]);
    }
  } else {
    declared_[seizure.name].index = list_.seizures.size();
    list_.seizures.push_back({seizure.name, {}, {}, {}});
  }

  Declared& declared = declared_[seizure.name];
  Seizure& merged = list_.seizures[declared.index];
  for (std::size_t i = 0; i < kSeizureFields.size(); ++i) {
    const auto field = kSeizureFields[i].second;
    if ((seizure.*field).empty() || !(merged.*field).empty()) continue;
    merged.*field = seizure.*field;
    declared.lines[i] = line;
  }
  return std::nullopt;
}

void ManifestRows::add(std::int64_t line, std::span<const Cell> cells) {
  Row row;
  std::optional<std::string> problem;
  for (const Cell& cell : cells) {
    problem = take_cell(cell, row);
    if (problem) break;
  }
  if (!problem) problem = check_row(row);
  if (!problem) problem = declare(row.seizure, line);
  if (problem) {
    reject_row(line, std::move(*problem));
    return;
  }
  row.facts.seizure = std::move(row.seizure.name);
  if (!row.mark.empty()) row.metadata["mark"] = row.mark;
  row.facts.metadata_json = row.metadata.dump();
  // An absolute file name stands for itself: operator/ drops the folder then.
  list_.photos.push_back({manifest_.parent_path() / row.file, std::move(row.facts), source(line),
                          std::move(row.mark)});
}

}  // namespace pressmark::inputs
