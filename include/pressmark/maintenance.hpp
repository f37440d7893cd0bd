// SPDX-License-Identifier: Apache-2.0
//
// Keeping a catalogue in order for years: correcting facts, giving back the space of what was
// removed, exchanging images between catalogues, checking every byte, repairing what can be. The
// operations are members of Catalogue (catalogue.hpp), save those for catalogues that may be too
// damaged to be opened as one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pressmark/engine.hpp"
#include "pressmark/export.hpp"
#include "pressmark/model.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

// --- correcting facts ---

// What to set; what has no value stays as it is. The region of interest is not among them: the
// description was made of it.
struct FactsUpdate {
  std::optional<std::string> seizure;  // must exist; "": none. Without `package`: no package
  std::optional<std::string> package;  // "": none; requires a seizure, stated here or before
  std::optional<ImageKind> kind;
  std::optional<double> scale_mm_per_px;     // > 0; 0: unknown
  std::optional<std::string> metadata_json;  // one JSON object, replaces the stored one
};

// As above, of a seizure. "": unknown.
struct SeizureUpdate {
  std::optional<std::string> place, date, agency;
};

// --- giving back space ---

struct PRESSMARK_API CompactOptions {
  // A segment file is written anew where more than this share of its images was removed; 0..1.
  // 0 leaves no byte of a removed image's description behind.
  double removed_share = 0.2;
  // Images of a new segment; segments less than half full are merged. 1..65536.
  int images_per_segment = 256;
  // Rewrite the database too, and bring a catalogue of an older format up to date. Needs up to
  // twice the database's size for a while.
  bool vacuum = true;
  void validate() const;
};

struct CompactReport {
  std::int64_t bytes_before = 0, bytes_after = 0;        // of database and segment files
  std::int64_t segments_before = 0, segments_after = 0;  // files
  std::int64_t reclaimed = 0;  // removed images whose descriptions are gone now
  std::int64_t remaining = 0;  // removed images whose descriptions are still there
  int format_before = 0, format_after = 0;
  bool interrupted = false;  // what was done stays done; call again for the rest
};

// --- exchanging images ---

// A fact of a photo or seizure that two catalogues state differently; the target's stays.
struct FactConflict {
  std::string subject;  // "image 12 (<sha256>)", "seizure 'S'", "decision <id>"
  std::string field;    // "place", "package", ...
  std::string kept, other;
};

struct PRESSMARK_API ImportOptions {
  int images_per_segment = 256;  // 1..65536; what an interruption loses at most
  // Take images that were removed from the target before. Off: they stay removed.
  bool restore_removed = false;
  void validate() const;
};

struct ImportReport {
  std::int64_t added = 0;
  std::int64_t duplicates = 0;  // present already, by SHA-256
  std::int64_t completed = 0;   // of the duplicates, those that learned a fact
  std::int64_t kept_out = 0;    // removed from the target before
  std::int64_t decisions = 0;   // that were not known
  std::int64_t conflicts = 0;   // as reported by on_conflict
  bool interrupted = false;     // what was brought in stays; call again for the rest
};

// --- checking and repairing ---

enum class ProblemKind {
  kDatabase,     // a page, the structure, a reference or a value of catalogue.sqlite
  kSegment,      // a whole segment file: missing, replaced, unreadable header or records
  kDescription,  // one image's description
  kLeaving,      // a file that nothing names: harmless, the next writer removes it
  kModel,        // the model's files
  kIndex         // what is derived from the rest
};
PRESSMARK_API std::string_view to_string(ProblemKind kind);  // "database", "segment", ...

struct CatalogueProblem {
  ProblemKind kind = ProblemKind::kDatabase;
  std::filesystem::path file;  // within the catalogue's directory, or as the catalogue was named
  ImageId image = 0;           // 0: no single one
  bool removed = false;        // the image was removed: nothing is lost
  std::string what;            // one line
};

struct CheckReport {
  std::int64_t pages = 0, segments = 0, images = 0, bytes = 0;  // verified
  std::int64_t problems = 0;                                    // as reported by on_problem
  bool database_usable = false;  // else only the database was looked at
  bool interrupted = false;
};

// Verifies every byte of a catalogue and every reference in it, and changes nothing. Readers and a
// writer may go on meanwhile. Damage is reported, not thrown. Throws Error: kNotFound (no
// catalogue), kUnsupported (newer format), kBusy, kIo.
PRESSMARK_API CheckReport
check_catalogue(const std::filesystem::path& directory, const RunControl& control,
                const std::function<void(const CatalogueProblem&)>& on_problem);

struct RepairOptions {
  // Remove images whose descriptions are damaged. Off: they are reported and left.
  bool drop_damaged = false;
};

// A photo that has to be added again.
struct LostImage {
  ImageId id = 0;
  std::filesystem::path file;
  PhotoInfo info;
  ImageFacts facts;
};

struct RepairReport {
  std::vector<std::string> done;  // one line each
  std::vector<LostImage> dropped;
  std::int64_t remaining = 0;  // problems that were found by the check afterwards
  bool interrupted = false;
};

// Removes leavings, rebuilds what is derived, and drops what is damaged where asked to. Never
// touches what is sound. Throws Error as check_catalogue, kBusy where a writer is at work, and
// kCorruptData where the database itself is damaged: restore it from a copy or an export.
PRESSMARK_API RepairReport repair_catalogue(
    const std::filesystem::path& directory, const RepairOptions& options, const RunControl& control,
    const std::function<void(const CatalogueProblem&)>& on_problem);

}  // namespace pressmark
