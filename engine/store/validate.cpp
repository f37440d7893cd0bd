// SPDX-License-Identifier: Apache-2.0
#include "engine/store/validate.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/store/moments.hpp"
#include "engine/store/segment.hpp"
#include "engine/types/iso_date.hpp"
#include "pressmark/error.hpp"

namespace pressmark::store {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument, what);
}

void require_text(std::string_view field, const std::string& value) {
  if (!is_text(value)) refuse(fmt::format("{} is not UTF-8 text", field));
}

// Length of the well-formed sequence at the front (RFC 3629), 0 where there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const auto continues = [&](std::size_t from, std::size_t count) {
    for (std::size_t i = from; i < from + count; ++i) {
      if ((byte(i) & 0xc0u) != 0x80u) return false;
    }
    return true;
  };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1, 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && second < 0xa0;
    const bool surrogate = lead == 0xed && second > 0x9f;
    return continues(1, 2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && second < 0x90;
    const bool too_high = lead == 0xf4 && second > 0x8f;
    return continues(1, 3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_text(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.front() == '\0') return false;
    const std::size_t length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void validate_seizure(const Seizure& seizure) {
  if (seizure.name.empty()) refuse("a seizure needs a name");
  require_text("the seizure's name", seizure.name);
  require_text("the seizure's place", seizure.place);
  require_text("the seizure's agency", seizure.agency);
  if (!seizure.date.empty() && !is_iso_date(seizure.date)) {
    refuse(fmt::format("seizure '{}': '{}' is not a date (YYYY, YYYY-MM or YYYY-MM-DD)",
                       seizure.name, seizure.date));
  }
}

void validate_settings(const CatalogueSettings& settings) {
  if (settings.model_id.empty() || settings.model_id.size() > sizeof(SegmentHeader::model_id) ||
      !is_text(settings.model_id)) {
    refuse(fmt::format("'{}' cannot be a model id", settings.model_id));
  }
  if (settings.global_size < 1 || settings.global_size > static_cast<int>(kMaxGlobalSize)) {
    refuse(fmt::format("a global vector cannot have {} values", settings.global_size));
  }
  settings.describe.validate();
}

void validate_image(const NewImage& image) {
  const ImageFacts& facts = image.facts;
  const std::string& file = image.file.native();
  if (!image.file.is_absolute()) refuse(fmt::format("'{}' is not an absolute path", file));
  if (image.info.width_px < 1 || image.info.height_px < 1 || image.info.file_bytes < 0 ||
      image.info.orientation < 1 || image.info.orientation > 8 || !is_text(image.info.format)) {
    refuse(fmt::format("{}: impossible facts of the file", file));
  }
  require_text(fmt::format("{}: the seizure's name", file), facts.seizure);
  require_text(fmt::format("{}: the package's name", file), facts.package);
  require_text(fmt::format("{}: the metadata", file), facts.metadata_json);
  if (!facts.package.empty() && facts.seizure.empty()) {
    refuse(fmt::format("{}: package '{}' is stated without a seizure", file, facts.package));
  }
  if (!image_kind_from_string(to_string(facts.kind))) {
    refuse(fmt::format("{}: unknown kind of image", file));
  }
  if (facts.scale_mm_per_px &&
      (!(*facts.scale_mm_per_px > 0) || !std::isfinite(*facts.scale_mm_per_px))) {
    refuse(
        fmt::format("{}: the scale {} mm per pixel is not positive", file, *facts.scale_mm_per_px));
  }
  if (facts.region && (facts.region->width < 1 || facts.region->height < 1)) {
    refuse(fmt::format("{}: the region of interest is empty", file));
  }
}

void validate_decision(const NewDecision& decision) {
  if (decision.first == decision.second) refuse("a decision is about two different photos");
  if (decision.who.empty()) refuse("a decision needs the name of who made it");
  require_text("the name of who decided", decision.who);
  require_text("the decision's note", decision.note);
  if (!verdict_from_string(to_string(decision.verdict))) refuse("unknown verdict");
  if (decision.verdict == Verdict::kNote && decision.note.empty()) {
    refuse("a note needs a text");
  }
}

void validate_decision(const Decision& decision) {
  validate_decision(
      NewDecision{decision.first, decision.second, decision.verdict, decision.note, decision.who});
  const bool id_ok =
      decision.decision_id.size() == 32 &&
      decision.decision_id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!id_ok) refuse(fmt::format("'{}' is not a decision's id", decision.decision_id));
  if (!(decision.first < decision.second)) {
    refuse(fmt::format("decision {}: its photos are not in order", decision.decision_id));
  }
  if (!is_precise_moment(decision.decided_at)) {
    refuse(fmt::format("decision {}: '{}' is not a moment", decision.decision_id,
                       decision.decided_at));
  }
}

std::string merged_fact(const std::string& seizure, std::string_view field,
                        const std::string& stored, const std::string& stated) {
  if (stated.empty() || stated == stored) return stored;
  if (stored.empty()) return stated;
  if (field == "date") {  // 2024-05 says more than 2024, and does not contradict it
    if (stated.starts_with(stored)) return stated;
    if (stored.starts_with(stated)) return stored;
  }
  refuse(fmt::format("seizure '{}': its {} is '{}' in the catalogue, not '{}'", seizure, field,
                     stored, stated));
}

}  // namespace pressmark::store
