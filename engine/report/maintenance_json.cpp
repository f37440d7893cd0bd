// SPDX-License-Identifier: Apache-2.0
//
// Records of what keeps a catalogue in order (docs/json.md).
#include "engine/report/json_values.hpp"
#include "pressmark/json.hpp"

namespace pressmark {

using report::Json;

std::string to_json(const CompactReport& report) {
  return report::serialise({{"type", "compact"},
                            {"bytes_before", report.bytes_before},
                            {"bytes_after", report.bytes_after},
                            {"segments_before", report.segments_before},
                            {"segments_after", report.segments_after},
                            {"reclaimed", report.reclaimed},
                            {"remaining", report.remaining},
                            {"format_before", report.format_before},
                            {"format_after", report.format_after},
                            {"interrupted", report.interrupted}});
}

std::string to_json(const FactConflict& conflict) {
  return report::serialise({{"type", "conflict"},
                            {"subject", conflict.subject},
                            {"field", conflict.field},
                            {"kept", report::text_or_null(conflict.kept)},
                            {"other", report::text_or_null(conflict.other)}});
}

std::string to_json(const ImportReport& report) {
  return report::serialise({{"type", "import"},
                            {"added", report.added},
                            {"duplicates", report.duplicates},
                            {"completed", report.completed},
                            {"kept_out", report.kept_out},
                            {"decisions", report.decisions},
                            {"conflicts", report.conflicts},
                            {"interrupted", report.interrupted}});
}

std::string to_json(const CatalogueProblem& problem) {
  return report::serialise({{"type", "problem"},
                            {"kind", to_string(problem.kind)},
                            {"file", problem.file.string()},
                            {"image", report::positive_or_null(problem.image)},
                            {"removed", problem.removed},
                            {"what", problem.what}});
}

std::string to_json(const CheckReport& report) {
  return report::serialise({{"type", "check"},
                            {"pages", report.pages},
                            {"segments", report.segments},
                            {"images", report.images},
                            {"bytes", report.bytes},
                            {"problems", report.problems},
                            {"database_usable", report.database_usable},
                            {"interrupted", report.interrupted}});
}

std::string to_json(const LostImage& image) {
  return report::serialise({{"type", "lost"},
                            {"id", image.id},
                            {"file", image.file.string()},
                            {"sha256", image.info.sha256.hex()},
                            {"seizure", report::text_or_null(image.facts.seizure)},
                            {"package", report::text_or_null(image.facts.package)}});
}

std::string to_json(const RepairReport& report) {
  return report::serialise({{"type", "repair"},
                            {"done", report.done},
                            {"dropped", report.dropped.size()},
                            {"remaining", report.remaining},
                            {"interrupted", report.interrupted}});
}

}  // namespace pressmark
