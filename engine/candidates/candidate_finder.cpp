// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/candidate_finder.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/index/unite_candidates.hpp"

namespace pressmark::candidates {
namespace {

index::LocalIndex make_local_index(const kernels::Backend& backend,
                                   const models::ModelData& model) {
  return {
      backend,
      {{{model.raw.words(), model.raw.even_size}, {model.relit.words(), model.relit.even_size}}}};
}

}  // namespace

CandidateFinder::CandidateFinder(const kernels::Backend& backend, const models::ModelData& model)
    : global_(model.global_size), local_(make_local_index(backend, model)) {}

void CandidateFinder::add(ImageId id, const Description& description) {
  global_.add({&id, 1}, description.global);
  local_.add(id, description);
  if (global_.size() > SearchOptions::kMostDenseImages) {
    ids_ = {};
    codes_ = {};
    cohorts_ = {};
    return;
  }
  ids_.push_back(id);
  codes_.push_back(description.dense);
  cohorts_.push_back(description.dense_cohort);
}

std::vector<ImageId> CandidateFinder::rank_dense(const Description& query,
                                                 const kernels::DenseSearch& dense,
                                                 int count) const {
  std::vector<kernels::DenseMatch> matches(codes_.size());
  dense.search(codes_, matches);
  std::vector<double> scores(codes_.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = kernels::normalised_score(matches[i].score, query.dense_cohort, cohorts_[i]);
  }
  std::vector<std::size_t> order(codes_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  std::vector<ImageId> ranking;
  for (const std::size_t i : order) ranking.push_back(ids_[i]);
  return ranking;
}

Rankings CandidateFinder::find(const Description& query, const kernels::DenseSearch& dense,
                               int count, const SearchOptions& options,
                               std::optional<ImageId> left_out) const {
  Rankings rankings;
  for (const index::VotedImage& image : local_.search(query, count)) {
    rankings.votes.push_back(image.id);
  }
  for (const index::Neighbour& neighbour : global_.search(query.global, count)) {
    rankings.global.push_back(neighbour.id);
  }
  if (global_.size() <= options.dense_images) rankings.dense = rank_dense(query, dense, count);
  if (left_out) {
    for (auto* ranking : {&rankings.votes, &rankings.global, &rankings.dense}) {
      std::erase(*ranking, *left_out);
    }
  }
  rankings.united = index::unite_candidates(
      std::array<index::RankingShare, 3>{
          {{rankings.votes, 3}, {rankings.dense, 3}, {rankings.global, 1}}},
      static_cast<std::size_t>(count));
  return rankings;
}

}  // namespace pressmark::candidates
