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
  const std::size_t aligned = 2'000 + images / 100;
  if (is_thorough) return {images, images, std::max(aligned, images / 5)};
  return {32'768 + images / 8, 16'384 + images / 16, aligned};
}

// Images that are correlated together.
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
    for (PartCodes& other : codes_) other.codes = std::vector<DenseCode>();  // which frees them
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

namespace {

// Of entries with a score and an id: the order of every ranking.
constexpr auto ranks_before = [](const auto& a, const auto& b) {
  return a.score > b.score || (a.score == b.score && a.id < b.id);
};

// The `most` entries of the highest score, of all that are added from any threads in any order;
// ties by id. Holds up to an eighth more.
template <typename Entry>
class Best {
 public:
  explicit Best(std::size_t most) : most_(most) {}

  void add(std::vector<Entry> entries) {
    const std::lock_guard lock(mutex_);
    for (Entry& entry : entries) {
      if (last_ && !ranks_before(entry, *last_)) continue;
      // At once as much as there will be room for: each doubling would hold two copies for a while.
      if (entries_.size() == most_ / 8) entries_.reserve(most_ + most_ / 8 + 1);
      entries_.push_back(std::move(entry));
      if (entries_.size() > most_ + most_ / 8) keep_most();
    }
  }

  // All that remain, in no order.
  std::vector<Entry> take() {
    keep_most();
    return std::move(entries_);
  }

 private:
  void keep_most() {
    if (entries_.size() <= most_) return;
    const auto last = entries_.begin() + static_cast<std::ptrdiff_t>(most_) - 1;
    std::nth_element(entries_.begin(), last, entries_.end(), ranks_before);
    entries_.erase(last + 1, entries_.end());
    last_ = *last;
  }

  std::size_t most_;
  std::mutex mutex_;  // of what follows
  std::vector<Entry> entries_;
  std::optional<Entry> last_;  // what ranks behind it is not wanted any more
};

struct Scored {
  ImageId id = 0;
  double score = 0;
};

}  // namespace

// An image that is compared near where votes put it. Its score joins what dense codes and votes
// say: the normalised correlation at a quarter, or once it is aligned at half resolution, and the
// logarithm of the votes.
struct CandidateFinder::Promising {
  ImageId id = 0;
  double score = 0;
  index::RowPlace place;
  float votes = 0;
  // Where it may be aligned. Many entries are held: within, not each in memory of its own.
  std::array<kernels::DenseStart, kernels::DenseAlignment::kScreenedStarts> places_to_start{};
  std::size_t start_count = 0;

  std::span<const kernels::DenseStart> starts() const {
    return std::span(places_to_start).first(start_count);
  }
  void set_score(float correlation, const CohortStatistics& query,
                 const CohortStatistics& candidate) {
    score = kernels::normalised_score(correlation, query, candidate) +
            std::log(static_cast<double>(votes));
  }
};

// Those of the images that have positions, each with the starts that promise most.
std::vector<CandidateFinder::Promising> CandidateFinder::screen(
    const Description& query, const kernels::DenseAlignment& alignment,
    std::span<const index::LocalIndex::VotedImage> voted) const {
  std::vector<Promising> entries;
  std::vector<std::vector<kernels::DenseStart>> positions;
  for (const index::LocalIndex::VotedImage& found : voted) {
    if (found.agreement.positions.empty()) continue;
    const index::PartRow& image = local_.row(found.place);
    Promising& entry = entries.emplace_back();
    entry.id = found.id;
    entry.place = found.place;
    entry.votes = found.agreement.votes;
    std::vector<kernels::DenseStart>& starts = positions.emplace_back();
    for (const index::VotedPosition& position : found.agreement.positions) {
      starts.push_back(
          start_of(position, query.width_px, query.height_px, image.width_px, image.height_px));
    }
  }
  std::vector<const kernels::DensePyramid*> pyramids;
  for (const Promising& entry : entries) pyramids.push_back(&pyramid(entry.place));
  const std::vector<std::span<const kernels::DenseStart>> starts(positions.begin(),
                                                                 positions.end());
  std::vector<std::vector<kernels::DenseStart>> screened(entries.size());
  alignment.screen(pyramids, starts, screened);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].start_count = screened[i].size();
    std::copy(screened[i].begin(), screened[i].end(), entries[i].places_to_start.begin());
    entries[i].set_score(screened[i].front().score, query.dense_cohort,
                         local_.row(entries[i].place).cohort());
  }
  return entries;
}

// The first `count` by what aligning says of the first `most`; the others follow by score.
std::vector<ImageId> CandidateFinder::rank_aligned(const Description& query,
                                                   const kernels::DenseAlignment& alignment,
                                                   std::size_t most, int count,
                                                   std::vector<Promising> entries) const {
  const std::size_t aligned = std::min(entries.size(), most);
  const auto rest = entries.begin() + static_cast<std::ptrdiff_t>(aligned);
  std::nth_element(entries.begin(), rest, entries.end(), ranks_before);
  std::vector<const kernels::DensePyramid*> pyramids;
  std::vector<std::span<const kernels::DenseStart>> starts;
  for (const Promising& entry : std::span(entries).first(aligned)) {
    pyramids.push_back(&pyramid(entry.place));
    starts.push_back(entry.starts());
  }
  std::vector<float> scores(aligned);
  alignment.align(pyramids, starts, scores);
  for (std::size_t i = 0; i < aligned; ++i) {
    entries[i].set_score(scores[i], query.dense_cohort, local_.row(entries[i].place).cohort());
  }
  std::sort(entries.begin(), rest, ranks_before);
  std::sort(rest, entries.end(), ranks_before);
  std::vector<ImageId> ranking;
  for (const Promising& entry : entries) {
    if (ranking.size() == static_cast<std::size_t>(count)) break;
    ranking.push_back(entry.id);
  }
  return ranking;
}

namespace {

// The first `count` ids.
std::vector<ImageId> first_ids(std::vector<Scored>& images, int count) {
  const auto wanted =
      static_cast<std::ptrdiff_t>(std::min(images.size(), static_cast<std::size_t>(count)));
  std::partial_sort(images.begin(), images.begin() + wanted, images.end(), ranks_before);
  std::vector<ImageId> ranking;
  std::transform(images.begin(), images.begin() + wanted, std::back_inserter(ranking),
                 [](const Scored& image) { return image.id; });
  return ranking;
}

}  // namespace

std::vector<ImageId> CandidateFinder::rank_dense(const Description& query,
                                                 const kernels::DenseSearch& dense, int count,
                                                 const index::ImageSelection* selection) const {
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
  return first_ids(scored, count);
}

std::vector<ImageId> CandidateFinder::find_global(std::span<const float> query, int count,
                                                  const index::GlobalSearch& search) const {
  std::vector<Scored> nearest;
  for (const index::GlobalIndex& global : globals_) {
    for (const index::Neighbour& found : global.search(query, count, search)) {
      nearest.push_back({found.id, static_cast<double>(found.similarity)});
    }
  }
  return first_ids(nearest, count);
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
  const auto wanted = static_cast<std::size_t>(count);
  // What is asked of one query's images, and which of them are still in question.
  struct Asked {
    std::unique_ptr<const kernels::DenseAlignment> alignment;
    Best<Scored> voted;
    Best<Promising> promising;
  };
  std::vector<std::unique_ptr<Asked>> asked(queries.size());
  std::vector<const Description*> descriptions;
  for (const Query& query : queries) descriptions.push_back(query.description);
  tbb::parallel_for(std::size_t{0}, queries.size(), [&](std::size_t q) {
    asked[q].reset(
        new Asked{is_small ? nullptr : backend_->prepare_alignment(queries[q].description->dense),
                  Best<Scored>(wanted), Best<Promising>(std::max(wanted, looks.aligned))});
  });
  local_.search(descriptions, selection, {looks.agreed, is_small ? 0 : looks.screened},
                [&](std::size_t q, std::vector<index::LocalIndex::VotedImage> found) {
                  std::vector<Scored> voted;
                  for (const index::LocalIndex::VotedImage& image : found) {
                    voted.push_back({image.id, image.agreement.votes});
                  }
                  asked[q]->voted.add(std::move(voted));
                  if (is_small) return;
                  asked[q]->promising.add(screen(*descriptions[q], *asked[q]->alignment, found));
                });
  std::vector<Rankings> results(queries.size());
  tbb::parallel_for(std::size_t{0}, queries.size(), [&](std::size_t q) {
    const Description& query = *queries[q].description;
    Rankings& rankings = results[q];
    std::vector<Scored> voted = asked[q]->voted.take();
    rankings.votes = first_ids(voted, count);
    if (is_small) {
      const kernels::DenseSearch* dense = queries[q].dense;
      std::unique_ptr<const kernels::DenseSearch> prepared;
      if (dense == nullptr) {
        prepared = backend_->prepare_search(query.dense);
        dense = prepared.get();
      }
      rankings.dense = rank_dense(query, *dense, count, selection);
    } else {
      rankings.dense = rank_aligned(query, *asked[q]->alignment, looks.aligned, count,
                                    asked[q]->promising.take());
    }
    asked[q] = nullptr;
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
