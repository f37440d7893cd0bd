// SPDX-License-Identifier: Apache-2.0
//
// A catalogue: one directory with everything known. Facts live in a SQLite database, descriptions
// in immutable segment files (docs/format.md). One writer and many readers, across processes; an
// object is used by one thread at a time, different objects on one directory by any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pressmark/decisions.hpp"
#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/export.hpp"
#include "pressmark/filter.hpp"
#include "pressmark/inputs.hpp"
#include "pressmark/maintenance.hpp"
#include "pressmark/model.hpp"
#include "pressmark/options.hpp"
#include "pressmark/types.hpp"

namespace pressmark {

// One catalogued image.
struct CatalogueImage {
  ImageId id = 0;
  std::filesystem::path file;  // absolute, as it was when added; originals are never touched
  PhotoInfo info;
  ImageFacts facts;
  int keypoints = 0;
  std::string added_at;  // UTC, ISO 8601
};

enum class AddStatus { kAdded, kDuplicate, kFailed };
PRESSMARK_API std::string_view to_string(AddStatus status);  // "added", "duplicate", "failed"

// What became of one photo of an add call.
struct AddReport {
  std::filesystem::path file;
  AddStatus status = AddStatus::kFailed;
  ErrorCode code = ErrorCode::kIo;  // where failed
  std::string reason;               // where failed or duplicate; one line
  std::string quality;              // where added: what is wrong with the photo; else empty
  ImageId id = 0;                   // the new or the already present image; 0 where failed
  PhotoInfo info;
  int keypoints = 0;
};

struct AddSummary {
  std::int64_t added = 0, duplicates = 0, failed = 0;
  bool interrupted = false;  // some inputs were not reached
};

struct PRESSMARK_API AddOptions {
  DecodeOptions decode;
  // Create seizures that neither exist nor are declared. Off: such photos fail, so that a typing
  // error does not found a new seizure.
  bool create_seizures = false;
  int images_per_segment = 256;  // 1..65536; a crash loses at most this many unacknowledged photos
  void validate() const;
};

struct Hit {
  CatalogueImage image;
  Verification verification;
  // How many of the images searched (MatchOptions::filter) an unrelated photo would be expected to
  // hit with this score or a higher one: images * 10^-score. 0 where there is no catalogue.
  double expected_false_hits = 0;
  // What an examiner decided about the query and this image: confirmed or rejected. match() only.
  std::optional<Verdict> verdict = {};
};

// The score at which a query is expected to have `false_hits` false hits in a catalogue of so many
// images: log10(images / false_hits), at least 0. For VerifyOptions::min_score. Throws
// Error(kInvalidArgument) unless false_hits > 0.
PRESSMARK_API double score_for_false_hits(std::int64_t images, double false_hits);

// The answer for one query photo. ok and no hits: an honest "no match".
struct QueryResult {
  std::filesystem::path file;
  bool ok = false;
  ErrorCode code = ErrorCode::kIo;  // where !ok
  std::string reason;               // where !ok
  PhotoInfo info;
  int width_px = 0, height_px = 0;  // canonical size
  int keypoints = 0;
  Light light;
  std::string quality;    // what is wrong with the photo, see quality_problem(); else empty
  int candidates = 0;     // verified geometrically; 0 where the quality gate refused the photo
  std::vector<Hit> hits;  // by score, then image id
};

// A catalogued image beside several photos of one mark.
struct MarkHit {
  CatalogueImage image;
  double score = 0;                // of all photos together, on the scale of Verification::score
  double expected_false_hits = 0;  // as in Hit, of that score
  std::size_t best_photo = 0;      // index in MarkResult::photos: the best that hits it
  int photos = 0;                  // that hit the image by themselves; >= 1
};

// The answer for query photos that PhotoInput::mark declares to show one mark. Beside the
// QueryResult of each, in which a candidate of one of the photos is compared with all of them.
struct MarkResult {
  std::string mark;
  std::vector<std::filesystem::path> photos;  // those compared: without failed and unusable ones
  std::vector<MarkHit> hits;                  // by score, then image id
};

struct MatchSummary {
  std::int64_t queries = 0, with_hits = 0, failed = 0;
  std::int64_t unusable = 0;  // decoded, but refused by the quality gate
  bool interrupted = false;
  std::int64_t searched_images = 0;  // those of the catalogue that MatchOptions::filter selects
};

// The answer for a catalogued photo.
struct ImageMatch {
  ImageId query = 0;              // in the catalogue that the query is of
  std::string quality;            // as in QueryResult
  std::vector<ImageId> compared;  // verified geometrically, most promising first; hits or not
  std::vector<Hit> hits;          // by score, then image id
};

struct SeizureInfo {
  Seizure seizure;
  std::int64_t packages = 0, images = 0;
};

// How well the lists of global vectors fit what they hold, and what was added since.
struct IndexDrift {
  double trained_error = 0;  // mean squared distance to centroids, of vectors like those trained on
  double error = 0;          // of the part or of the images without an index that fit worst
  double growth = 1;         // error / trained_error
  bool is_due = false;       // a reindex pays: at the same effort less is found
};

struct CatalogueInfo {
  std::filesystem::path directory;
  int format_version = 0;
  std::string model_id, model_name;
  DescribeOptions describe;
  std::int64_t images = 0, removed = 0, seizures = 0, packages = 0, keypoints = 0;
  std::int64_t segments = 0, bytes = 0;  // bytes of the whole directory
  std::string index;                     // e.g. "Flat, 256 dimensions, 1000 vectors"
  std::string local_index;               // the same of local codes
  // Index files in use (docs/format.md), images that they hold, and present ones that they lack,
  // which are read from their segments.
  std::int64_t index_files = 0, index_bytes = 0, indexed_images = 0, unindexed_images = 0;
  std::vector<std::string> index_problems;  // why files are not used; one line each
  std::optional<IndexDrift> drift;  // none without lists, which small catalogues do not have
};

// A catalogue's approximate answers beside exact ones.
struct PRESSMARK_API AuditOptions {
  std::int64_t queries = 200;  // 1..1000000; catalogued images, as many as there are
  int k = 10;                  // 1..1000; nearest images of a query, itself left out
  std::uint64_t seed = 1;      // of the sample
  // 0..1000000; images whose candidates are looked for, each twice: by the search that match()
  // makes and by a thorough one, which takes seconds in a large catalogue.
  std::int64_t candidate_queries = 50;
  int dense_images = SearchOptions{}.dense_images;  // as in SearchOptions
  void validate() const;
};

// Of the first k candidates of a thorough search, the share that is among the first k of the fast
// one; mean over the queries, interval as in AuditReport.
struct CandidateShare {
  int k = 0;
  double recall = 1, recall_low = 1, recall_high = 1;
  double worst_query = 1;
};

// What is missed by looking closely at the most promising images alone (SearchOptions). Photos that
// match() would refuse to compare do not ask.
struct CandidateAudit {
  // A catalogue of no more than dense_images images: the fast search is the thorough one, nothing
  // is missed, and nobody was asked.
  bool is_same_search = false;
  std::int64_t queries = 0;
  std::vector<CandidateShare> first;  // k of 10, 100, 1000, below the number of images
  // Verified with default options: images among the first 100 candidates of either search, and how
  // many of them are among those of the fast one.
  std::int64_t links = 0, links_found = 0;
  double fast_seconds = 0, thorough_seconds = 0;  // that passed for all queries, on all threads
};

struct AuditReport {
  std::int64_t images = 0, queries = 0;
  int k = 0;
  // Share of the k nearest by global vector that the index finds, mean over the queries, and its
  // Wilson interval of 95 %, in which each query counts as one observation. 1 without queries.
  double recall = 1, recall_low = 1, recall_high = 1;
  double worst_query = 1;
  double index_seconds = 0, exact_seconds = 0;  // of all queries, one thread
  CandidateAudit candidates;
};

class Catalogue;

// A catalogue that photos are compared with, and how.
struct MatchTarget {
  const Catalogue* catalogue = nullptr;
  MatchOptions options;
};

class PRESSMARK_API Catalogue {
 public:
  enum class Access { kRead, kWrite };

  // Creates the directory, which must not exist or be empty. The model is copied into it.
  // Throws Error: kInvalidArgument (not empty), kIo; device: as for open.
  static Catalogue create(const std::filesystem::path& directory, const Model& model,
                          const DescribeOptions& describe = {}, std::string_view device = "cpu");

  // Throws Error, leaving the directory as it was: kNotFound, kUnsupported (newer format), kBusy
  // (kWrite, and another writer is at work), kCorruptData, kIo; device: as for Engine.
  static Catalogue open(const std::filesystem::path& directory, Access access,
                        std::string_view device = "cpu");

  ~Catalogue();
  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;

  CatalogueInfo info() const;
  const Model& model() const;
  const DescribeOptions& describe_options() const;
  std::string_view device() const;  // as Engine::device()

  // Describes and stores photos, in order. `on_report` is called once per input, in input order,
  // after the photo is safely on disk: what was reported as added survives any crash. Identified
  // by SHA-256: a photo that is present already is reported as kDuplicate and not changed.
  // Throws Error for failures of the catalogue itself (kIo, e.g. disk full) and of the device
  // (kDevice); what was reported stays.
  AddSummary add(std::span<const PhotoInput> photos, std::span<const Seizure> seizures,
                 const AddOptions& options, const RunControl& control,
                 const std::function<void(const AddReport&)>& on_report);

  // Answers each query, in input order, from the snapshot taken when the catalogue was opened or
  // last changed through this object. Same answers for any number of threads. Photos of one mark
  // (PhotoInput::mark) are answered together, where the first of them stands, and then once more as
  // a whole: on_mark is called after on_result was called for each of them.
  MatchSummary match(std::span<const PhotoInput> queries, const MatchOptions& options,
                     const DecodeOptions& decode, const RunControl& control,
                     const std::function<void(const QueryResult&)>& on_result,
                     const std::function<void(const MarkResult&)>& on_mark = {}) const;

  // Answers photos that are catalogued in `source` already, in the order given, from this
  // catalogue's snapshot as match does, by their stored descriptions: no file is read, and
  // MatchOptions::query_keypoints plays no part. Where `source` is this catalogue, a photo is not
  // compared with itself. Throws Error: kInvalidArgument (other model), kNotFound (no such image in
  // `source`), kCorruptData.
  MatchSummary match_images(const Catalogue& source, std::span<const ImageId> queries,
                            const MatchOptions& options, const RunControl& control,
                            const std::function<void(const ImageMatch&)>& on_match) const;

  // The same answers from several catalogues, for each photo one after the other: what a comparison
  // needs to know of a photo is prepared once. on_matches takes one answer from each target, in
  // their order; a span that is valid during the call. So are the summaries that are returned. A
  // photo is not compared with itself in a target that is `source`, the same object.
  static std::vector<MatchSummary> match_images(
      std::span<const MatchTarget> targets, const Catalogue& source,
      std::span<const ImageId> queries, const RunControl& control,
      const std::function<void(std::span<const ImageMatch>)>& on_matches);

  // In order of id. Return false from the callback to stop. Throws Error(kInvalidArgument) where
  // the filter is not valid; so does count_images.
  void list_images(const ImageFilter& filter,
                   const std::function<bool(const CatalogueImage&)>& on_image) const;
  std::int64_t count_images(const ImageFilter& filter) const;
  std::vector<SeizureInfo> list_seizures() const;
  std::optional<CatalogueImage> find(ImageId id) const;
  // All images whose SHA-256 starts with `hex_prefix` (4..64 hex digits).
  std::vector<CatalogueImage> find_by_hash(std::string_view hex_prefix) const;

  // The stored description. Throws Error: kNotFound, kCorruptData.
  Description description(ImageId id) const;

  // Builds all index files anew from the segments, beside those in use, which they replace at the
  // end. Access::kWrite only. An interrupted one throws Error(kInterrupted) and changes nothing.
  // Throws Error: kIo, kCorruptData (a segment is damaged).
  void reindex(const RunControl& control = {});

  // Asks for the neighbours of a sample of catalogued images by the index and exactly, and for the
  // candidates of some by the fast search and thoroughly. The same for any number of threads, but
  // for seconds. An interrupted one throws Error(kInterrupted).
  AuditReport audit(const AuditOptions& options, const RunControl& control = {}) const;

  // Marks images as removed, at once and in one transaction; returns how many were present.
  std::int64_t remove(std::span<const ImageId> ids);

  // Corrects facts, all or nothing. The first returns how many of the images were present; a
  // package that does not exist is created. Throw Error: kInvalidArgument, kNotFound (seizure).
  std::int64_t update(std::span<const ImageId> ids, const FactsUpdate& changes);
  void update_seizure(std::string_view name, const SeizureUpdate& changes);

  // Writes segments anew without what was removed, then the database. Image ids stay. Readers go on
  // meanwhile, those that hold an older state included. Throws Error: kInvalidArgument, kIo,
  // kCorruptData (a description that is to be kept is damaged).
  CompactReport compact(const CompactOptions& options, const RunControl& control);

  // Brings images, seizures and decisions of another catalogue in: each photo once, known by its
  // SHA-256. Empty facts are completed, contradictions are reported and change nothing. Idempotent,
  // and resumed by calling it again. Throws Error: kInvalidArgument (another model or other
  // describe options), kIo, kCorruptData.
  ImportReport import(const std::filesystem::path& from, const ImportOptions& options,
                      const RunControl& control,
                      const std::function<void(const FactConflict&)>& on_conflict = {});

  // Writes a new catalogue with the images that the filter lets pass, their seizures, and the
  // decisions that concern one of them; it appears under its name when it is complete. Throws
  // Error: kInvalidArgument (the target exists), kInterrupted, kIo, kCorruptData.
  ImportReport export_to(const std::filesystem::path& directory, const ImageFilter& filter,
                         const RunControl& control) const;

  // Records what an examiner decided; durable when it returns. Throws Error: kInvalidArgument,
  // kUnsupported (a catalogue of format 2, which compact() brings up to date).
  Decision add_decision(const NewDecision& decision);
  // By moment, then decision_id. Return false from the callback to stop.
  void list_decisions(const DecisionFilter& filter,
                      const std::function<bool(const Decision&)>& on_decision) const;
  // The verdict about two photos, in either order, that counts: the latest that is not a note.
  std::optional<Decision> find_verdict(const Sha256& a, const Sha256& b) const;

 private:
  struct Impl;
  explicit Catalogue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pressmark
