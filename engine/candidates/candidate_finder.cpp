// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/candidate_finder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
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

// Of the images with votes, those that promise most are aligned, and so many at least.
constexpr double kAlignedShare = 0.2;
constexpr std::size_t kLeastAligned = 1000;

// Images whose starts are screened together: all of their starts are held until then.
constexpr std::size_t kScreenedAtOnce = 1024;

// Candidates by alignment for one by votes and one by global vector.
constexpr int kAlignedPerRound = 5;

// Where a vote's position lies in the frames of dense codes, which are squares about the centres of
// the images as large as their long sides.
kernels::DenseStart start_of(const index::VotedPosition& position, int query_width,
                             int query_height, int width, int height) {
  const auto query_side = static_cast<float>(std::max(query_width, query_height));
  const auto side = static_cast<float>(std::max(width, height));
  const auto from_centre = [](float px, int extent, float frame) {
    return (px - 0.5f * static_cast<float>(extent - 1)) / frame;
  };
  return {from_centre(position.query_x, query_width, query_side),
          from_centre(position.query_y, query_height, query_side),
          from_centre(position.candidate_x, width, side),
          from_centre(position.candidate_y, height, side),
          position.rotation_rad,
          position.octaves + std::log2(query_side / side),
          0};
}

}  // namespace

std::vector<ImageId> unite(std::span<const std::vector<ImageId>> rankings, int count) {
  std::vector<index::RankingShare> shares;
  for (const std::vector<ImageId>& ranking : rankings) shares.push_back({ranking, 1});
  return index::unite_candidates(shares, static_cast<std::size_t>(count));
}

CandidateFinder::CandidateFinder(const kernels::Backend& backend, const models::ModelData& model)
    : backend_(&backend),
      global_(model.global_size, index::make_device_search(backend.name(), model.global_size)),
      local_(make_local_index(backend, model)) {}

void CandidateFinder::add(ImageId id, const Description& description) {
  global_.add({&id, 1}, description.global);
  local_.add(id, description);
  Image& image = images_.emplace_back();
  image.id = id;
  image.width_px = description.width_px;
  image.height_px = description.height_px;
  image.cohort = description.dense_cohort;
  backend_->reduce_dense({&description.dense, 1}, {&image.dense, 1});
  if (images_.size() > SearchOptions::kMostDenseImages) {
    codes_ = {};
  } else {
    codes_.push_back(description.dense);
  }
}

// An image with votes. Its promise joins what dense codes and votes say: the normalised correlation
// at a quarter, or once it is aligned at half resolution, and the logarithm of the votes.
struct CandidateFinder::Voted {
  std::size_t image = 0;
  float votes = 0;
  bool is_aligned = false;
  double promise = 0;
  std::vector<kernels::DenseStart> starts;  // where it may be aligned

  void set_promise(float correlation, const CohortStatistics& query,
                   const CohortStatistics& candidate) {
    promise = kernels::normalised_score(correlation, query, candidate) +
              std::log(static_cast<double>(votes));
  }
};

// Without promise where there is no alignment.
std::vector<CandidateFinder::Voted> CandidateFinder::count_votes(
    const Description& query, const kernels::DenseAlignment* alignment) const {
  std::vector<Voted> voted;
  std::size_t row = 0, screened = 0;
  const auto screen_rest = [&] {
    screen(query, *alignment, std::span(voted).subspan(screened));
    screened = voted.size();
  };
  local_.search(query, [&](ImageId id, const index::Agreement& agreement) {
    while (images_[row].id != id) ++row;  // both ascend
    const Image& image = images_[row];
    Voted& entry = voted.emplace_back();
    entry.image = row;
    entry.votes = agreement.votes;
    if (alignment == nullptr) return;
    for (const index::VotedPosition& position : agreement.positions) {
      entry.starts.push_back(
          start_of(position, query.width_px, query.height_px, image.width_px, image.height_px));
    }
    if (voted.size() - screened == kScreenedAtOnce) screen_rest();
  });
  if (alignment != nullptr) screen_rest();
  return voted;
}

// What kernels align: each entry's image, and where.
struct CandidateFinder::ToAlign {
  std::vector<const kernels::DensePyramid*> pyramids;
  std::vector<std::span<const kernels::DenseStart>> starts;
};

CandidateFinder::ToAlign CandidateFinder::to_align(std::span<const Voted> voted) const {
  ToAlign result;
  for (const Voted& entry : voted) {
    result.pyramids.push_back(&images_[entry.image].dense);
    result.starts.push_back(entry.starts);
  }
  return result;
}

// Keeps the starts that promise most.
void CandidateFinder::screen(const Description& query, const kernels::DenseAlignment& alignment,
                             std::span<Voted> voted) const {
  const ToAlign candidates = to_align(voted);
  std::vector<std::vector<kernels::DenseStart>> screened(voted.size());
  alignment.screen(candidates.pyramids, candidates.starts, screened);
  for (std::size_t i = 0; i < voted.size(); ++i) {
    voted[i].starts = std::move(screened[i]);
    voted[i].set_promise(voted[i].starts.front().score, query.dense_cohort,
                         images_[voted[i].image].cohort);
  }
}

void CandidateFinder::align_most_promising(const Description& query,
                                           const kernels::DenseAlignment& alignment,
                                           std::span<Voted> voted) const {
  const auto share = static_cast<std::size_t>(kAlignedShare * static_cast<double>(voted.size()));
  const std::size_t aligned = std::min(voted.size(), std::max(kLeastAligned, share));
  std::nth_element(voted.begin(), voted.begin() + static_cast<std::ptrdiff_t>(aligned), voted.end(),
                   [](const Voted& a, const Voted& b) {
                     return a.promise > b.promise || (a.promise == b.promise && a.image < b.image);
                   });
  const ToAlign candidates = to_align(voted.first(aligned));
  std::vector<float> scores(aligned);
  alignment.align(candidates.pyramids, candidates.starts, scores);
  for (std::size_t i = 0; i < aligned; ++i) {
    voted[i].is_aligned = true;
    voted[i].set_promise(scores[i], query.dense_cohort, images_[voted[i].image].cohort);
  }
}

// before(a, b): whether a ranks before b; ties by id.
template <typename Before>
std::vector<ImageId> CandidateFinder::ranked(std::vector<Voted>& voted, int count,
                                             const Before& before) const {
  const auto wanted =
      static_cast<std::ptrdiff_t>(std::min(voted.size(), static_cast<std::size_t>(count)));
  std::partial_sort(voted.begin(), voted.begin() + wanted, voted.end(),
                    [&](const Voted& a, const Voted& b) {
                      if (before(a, b) != before(b, a)) return before(a, b);
                      return a.image < b.image;
                    });
  std::vector<ImageId> ranking;
  std::transform(voted.begin(), voted.begin() + wanted, std::back_inserter(ranking),
                 [&](const Voted& entry) { return images_[entry.image].id; });
  return ranking;
}

std::vector<ImageId> CandidateFinder::rank_dense(const Description& query,
                                                 const kernels::DenseSearch& dense,
                                                 int count) const {
  std::vector<kernels::DenseMatch> matches(codes_.size());
  dense.search(codes_, matches);
  std::vector<double> scores(codes_.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i] = kernels::normalised_score(matches[i].score, query.dense_cohort, images_[i].cohort);
  }
  std::vector<std::size_t> order(codes_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  std::vector<ImageId> ranking;
  for (const std::size_t i : order) ranking.push_back(images_[i].id);
  return ranking;
}

Rankings CandidateFinder::find(const Description& query, const kernels::DenseSearch& dense,
                               int count, const SearchOptions& options,
                               std::optional<ImageId> left_out) const {
  Rankings rankings;
  const bool is_small = global_.size() <= options.dense_images;
  const auto alignment = is_small ? nullptr : backend_->prepare_alignment(query.dense);
  std::vector<Voted> voted = count_votes(query, alignment.get());
  rankings.votes =
      ranked(voted, count, [](const Voted& a, const Voted& b) { return a.votes > b.votes; });
  if (is_small) {
    rankings.dense = rank_dense(query, dense, count);
  } else {
    align_most_promising(query, *alignment, voted);
    rankings.dense = ranked(voted, count, [](const Voted& a, const Voted& b) {
      return a.is_aligned != b.is_aligned ? a.is_aligned : a.promise > b.promise;
    });
  }
  for (const index::Neighbour& neighbour : global_.search(query.global, count)) {
    rankings.global.push_back(neighbour.id);
  }
  if (left_out) {
    for (auto* ranking : {&rankings.votes, &rankings.global, &rankings.dense}) {
      std::erase(*ranking, *left_out);
    }
  }
  rankings.united = index::unite_candidates(
      std::array<index::RankingShare, 3>{{{rankings.dense, is_small ? 3 : kAlignedPerRound},
                                          {rankings.votes, is_small ? 3 : 1},
                                          {rankings.global, 1}}},
      static_cast<std::size_t>(count));
  return rankings;
}

}  // namespace pressmark::candidates
