// SPDX-License-Identifier: Apache-2.0
//
// One question that is put to the scores ("which images show the same design?"): answers of
// queries go in, figures come out. Answers are ranked in parallel and added in order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/evaluate/channels.hpp"
#include "engine/evaluate/ranking.hpp"
#include "engine/evaluate/score_counts.hpp"
#include "pressmark/evaluate.hpp"

namespace pressmark::evaluation {

// Who belongs together, by number; of each image.
struct Labels {
  std::vector<std::size_t> identity, design;
};

// What the engine says to one query.
struct Answer {
  std::size_t query = 0;
  std::vector<std::vector<std::size_t>> paths;  // CandidatePaths::rank
  // Of the first scores.size() candidates of the last path; the others were not compared.
  std::vector<PairScores> scores;

  const std::vector<std::size_t>& candidates() const { return paths.back(); }
};

enum class QuestionKind { kSameDesign, kSameMould, kSameMouldWithinDesign };

class Question {
 public:
  // `labels` is borrowed. `paths`: names of Answer::paths.
  Question(QuestionKind kind, const Labels& labels, std::vector<std::string_view> paths);

  // An answer as this question sees it.
  struct View {
    std::vector<std::vector<RankedItem>> items;  // by channel
    std::vector<QueryRanking> rankings;          // the same
    std::int64_t mates = 0, non_mates = 0, verified_mates = 0, verified_non_mates = 0;
    MouldVerdictCounts verdicts_mates, verdicts_non_mates;
    std::vector<std::array<std::int64_t, 3>> mates_among_first;  // by path, kCandidateCounts
    std::vector<PairExample> last_mate, first_non_mate;          // at most one each
  };
  View view(const Answer& answer) const;  // safe to call from many threads

  void add(View view);

  QuestionFigures figures() const;

 private:
  bool is_in_gallery(std::size_t query, std::size_t image) const;
  bool is_mate(std::size_t query, std::size_t image) const;
  float score(const ScoreChannel& channel, const PairScores& scores) const;
  PairExample example(const Answer& answer, const View& view, std::size_t item,
                      std::int64_t rank) const;

  struct ChannelTally {
    ScoreCounts counts;
    double average_precision_sum = 0;
    std::vector<std::int64_t> first_mates;  // queries by rank of their first mate, from 1 to 100
  };

  QuestionKind kind_;
  const Labels* labels_;
  std::vector<std::string_view> path_names_;  // none for the question within a design
  std::vector<ChannelTally> channels_;
  std::int64_t ranked_queries_ = 0, verified_mates_ = 0, verified_non_mates_ = 0;
  MouldVerdictCounts verdicts_mates_, verdicts_non_mates_;
  std::size_t largest_gallery_ = 0;
  std::vector<std::array<std::int64_t, 3>> mates_among_first_;
  std::vector<PairExample> last_mates_, first_non_mates_;
};

}  // namespace pressmark::evaluation
