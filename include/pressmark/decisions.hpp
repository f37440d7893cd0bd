// SPDX-License-Identifier: Apache-2.0
//
// What examiners decided about links. A history that only grows: a decision is never changed, a
// later one about the same two photos takes its place. Photos are named by their SHA-256, so that
// decisions stay true when catalogues are exported and merged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pressmark/export.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

// A note says something about a pair and leaves its verdict as it is.
enum class Verdict { kConfirmed, kRejected, kNote };
PRESSMARK_API std::string_view to_string(Verdict verdict);  // "confirmed", "rejected", "note"
PRESSMARK_API std::optional<Verdict> verdict_from_string(std::string_view text);

// A decision to be recorded about two photos, in either order; they need not be catalogued.
struct NewDecision {
  Sha256 first, second;  // different
  Verdict verdict = Verdict::kNote;
  std::string note;  // UTF-8; a note needs one
  std::string who;   // the examiner, UTF-8, not empty
};

// A recorded decision. Decisions are ordered by moment, then decision_id: the same order in every
// catalogue that holds them.
struct Decision {
  std::int64_t id = 0;   // in this catalogue
  Sha256 first, second;  // first < second
  Verdict verdict = Verdict::kNote;
  std::string note, who;
  // UTC, "2024-05-01T08:30:00.000000Z". Later than that of every decision about the pair that was
  // known when it was made, even where clocks disagree.
  std::string decided_at;
  std::string decision_id;  // 32 hexadecimal digits, of this decision in all catalogues
};

struct DecisionFilter {
  std::optional<Sha256> photo = {};     // one of the two
  std::optional<Verdict> verdict = {};  // with this verdict
  std::string who = {};                 // of this examiner; empty: any
  bool current_only = false;            // only the verdict that counts of each pair; no notes
};

}  // namespace pressmark
