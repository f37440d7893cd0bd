// SPDX-License-Identifier: Apache-2.0
//
// Figures of a ranked search where each query has one true answer.
#pragma once

#include <cstddef>
#include <vector>

namespace pressmark::evaluation {

// One query: a score for every catalogued item (higher is better) and the index of the true one.
struct ScoredQuery {
  std::vector<double> scores;
  std::size_t truth = 0;
  std::vector<std::size_t> siblings;  // items that share printed elements with the true one
};

struct RankingFigures {
  double recall_at_1 = 0, recall_at_5 = 0;
  double mean_average_precision = 0;  // with one true answer: mean of 1 / rank
  // Share of queries whose true answer, and share whose best wrong answer, reaches the threshold.
  // The latter is what a search says when the true answer is left out of the catalogue.
  double true_positive_rate = 0, false_positive_rate = 0;
  // The same with the true answer's siblings left out too: hits that share nothing printed.
  double false_positive_rate_unrelated = 0;
};

// Items of equal score share the worst of their ranks: an arbitrary order is no merit.
RankingFigures rank(const std::vector<ScoredQuery>& queries, double threshold);

}  // namespace pressmark::evaluation
