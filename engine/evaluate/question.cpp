// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluate/question.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "engine/evaluate/candidate_paths.hpp"

namespace pressmark::evaluation {
namespace {

constexpr std::array<int, 4> kRecallCounts{1, 5, 10, 100};
constexpr std::array<int, 3> kCandidateCounts{10, 100, 1000};
constexpr std::array<double, 2> kFalsePositiveRates{0.01, 0.001};
constexpr std::size_t kLongestCmc = 100;
constexpr std::size_t kHistogramBins = 40;
constexpr std::size_t kExamples = 12;

std::optional<double> share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string name_of(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::kSameDesign:
      return "same_design";
    case QuestionKind::kSameMould:
      return "same_mould";
    case QuestionKind::kSameMouldWithinDesign:
      break;
  }
  return "same_mould_within_design";
}

void count(MouldVerdict verdict, MouldVerdictCounts& counts) {
  switch (verdict) {
    case MouldVerdict::kSame:
      ++counts.same;
      return;
    case MouldVerdict::kDifferent:
      ++counts.different;
      return;
    case MouldVerdict::kCannotTell:
      ++counts.cannot_tell;
      return;
  }
}

double last_score(const PairExample& pair) {
  return pair.compared ? pair.scores.back() : kNotCompared;
}

// The first few by `is_before`; a pair that was met from both sides is shown once.
template <typename IsBefore>
std::vector<PairExample> choose(std::vector<PairExample> pairs, const IsBefore& is_before) {
  std::sort(pairs.begin(), pairs.end(), is_before);
  std::vector<PairExample> chosen;
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (PairExample& pair : pairs) {
    if (chosen.size() == kExamples) break;
    if (!seen.insert(std::minmax(pair.query, pair.other)).second) continue;
    chosen.push_back(std::move(pair));
  }
  return chosen;
}

std::vector<PairExample> worst_mates(std::vector<PairExample> pairs) {
  return choose(std::move(pairs), [](const PairExample& a, const PairExample& b) {
    if (a.rank != b.rank) return a.rank > b.rank;
    if (last_score(a) != last_score(b)) return last_score(a) < last_score(b);
    return std::pair(a.query, a.other) < std::pair(b.query, b.other);
  });
}

std::vector<PairExample> best_non_mates(std::vector<PairExample> pairs) {
  return choose(std::move(pairs), [](const PairExample& a, const PairExample& b) {
    if (last_score(a) != last_score(b)) return last_score(a) > last_score(b);
    return std::pair(a.query, a.other) < std::pair(b.query, b.other);
  });
}

}  // namespace

Question::Question(QuestionKind kind, const Labels& labels, std::vector<std::string_view> paths)
    : kind_(kind),
      labels_(&labels),
      path_names_(kind == QuestionKind::kSameMouldWithinDesign ? std::vector<std::string_view>()
                                                               : std::move(paths)),
      channels_(channels().size()),
      mates_among_first_(path_names_.size()) {
  for (ChannelTally& channel : channels_) channel.first_mates.resize(kLongestCmc + 1);
}

bool Question::is_in_gallery(std::size_t query, std::size_t image) const {
  return kind_ != QuestionKind::kSameMouldWithinDesign ||
         labels_->design[query] == labels_->design[image];
}

bool Question::is_mate(std::size_t query, std::size_t image) const {
  const auto& label = kind_ == QuestionKind::kSameDesign ? labels_->design : labels_->identity;
  return label[query] == label[image];
}

float Question::score(const ScoreChannel& channel, const PairScores& scores) const {
  const float value = scores.*(kind_ == QuestionKind::kSameDesign ? channel.design : channel.mould);
  return std::isnan(value) ? kNotCompared : value;
}

PairExample Question::example(const Answer& answer, const View& view, std::size_t item,
                              std::int64_t rank) const {
  const RankedItem& chosen = view.items.back()[item];
  PairExample pair;
  pair.query = answer.query;
  pair.other = chosen.image;
  pair.compared = chosen.place == 0;
  pair.rank = rank;
  if (pair.compared) {
    for (const auto& items : view.items) pair.scores.push_back(items[item].score);
    const auto position =
        std::find(answer.candidates().begin(), answer.candidates().end(), chosen.image) -
        answer.candidates().begin();
    pair.verified = answer.scores[static_cast<std::size_t>(position)].verified;
  }
  return pair;
}

Question::View Question::view(const Answer& answer) const {
  View view;
  view.items.resize(channels().size());
  for (std::size_t i = 0; i < answer.candidates().size(); ++i) {
    const std::size_t image = answer.candidates()[i];
    if (!is_in_gallery(answer.query, image)) continue;
    const bool mate = is_mate(answer.query, image);
    const bool compared = i < answer.scores.size();
    const bool verified = compared && answer.scores[i].verified;
    (mate ? view.mates : view.non_mates) += 1;
    (mate ? view.verified_mates : view.verified_non_mates) += verified;
    if (verified && kind_ != QuestionKind::kSameDesign) {
      count(answer.scores[i].mould, mate ? view.verdicts_mates : view.verdicts_non_mates);
    }
    for (std::size_t c = 0; c < channels().size(); ++c) {
      RankedItem item{image, kNotCompared, 0, mate};
      if (compared) {
        item.score = score(channels()[c], answer.scores[i]);
      } else {
        item.place = static_cast<std::int64_t>(i) + 1;
      }
      view.items[c].push_back(item);
    }
  }
  for (const auto& items : view.items) view.rankings.push_back(rank(items));

  view.mates_among_first.resize(mates_among_first_.size());
  for (std::size_t path = 0; path < view.mates_among_first.size(); ++path) {
    for (std::size_t i = 0; i < answer.paths[path].size(); ++i) {
      if (!is_mate(answer.query, answer.paths[path][i])) continue;
      for (std::size_t k = 0; k < kCandidateCounts.size(); ++k) {
        view.mates_among_first[path][k] += i < static_cast<std::size_t>(kCandidateCounts[k]);
      }
    }
  }

  const QueryRanking& last = view.rankings.back();
  if (view.mates > 0) {
    view.last_mate.push_back(example(answer, view, last.last_mate, last.last_mate_rank));
  }
  if (view.non_mates > 0) {
    view.first_non_mate.push_back(
        example(answer, view, last.first_non_mate, last.first_non_mate_rank));
  }
  return view;
}

void Question::add(View view) {
  verified_mates_ += view.verified_mates;
  verified_non_mates_ += view.verified_non_mates;
  verdicts_mates_ += view.verdicts_mates;
  verdicts_non_mates_ += view.verdicts_non_mates;
  ranked_queries_ += view.mates > 0 && view.non_mates > 0;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    ChannelTally& channel = channels_[c];
    largest_gallery_ = std::max(largest_gallery_, view.items[c].size());
    for (const RankedItem& item : view.items[c]) channel.counts.add(item.score, item.mate);
    const QueryRanking& ranking = view.rankings[c];
    if (!ranking.counted) continue;
    channel.average_precision_sum += ranking.average_precision;
    const auto first = static_cast<std::size_t>(ranking.first_mate_rank);
    if (first <= kLongestCmc) ++channel.first_mates[first];
  }
  for (std::size_t path = 0; path < mates_among_first_.size(); ++path) {
    for (std::size_t k = 0; k < kCandidateCounts.size(); ++k) {
      mates_among_first_[path][k] += view.mates_among_first[path][k];
    }
  }
  for (PairExample& pair : view.last_mate) last_mates_.push_back(std::move(pair));
  for (PairExample& pair : view.first_non_mate) first_non_mates_.push_back(std::move(pair));
}

QuestionFigures Question::figures() const {
  QuestionFigures figures;
  figures.name = name_of(kind_);
  figures.queries = ranked_queries_;
  figures.mate_pairs = channels_.front().counts.mates();
  figures.non_mate_pairs = channels_.front().counts.non_mates();
  figures.verified_tpr = share(verified_mates_, figures.mate_pairs);
  figures.verified_fpr = share(verified_non_mates_, figures.non_mate_pairs);
  figures.verdicts_mates = verdicts_mates_;
  figures.verdicts_non_mates = verdicts_non_mates_;
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    const ChannelTally& tally = channels_[c];
    ChannelFigures channel;
    channel.name = channels()[c].name;
    if (ranked_queries_ > 0) {
      channel.mean_average_precision =
          tally.average_precision_sum / static_cast<double>(ranked_queries_);
      std::int64_t found = 0;
      for (std::size_t k = 1; k <= std::min(kLongestCmc, largest_gallery_); ++k) {
        found += tally.first_mates[k];
        channel.cmc.push_back(*share(found, ranked_queries_));
      }
    }
    for (const int count : kRecallCounts) {
      std::int64_t found = 0;
      for (int k = 1; k <= count; ++k) found += tally.first_mates[static_cast<std::size_t>(k)];
      channel.recall_at.push_back({count, share(found, ranked_queries_)});
    }
    channel.auc = tally.counts.auc();
    for (const double rate : kFalsePositiveRates) {
      channel.tpr_at_fpr.push_back({rate, tally.counts.tpr_at_fpr(rate)});
    }
    channel.roc = tally.counts.roc();
    channel.histogram = tally.counts.histogram(kHistogramBins);
    figures.channels.push_back(std::move(channel));
  }
  for (std::size_t path = 0; path < mates_among_first_.size(); ++path) {
    CandidateRecall recall;
    recall.path = path_names_[path];
    for (std::size_t k = 0; k < kCandidateCounts.size(); ++k) {
      recall.mates.push_back(
          {kCandidateCounts[k], share(mates_among_first_[path][k], figures.mate_pairs)});
    }
    figures.candidate_recall.push_back(std::move(recall));
  }
  figures.worst_mates = worst_mates(last_mates_);
  figures.best_non_mates = best_non_mates(first_non_mates_);
  return figures;
}

}  // namespace pressmark::evaluation
