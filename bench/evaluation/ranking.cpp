// SPDX-License-Identifier: Apache-2.0
#include "bench/evaluation/ranking.hpp"

#include <algorithm>

namespace pressmark::evaluation {

RankingFigures rank(const std::vector<ScoredQuery>& queries, double threshold) {
  RankingFigures figures;
  for (const ScoredQuery& query : queries) {
    const double truth = query.scores[query.truth];
    const auto position = static_cast<double>(std::count_if(
        query.scores.begin(), query.scores.end(), [&](double score) { return score >= truth; }));
    double best_wrong = 0, best_unrelated = 0;
    for (std::size_t i = 0; i < query.scores.size(); ++i) {
      if (i == query.truth) continue;
      best_wrong = std::max(best_wrong, query.scores[i]);
      if (std::find(query.siblings.begin(), query.siblings.end(), i) == query.siblings.end()) {
        best_unrelated = std::max(best_unrelated, query.scores[i]);
      }
    }
    figures.recall_at_1 += position <= 1;
    figures.recall_at_5 += position <= 5;
    figures.mean_average_precision += 1 / position;
    figures.true_positive_rate += truth >= threshold;
    figures.false_positive_rate += best_wrong >= threshold;
    figures.false_positive_rate_unrelated += best_unrelated >= threshold;
  }
  const double count = std::max<double>(1, static_cast<double>(queries.size()));
  for (double* figure : {&figures.recall_at_1, &figures.recall_at_5,
                         &figures.mean_average_precision, &figures.true_positive_rate,
                         &figures.false_positive_rate, &figures.false_positive_rate_unrelated}) {
    *figure /= count;
  }
  return figures;
}

}  // namespace pressmark::evaluation
