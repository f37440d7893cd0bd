// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/candidate_finder.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <iterator>
#include <mutex>
#include <utility>

#include "engine/index/unite_candidates.hpp"

namespace pressmark::candidates {
namespace {

index::LocalIndex make_local_index(const kernels::Backend& backend,
                                   const models::ModelData& model) {
  return {
      backend,
      {{{model.raw.words(), model.raw.even_size}, {model.relit.words(), model.relit.even_size}}}};
}

// How many images get which of the dearer looks: all, up to a number that takes well below a
// second, and beyond it a share. Figures: docs/decisions/0006-candidates-by-local-votes.md.
struct Looks {
  std::size_t agreed, screened, aligned;
};

Looks looks_for(std::size_t images, bool is_thorough) {
  if (is_thorough) return {images, images, std::max<std::size_t>(1000, images / 5)};
  return {32'768 + images / 8, 16'384 + images / 16, 2'000 + images / 100};
}

// Images that are correlated or screened together.
constexpr std::size_t kCorrelatedAtOnce = 1024;

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

CandidateFinder::CandidateFinder(const kernels::Backend& backend, const models::ModelData& model,
                                 DenseSource dense_of)
    : backend_(&backend),
      model_(&model),
      dense_of_(std::move(dense_of)),
      local_(make_local_index(backend, model)) {
  globals_.emplace_back(model.global_size,
                        index::make_device_search(backend.name(), model.global_size));
}

void CandidateFinder::add_part(std::shared_ptr<const MappedPart> part) {
  assert(dense_of_);
  local_.add_part(part->local());
  const std::span<const index::PartRow> rows = part->rows();
  global_index_for(rows.front().id, rows.back().id).add_part(part->global(part));
  codes_.push_back({std::move(part), {}, {}});
}

void CandidateFinder::add(ImageId id, const Description& description) {
  global_index_for(id, id).add({&id, 1}, description.global);
  const index::RowPlace place = local_.add(id, description);
  codes_.resize(local_.parts());
  PartCodes& part = codes_[place.part];
  backend_->reduce_dense({&description.dense, 1}, {&part.pyramids.emplace_back(), 1});
  if (dense_of_ || !has_all_dense_) return;
  part.codes.push_back(description.dense);
  if (local_.size() > SearchOptions::kMostDenseImages) {
    has_all_dense_ = false;
    for (PartCodes& other : codes_) other.codes = {};
  }
}

index::GlobalIndex& CandidateFinder::global_index_for(ImageId first, ImageId last) {
  if (first <= last_global_) globals_.emplace_back(model_->global_size);
  last_global_ = last;
  return globals_.back();
}

void CandidateFinder::remove(std::span<const ImageId> ids) {
  local_.remove(ids);
  for (index::GlobalIndex& global : globals_) global.remove(ids);
}

const kernels::DensePyramid& CandidateFinder::pyramid(index::RowPlace place) const {
  const PartCodes& part = codes_[place.part];
  return part.mapped ? part.mapped->pyramid(place.row) : part.pyramids[place.row];
}

std::optional<DenseCode> CandidateFinder::dense_code(index::RowPlace place) const {
  if (dense_of_) return dense_of_(local_.row(place).id);
  return codes_[place.part].codes[place.row];
}

// An image with votes. Its promise joins what dense codes and votes say: the normalised correlation
// at a quarter, or once it is aligned at half resolution, and the logarithm of the votes.
struct CandidateFinder::Voted {
  index::RowPlace place;
  ImageId id = 0;
  float votes = 0;
  bool is_aligned = false;
  double promise = 0;
  std::vector<kernels::DenseStart> starts;  // where it may be aligned

  void set_promise(float correlation, const CohortStatistics& query,
                   const CohortStatistics& candidate) {
    promise = kernels::normalised_score(correlation, query, candidate) +
              std::log(static_cast<double>(votes));
  }
  bool promises_more(const Voted& other) const {
    return promise > other.promise || (promise == other.promise && id < other.id);
  }
};

// The images with the most votes of each query; with starts where they are to be aligned.
std::vector<std::vector<CandidateFinder::Voted>> CandidateFinder::count_votes(
    std::span<const Query> queries, bool is_aligned, std::size_t most_agreed, std::size_t most,
    const index::ImageSelection* selection) const {
  std::vector<std::vector<Voted>> voted(queries.size());
  std::vector<std::mutex> mutexes(queries.size());
  // A total order: what is kept does not depend on the order in which images come.
  const auto keep_most_voted = [&](std::vector<Voted>& entries) {
    const auto rest = entries.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(entries.begin(), rest, entries.end(), [](const Voted& a, const Voted& b) {
      return a.votes > b.votes || (a.votes == b.votes && a.id < b.id);
    });
    entries.erase(rest, entries.end());
  };
  const auto on_images = [&](std::size_t q, std::vector<index::LocalIndex::VotedImage> found) {
    const Description& query = *queries[q].description;
    std::vector<Voted> entries(found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const index::PartRow& image = local_.row(found[i].place);
      Voted& entry = entries[i];
      entry.place = found[i].place;
      entry.id = found[i].id;
      entry.votes = found[i].agreement.votes;
      if (!is_aligned) continue;
      for (const index::VotedPosition& position : found[i].agreement.positions) {
        entry.starts.push_back(
            start_of(position, query.width_px, query.height_px, image.width_px, image.height_px));
      }
    }
    const std::lock_guard lock(mutexes[q]);
    std::move(entries.begin(), entries.end(), std::back_inserter(voted[q]));
    if (voted[q].size() > 2 * most) keep_most_voted(voted[q]);
  };
  std::vector<const Description*> descriptions;
  for (const Query& query : queries) descriptions.push_back(query.description);
  local_.search(descriptions, selection, most_agreed, on_images);
  for (std::vector<Voted>& entries : voted) {
    if (entries.size() > most) keep_most_voted(entries);
  }
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
    result.pyramids.push_back(&pyramid(entry.place));
    result.starts.push_back(entry.starts);
  }
  return result;
}

// Keeps the starts that promise most.
void CandidateFinder::screen(const Description& query, const kernels::DenseAlignment& alignment,
                             std::span<Voted> voted) const {
  for (std::size_t first = 0; first < voted.size(); first += kCorrelatedAtOnce) {
    const auto some = voted.subspan(first, std::min(kCorrelatedAtOnce, voted.size() - first));
    const ToAlign candidates = to_align(some);
    std::vector<std::vector<kernels::DenseStart>> screened(some.size());
    alignment.screen(candidates.pyramids, candidates.starts, screened);
    for (std::size_t i = 0; i < some.size(); ++i) {
      some[i].starts = std::move(screened[i]);
      some[i].set_promise(some[i].starts.front().score, query.dense_cohort,
                          local_.row(some[i].place).cohort());
    }
  }
}

void CandidateFinder::align_most_promising(const Description& query,
                                           const kernels::DenseAlignment& alignment,
                                           std::size_t most, std::span<Voted> voted) const {
  const std::size_t aligned = std::min(voted.size(), most);
  std::nth_element(voted.begin(), voted.begin() + static_cast<std::ptrdiff_t>(aligned), voted.end(),
                   [](const Voted& a, const Voted& b) { return a.promises_more(b); });
  const ToAlign candidates = to_align(voted.first(aligned));
  std::vector<float> scores(aligned);
  alignment.align(candidates.pyramids, candidates.starts, scores);
  for (std::size_t i = 0; i < aligned; ++i) {
    voted[i].is_aligned = true;
    voted[i].set_promise(scores[i], query.dense_cohort, local_.row(voted[i].place).cohort());
  }
}

namespace {

// The first `count` ids. before(a, b): whether a ranks before b; ties by id.
template <typename Ranked, typename Before>
std::vector<ImageId> first_ids(std::vector<Ranked>& images, int count, const Before& before) {
  const auto wanted =
      static_cast<std::ptrdiff_t>(std::min(images.size(), static_cast<std::size_t>(count)));
  std::partial_sort(images.begin(), images.begin() + wanted, images.end(),
                    [&](const Ranked& a, const Ranked& b) {
                      if (before(a, b) != before(b, a)) return before(a, b);
                      return a.id < b.id;
                    });
  std::vector<ImageId> ranking;
  std::transform(images.begin(), images.begin() + wanted, std::back_inserter(ranking),
                 [](const Ranked& image) { return image.id; });
  return ranking;
}

}  // namespace

std::vector<ImageId> CandidateFinder::rank_dense(const Description& query,
                                                 const kernels::DenseSearch& dense, int count,
                                                 const index::ImageSelection* selection) const {
  struct Scored {
    ImageId id;
    double score;
  };
  std::vector<Scored> scored;
  std::vector<DenseCode> codes;
  std::vector<index::RowPlace> places;
  const auto correlate = [&] {
    std::vector<kernels::DenseMatch> matches(codes.size());
    dense.search(codes, matches);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const index::PartRow& row = local_.row(places[i]);
      scored.push_back(
          {row.id, kernels::normalised_score(matches[i].score, query.dense_cohort, row.cohort())});
    }
    codes.clear();
    places.clear();
  };
  local_.for_each(selection, [&](index::RowPlace place) {
    std::optional<DenseCode> code = dense_code(place);
    if (!code) return;
    codes.push_back(*code);
    places.push_back(place);
    if (codes.size() == kCorrelatedAtOnce) correlate();
  });
  correlate();
  return first_ids(scored, count,
                   [](const Scored& a, const Scored& b) { return a.score > b.score; });
}

std::vector<ImageId> CandidateFinder::find_global(std::span<const float> query, int count,
                                                  const index::GlobalSearch& search) const {
  std::vector<index::Neighbour> nearest;
  for (const index::GlobalIndex& global : globals_) {
    const std::vector<index::Neighbour> found = global.search(query, count, search);
    nearest.insert(nearest.end(), found.begin(), found.end());
  }
  return first_ids(nearest, count, [](const index::Neighbour& a, const index::Neighbour& b) {
    return a.similarity > b.similarity;
  });
}

std::vector<ImageId> CandidateFinder::present_ids() const {
  std::vector<ImageId> ids;
  local_.for_each(nullptr, [&](index::RowPlace place) { ids.push_back(local_.row(place).id); });
  return ids;
}

std::string CandidateFinder::describe_global() const {
  std::string text = globals_.front().description();
  for (std::size_t i = 1; i < globals_.size(); ++i) text += "; " + globals_[i].description();
  return text;
}

std::optional<index::GlobalDrift> CandidateFinder::global_drift() const {
  std::optional<index::GlobalDrift> worst;
  for (const index::GlobalIndex& global : globals_) {
    const std::optional<index::GlobalDrift> drift = global.drift();
    if (drift && (!worst || drift->growth() > worst->growth())) worst = drift;
  }
  return worst;
}

bool CandidateFinder::searches_all_positions(const SearchOptions& options,
                                             const index::ImageSelection* selection) const {
  return has_all_dense_ && size(selection) <= options.dense_images;
}

std::vector<Rankings> CandidateFinder::find(std::span<const Query> queries, int count,
                                            const SearchOptions& options,
                                            const index::ImageSelection* selection) const {
  const bool is_small = searches_all_positions(options, selection);
  const Looks looks = looks_for(static_cast<std::size_t>(size(selection)), options.is_thorough);
  std::vector<std::vector<Voted>> voted =
      count_votes(queries, !is_small, looks.agreed, looks.screened, selection);
  std::vector<Rankings> results(queries.size());
  tbb::parallel_for(std::size_t{0}, queries.size(), [&](std::size_t q) {
    const Description& query = *queries[q].description;
    Rankings& rankings = results[q];
    rankings.votes = first_ids(voted[q], count,
                               [](const Voted& a, const Voted& b) { return a.votes > b.votes; });
    if (is_small) {
      const kernels::DenseSearch* dense = queries[q].dense;
      std::unique_ptr<const kernels::DenseSearch> prepared;
      if (dense == nullptr) {
        prepared = backend_->prepare_search(query.dense);
        dense = prepared.get();
      }
      rankings.dense = rank_dense(query, *dense, count, selection);
    } else {
      const auto alignment = backend_->prepare_alignment(query.dense);
      screen(query, *alignment, voted[q]);
      align_most_promising(query, *alignment, looks.aligned, voted[q]);
      rankings.dense = first_ids(voted[q], count, [](const Voted& a, const Voted& b) {
        return a.is_aligned != b.is_aligned ? a.is_aligned : a.promise > b.promise;
      });
    }
    voted[q] = {};
    index::GlobalSearch global;
    global.selection = selection;
    rankings.global = find_global(query.global, count, global);
    if (queries[q].left_out) {
      for (auto* ranking : {&rankings.votes, &rankings.global, &rankings.dense}) {
        std::erase(*ranking, *queries[q].left_out);
      }
    }
    rankings.united = index::unite_candidates(
        std::array<index::RankingShare, 3>{{{rankings.dense, is_small ? 3 : kAlignedPerRound},
                                            {rankings.votes, is_small ? 3 : 1},
                                            {rankings.global, 1}}},
        static_cast<std::size_t>(count));
  });
  return results;
}

}  // namespace pressmark::candidates
