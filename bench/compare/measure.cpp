// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/measure.hpp"

#include "bench/process.hpp"
#include "engine/evaluate/ranking.hpp"
#include "engine/evaluate/score_counts.hpp"

namespace pressmark::compare {
namespace {

template <typename Work>
double time_ms(const Work& work) {
  const double begin = bench::process_cpu_seconds();  // should a library start threads
  work();
  return 1e3 * (bench::process_cpu_seconds() - begin);
}

}  // namespace

Accuracy accuracy_of(const PairScores& scores, std::span<const std::string> identities) {
  evaluation::ScoreCounts counts;
  std::vector<evaluation::RankedItem> items;
  double precision_sum = 0, first_sum = 0;
  int queries = 0;
  for (std::size_t query = 0; query < scores.photos(); ++query) {
    items.clear();
    for (std::size_t other = 0; other < scores.photos(); ++other) {
      if (other == query) continue;
      items.push_back({other, scores.at(query, other), 0, identities[query] == identities[other]});
    }
    const evaluation::QueryRanking ranking = evaluation::rank(items);
    if (!ranking.counted) continue;
    for (const evaluation::RankedItem& item : items) counts.add(item.score, item.mate);
    ++queries;
    precision_sum += ranking.average_precision;
    first_sum += ranking.first_mate_rank == 1;
  }
  Accuracy accuracy;
  if (queries > 0) {
    accuracy.mean_average_precision = precision_sum / queries;
    accuracy.recall_at_1 = first_sum / queries;
  }
  accuracy.auc = counts.auc();
  accuracy.tpr_at_fpr_001 = counts.tpr_at_fpr(0.001);
  return accuracy;
}

std::vector<Figures> measure(const Methods& methods, std::span<const std::string> identities,
                             const std::function<image::Photo(std::size_t)>& photo,
                             const std::function<void(const Progress&)>& on_progress) {
  const std::size_t photos = identities.size();
  std::vector<Figures> figures(methods.size());
  for (std::size_t i = 0; i < photos; ++i) {
    const image::Photo decoded = photo(i);
    for (std::size_t m = 0; m < methods.size(); ++m) {
      Cost& cost = figures[m].cost;
      cost.describe_ms += time_ms([&] { methods[m]->describe(decoded); });
      cost.bytes += static_cast<double>(methods[m]->bytes(i));
    }
    on_progress({i + 1, photos});
  }
  std::vector<PairScores> scores(methods.size(), PairScores(photos));
  const std::size_t pairs = photos * (photos - 1) / 2;
  std::size_t done = 0;
  for (std::size_t query = 0; query + 1 < photos; ++query) {
    for (std::size_t m = 0; m < methods.size(); ++m) {
      Cost& cost = figures[m].cost;
      cost.prepare_ms += time_ms([&] { methods[m]->prepare(query); });
      cost.compare_us += 1e3 * time_ms([&] {
                           for (std::size_t other = query + 1; other < photos; ++other) {
                             scores[m].set(query, other, methods[m]->compare(query, other));
                           }
                         });
    }
    on_progress({done += photos - 1 - query, pairs});
  }
  for (std::size_t m = 0; m < methods.size(); ++m) {
    figures[m].name = methods[m]->name();
    figures[m].title = methods[m]->title();
    figures[m].accuracy = accuracy_of(scores[m], identities);
    Cost& cost = figures[m].cost;
    cost.describe_ms /= static_cast<double>(photos);
    cost.bytes /= static_cast<double>(photos);
    if (pairs == 0) continue;
    cost.prepare_ms /= static_cast<double>(photos - 1);
    cost.compare_us /= static_cast<double>(pairs);
  }
  return figures;
}

}  // namespace pressmark::compare
