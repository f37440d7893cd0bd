// SPDX-License-Identifier: Apache-2.0
//
// How well does the engine do on photos whose truth is known? Every query is compared with the
// other images of a set, and the scores are held against what is stated: which images came out of
// the same mould (identity), and which show the same design. docs/evaluation.md defines all
// figures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pressmark/engine.hpp"
#include "pressmark/error.hpp"
#include "pressmark/export.hpp"
#include "pressmark/model.hpp"
#include "pressmark/options.hpp"

namespace pressmark {

// What is known about one image.
struct TruthRow {
  std::filesystem::path file;  // relative to the set's directory, without "." and ".."
  std::string identity;        // the mould (press, die) that made the mark; not empty
  std::string design;          // the drawing it shows; empty on all rows or on none
  // Carried along; the engine makes no use of it yet.
  std::optional<double> scale_mm_per_px;
  // Direction of the main light in the mark's own frame, degrees.
  std::optional<double> light_azimuth_deg;
  // Homography from the mark's plane to pixels of the upright photo, row-major.
  std::optional<std::array<double, 9>> photo_from_mark;
  std::int64_t line = 0;  // in the truth file
};

struct EvaluationSet {
  std::filesystem::path directory;
  std::vector<TruthRow> images;
  std::vector<std::size_t> queries;  // which images are asked about; ascending
};

// Reads a CSV file (RFC 4180, UTF-8, header row) with columns file and identity, optionally design,
// scale_mm_per_px, light_azimuth_deg and, all nine or none, h11 to h33; other columns are ignored.
// Each file must exist below `directory`, and some identity must occur twice. Throws Error naming
// file, line and reason: kInvalidArgument, kNotFound, kUnsupported, kIo.
PRESSMARK_API std::vector<TruthRow> read_truth(const std::filesystem::path& directory,
                                               const std::filesystem::path& truth_csv);

// Reads a CSV file with a column file: the images of `truth` that are queries. Ascending. Throws
// Error like read_truth.
PRESSMARK_API std::vector<std::size_t> read_queries(const std::filesystem::path& queries_csv,
                                                    std::span<const TruthRow> truth);

// Every image whose identity occurs at least twice. Ascending.
PRESSMARK_API std::vector<std::size_t> queries_with_mates(std::span<const TruthRow> truth);

struct PRESSMARK_API EvaluateOptions {
  DecodeOptions decode;
  DescribeOptions describe;
  SearchOptions search{1000};  // candidates per query that are compared; the others rank below
  VerifyOptions verify;
  // Keypoints of an image where it takes the query's part, as MatchOptions::query_keypoints.
  int query_keypoints = 1024;
  // Compare each pair both ways. Off: a pair is compared once, the image that stands first in the
  // truth file as the query, and its scores count both ways.
  bool both_directions = false;
  std::string device = "cpu";  // as for Engine
  void validate() const;
};

// One image of the set. Failed ones take no part in any figure.
struct EvaluatedImage {
  TruthRow truth;
  bool ok = false;
  ErrorCode code = ErrorCode::kIo;  // where !ok
  std::string reason;               // where !ok; one line
  PhotoInfo info;
  int keypoints = 0;  // as a gallery image
};

// In this file a share or mean that has nothing to be taken over is empty.
struct ShareAt {
  int count = 0;  // the first this many
  std::optional<double> share;
};

struct RocPoint {
  double false_positive_rate = 0;
  std::optional<double> true_positive_rate;  // the highest at no more than that rate
};

// Pairs by score. The edges are equally spaced in sign(s) * log10(1 + |s|).
struct ScoreHistogram {
  std::vector<double> edges;  // one more than bins; empty where no pair was compared
  std::vector<std::int64_t> mates, non_mates;
  std::int64_t mates_not_compared = 0,
               non_mates_not_compared = 0;  // no candidates: below any score
};

// How one channel of scores answers one question.
struct ChannelFigures {
  std::string name;
  std::optional<double> mean_average_precision;
  std::vector<ShareAt> recall_at;  // queries with a mate among the first 1, 5, 10, 100
  std::optional<double> auc;
  std::vector<RocPoint> tpr_at_fpr;  // at 0.01 and 0.001
  std::vector<RocPoint> roc;         // eight a decade, from one in all non-mates to 1
  std::vector<double> cmc;           // recall at 1, 2, ..., at most 100
  ScoreHistogram histogram;
};

// How a path to candidates does before any verification.
struct CandidateRecall {
  std::string path;
  std::vector<ShareAt> mates;  // true mates among the first 10, 100, 1000 candidates
};

// A pair that went wrong, or nearly so. Judged by the last channel.
struct PairExample {
  std::size_t query = 0, other = 0;  // of EvaluationResult::images
  bool compared = false;             // among the candidates of the query
  bool verified = false;
  std::int64_t rank = 0;       // of `other` in the answer to `query`; ties: the worst
  std::vector<double> scores;  // by channel; empty where not compared
  std::optional<double> light_gap_deg;
};

// Verified pairs by the engine's answer about their mould.
struct MouldVerdictCounts {
  std::int64_t same = 0, different = 0, cannot_tell = 0;
  std::int64_t total() const { return same + different + cannot_tell; }
  MouldVerdictCounts& operator+=(const MouldVerdictCounts& other) {
    same += other.same;
    different += other.different;
    cannot_tell += other.cannot_tell;
    return *this;
  }
};

struct QuestionFigures {
  std::string name;             // "same_design", "same_mould", "same_mould_within_design"
  std::int64_t queries = 0;     // that have both mates and non-mates: only these are ranked
  std::int64_t mate_pairs = 0;  // ordered: query, other image
  std::int64_t non_mate_pairs = 0;
  std::optional<double> verified_tpr, verified_fpr;       // at the engine's own threshold
  MouldVerdictCounts verdicts_mates, verdicts_non_mates;  // not of "same_design": all 0
  std::vector<ChannelFigures> channels;
  std::vector<CandidateRecall> candidate_recall;  // not where the gallery is part of the set
  std::vector<PairExample> worst_mates;           // of each query its last; worst ranks first
  std::vector<PairExample> best_non_mates;        // of each query its first; highest scores first
};

// Mates (same identity) whose lights differ by [from, to) degrees; the last bin holds 180 too.
struct LightGapFigures {
  double from_deg = 0, to_deg = 0;
  std::int64_t pairs = 0;
  std::optional<double> verified;
  std::vector<std::optional<double>> mean_scores;  // by channel; pairs not compared count as 0
};

// Means of the time that a worker spent on one item, in milliseconds. Not deterministic.
struct EvaluationTimings {
  std::optional<double> describe_ms;    // an image, once as query and once as gallery image
  std::optional<double> candidates_ms;  // a query
  std::optional<double> verify_ms;      // a pair
  double total_s = 0;                   // the whole call
};

struct EvaluationResult {
  std::filesystem::path directory;  // of the set
  std::string device;               // Engine::device()
  std::vector<EvaluatedImage> images;
  std::int64_t failed = 0;
  std::int64_t queries = 0;         // asked, without failed ones
  std::int64_t compared_pairs = 0;  // verifications that were made
  bool exhaustive = false;          // every query was compared with every other image
  std::vector<std::string> channels;
  // Without designs only "same_mould"; the last one only where some design has two moulds.
  std::vector<QuestionFigures> questions;
  std::vector<LightGapFigures> light_gaps;  // empty where fewer than two images state a light
  EvaluationTimings timings;
};

// Describes the images, compares, counts. An image that cannot be used, or repeats the bytes of an
// earlier one, is reported in the result and takes no part. Everything but the timings is the same
// for any number of threads. All descriptions are held in memory, and up to 5000 images so are the
// scores of all pairs; beyond that, a pair of two queries is compared twice. Progress counts
// images, then from 0 again pairs. Throws Error: kInvalidArgument, kInterrupted.
PRESSMARK_API EvaluationResult evaluate(const Model& model, const EvaluationSet& set,
                                        const EvaluateOptions& options = {},
                                        const RunControl& control = {});

}  // namespace pressmark
