// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/answer_queries.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/verify/photos_score.hpp"
#include "engine/verify/verify.hpp"

namespace pressmark::pipeline {
namespace {

// Photos whose candidates are looked for together, at least, where there are so many: a list of
// codes is read once for all of them, and sixteen of their codes or so are compared at once.
constexpr std::size_t kQueriesAtOnce = 8;

struct MarkCandidate {
  ImageId id = 0;
  double score = 0;
  std::size_t best_photo = 0;  // among those compared
  int photos = 0;              // that hit it
};

// A mark beside one of the catalogues.
struct MarkSide {
  std::vector<ImageId> candidates;  // united
  std::vector<MarkCandidate> hits;
};

struct MarkItem {
  std::vector<QueryPhoto> photos;
  std::vector<MarkSide> sides;  // one for each catalogue
};

// Marks that are worked on together.
struct Group {
  std::vector<MarkItem> marks;
};

// Photos of one mark together, where its first photo stands.
std::vector<std::vector<const PhotoInput*>> group_by_mark(std::span<const PhotoInput> queries) {
  std::vector<std::vector<const PhotoInput*>> marks;
  std::unordered_map<std::string_view, std::size_t> known;
  for (const PhotoInput& query : queries) {
    if (query.mark.empty()) {
      marks.push_back({&query});
      continue;
    }
    const auto [place, is_new] = known.try_emplace(query.mark, marks.size());
    if (is_new) marks.emplace_back();
    marks[place->second].push_back(&query);
  }
  return marks;
}

template <typename Scored, typename ScoreOf>
void keep_best(std::vector<Scored>& images, int max_hits, const ScoreOf& score_of) {
  std::sort(images.begin(), images.end(), [&](const Scored& a, const Scored& b) {
    return score_of(a) > score_of(b) || (score_of(a) == score_of(b) && a.id < b.id);
  });
  if (images.size() > static_cast<std::size_t>(max_hits)) {
    images.resize(static_cast<std::size_t>(max_hits));
  }
}

// Those of the finder's images that fulfil the filter; nothing where it selects all.
std::optional<index::ImageSelection> select(const ImageFilter& filter, const store::Store& store,
                                            const candidates::CandidateFinder& finder) {
  if (filter.selects_all()) return std::nullopt;
  index::ImageSelection selection;
  store.list_ids(filter, [&](ImageId id) {
    // Another process may have added it since the snapshot.
    if (finder.contains(id)) selection.append(id);
  });
  return selection;
}

// Calls work(first, count) until all are worked off.
template <typename Work>
void for_groups(std::size_t items, std::size_t most, const Work& work) {
  for (std::size_t first = 0; first < items; first += most) {
    work(first, std::min(most, items - first));
  }
}

// Calls work(mark) for each. Isolated, so that a thread that waits for the others does not begin
// another group meanwhile.
template <typename Work>
void for_marks(Group& group, const Work& work) {
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(std::size_t{0}, group.marks.size(),
                      [&](std::size_t m) { work(group.marks[m]); });
  });
}

// The stages of one run.
class Answering {
 public:
  Answering(std::span<SearchedCatalogue> catalogues, std::span<const PhotoInput> queries,
            const DescribeQueries& describe, const RunControl& control,
            const TakeAnswer& take_answer, const std::function<void(const MarkResult&)>& on_mark)
      : catalogues_(catalogues),
        marks_(group_by_mark(queries)),
        photos_(static_cast<std::int64_t>(queries.size())),
        describe_(describe),
        control_(control),
        take_answer_(take_answer),
        on_mark_(on_mark) {}

  void run() {
    const auto source = [&] { return next_group(); };
    const auto describe = [&](Group& group) { describe_group(group); };
    const auto find = [&](Group& group) {
      for (std::size_t c = 0; c < catalogues_.size(); ++c) find_together(group, c);
    };
    const auto answer = [&](Group& group) {
      for_marks(group, [&](MarkItem& mark) { answer_mark(mark); });
    };
    const auto report = [&](Group& group) {
      for (MarkItem& mark : group.marks) report_mark(mark);
      // Else pages of the database would be held, up to 2 MB of them, the more the larger it is.
      for (const SearchedCatalogue& catalogue : catalogues_) catalogue.store.release_memory();
    };
    // Candidates of one group at a time, by all threads: what that needs does not grow with them.
    parallel::run_pipeline<Group>(control_, source, parallel::parallel_stage(describe),
                                  parallel::ordered_stage(find), parallel::parallel_stage(answer),
                                  report);
  }

 private:
  using Query = candidates::CandidateFinder::Query;
  using Prepared = std::vector<std::unique_ptr<const verify::PreparedQuery>>;

  parallel::Token<Group> next_group();
  void describe_group(Group& group) const;
  void describe_photos(std::span<QueryPhoto> photos) const;
  void find(std::size_t c, std::span<QueryPhoto* const> photos, std::span<const Query> asked) const;
  void find_together(Group& group, std::size_t c) const;
  void answer_mark(MarkItem& mark) const;
  void answer_from(MarkItem& mark, std::size_t c, const Prepared& prepared) const;
  void compare(MarkItem& mark, std::size_t c, const Prepared& prepared,
               std::span<const ImageId> wanted) const;
  double false_hits(double score, std::size_t c) const;
  void report_photo(QueryPhoto& query, std::size_t c, std::span<const ImageId> candidates);
  void report_mark(MarkItem& mark);

  std::span<SearchedCatalogue> catalogues_;
  std::vector<std::vector<const PhotoInput*>> marks_;
  std::int64_t photos_;
  const DescribeQueries& describe_;
  const RunControl& control_;
  const TakeAnswer& take_answer_;
  const std::function<void(const MarkResult&)>& on_mark_;
  std::size_t next_ = 0;   // of marks_
  std::int64_t done_ = 0;  // photos reported
};

parallel::Token<Group> Answering::next_group() {
  if (next_ == marks_.size()) return nullptr;
  if (control_.stop.stop_requested()) {
    for (SearchedCatalogue& catalogue : catalogues_) catalogue.summary.interrupted = true;
    return nullptr;
  }
  const bool all_are_small =
      std::all_of(catalogues_.begin(), catalogues_.end(),
                  [](const SearchedCatalogue& catalogue) { return catalogue.is_small; });
  const std::size_t wanted = all_are_small ? 1 : kQueriesAtOnce;
  auto group = std::make_unique<Group>();
  for (std::size_t photos = 0; next_ < marks_.size() && photos < wanted; ++next_) {
    MarkItem& mark = group->marks.emplace_back();
    mark.sides.resize(catalogues_.size());
    for (const PhotoInput* input : marks_[next_]) {
      QueryPhoto& query = mark.photos.emplace_back();
      query.input = input;
      query.sides.resize(catalogues_.size());
    }
    photos += mark.photos.size();
  }
  return group;
}

void Answering::describe_group(Group& group) const {
  for_marks(group, [&](MarkItem& mark) {
    for_groups(mark.photos.size(), kPhotosAtOnce, [&](std::size_t first, std::size_t count) {
      describe_photos(std::span(mark.photos).subspan(first, count));
    });
  });
}

void Answering::describe_photos(std::span<QueryPhoto> photos) const {
  describe_(photos);
  for (QueryPhoto& query : photos) {
    if (!query.photo.ok) continue;
    query.quality = quality_problem(query.photo.description);
    for (std::size_t c = 0; c < catalogues_.size(); ++c) {
      query.sides[c].is_compared = query.photo.description.keypoint_count() > 0 &&
                                   (!catalogues_[c].options.quality_gate || query.quality.empty());
    }
  }
}

void Answering::find(std::size_t c, std::span<QueryPhoto* const> photos,
                     std::span<const Query> asked) const {
  std::vector<candidates::Rankings> found = catalogues_[c].find(asked, catalogues_[c].selected());
  for (std::size_t i = 0; i < photos.size(); ++i) {
    photos[i]->sides[c].candidates = std::move(found[i].united);
  }
}

void Answering::find_together(Group& group, std::size_t c) const {
  if (catalogues_[c].is_small) return;
  std::vector<QueryPhoto*> photos;
  std::vector<Query> asked;
  for (MarkItem& mark : group.marks) {
    for (QueryPhoto& query : mark.photos) {
      if (!query.sides[c].is_compared) continue;
      photos.push_back(&query);
      asked.push_back({&query.photo.description, nullptr, query.sides[c].left_out});
    }
  }
  // A mark may have any number of photos; what they need together is bounded.
  for_groups(photos.size(), 2 * kQueriesAtOnce, [&](std::size_t first, std::size_t count) {
    tbb::this_task_arena::isolate([&] {
      find(c, std::span(photos).subspan(first, count), std::span(asked).subspan(first, count));
    });
  });
}

void Answering::answer_mark(MarkItem& mark) const {
  Prepared prepared;
  for (const QueryPhoto& query : mark.photos) {
    prepared.emplace_back();
    if (std::none_of(query.sides.begin(), query.sides.end(),
                     [](const PhotoSide& side) { return side.is_compared; })) {
      continue;
    }
    // By the first catalogue's backend for all: backends give the same answers.
    prepared.back() = std::make_unique<verify::PreparedQuery>(catalogues_.front().backend,
                                                              query.photo.description);
  }
  for (std::size_t c = 0; c < catalogues_.size(); ++c) answer_from(mark, c, prepared);
}

void Answering::answer_from(MarkItem& mark, std::size_t c, const Prepared& prepared) const {
  const MatchOptions& options = catalogues_[c].options;
  MarkSide& beside = mark.sides[c];
  std::vector<std::vector<ImageId>> rankings;
  for (std::size_t i = 0; i < mark.photos.size(); ++i) {
    QueryPhoto& query = mark.photos[i];
    PhotoSide& side = query.sides[c];
    if (!side.is_compared) continue;
    if (catalogues_[c].is_small) {
      QueryPhoto* const photo = &query;
      const Query asked{&query.photo.description, &prepared[i]->dense(), side.left_out};
      find(c, {&photo, 1}, {&asked, 1});
    }
    rankings.push_back(std::move(side.candidates));
  }
  beside.candidates = candidates::unite(rankings, options.search.candidates);
  const std::span<const ImageId> united = beside.candidates;
  for_groups(united.size(), verify::kPairsAtOnce, [&](std::size_t first, std::size_t count) {
    compare(mark, c, prepared, united.subspan(first, count));
  });
  keep_best(beside.hits, options.max_hits, [](const MarkCandidate& hit) { return hit.score; });
  for (QueryPhoto& query : mark.photos) {
    keep_best(query.sides[c].hits, options.max_hits,
              [](const ScoredImage& hit) { return hit.verification.score; });
  }
}

// All photos of a mark with some candidates.
void Answering::compare(MarkItem& mark, std::size_t c, const Prepared& prepared,
                        std::span<const ImageId> wanted) const {
  const SearchedCatalogue& catalogue = catalogues_[c];
  const MatchOptions& options = catalogue.options;
  std::vector<Description> candidates;
  std::vector<MarkCandidate> joined;
  for (const ImageId id : wanted) {
    // Removed by another process since the snapshot: not a candidate any more.
    std::optional<Description> description = catalogue.store.read_image(id);
    if (!description) continue;
    candidates.push_back(*std::move(description));
    joined.push_back({id});
  }
  std::vector<const Description*> borrowed;
  for (const Description& candidate : candidates) borrowed.push_back(&candidate);
  std::vector<std::vector<double>> scores(joined.size());
  for (std::size_t i = 0; i < mark.photos.size(); ++i) {
    PhotoSide& side = mark.photos[i].sides[c];
    if (!side.is_compared) continue;
    std::vector<Verification> verifications = verify::verify_pairs(
        catalogue.backend, catalogue.model, *prepared[i], borrowed, options.verify);
    for (std::size_t k = 0; k < joined.size(); ++k) {
      Verification& verification = verifications[k];
      MarkCandidate& candidate = joined[k];
      if (!options.show_rejected && side.verdict(candidate.id) == Verdict::kRejected) {
        verification.verified = false;
      }
      scores[k].push_back(verification.verified ? verification.score : 0.0);
      if (scores[k].back() > scores[k][candidate.best_photo]) {
        candidate.best_photo = scores[k].size() - 1;
      }
      if (!verification.verified) continue;
      ++candidate.photos;
      side.hits.push_back({candidate.id, std::move(verification)});
    }
  }
  for (std::size_t k = 0; k < joined.size(); ++k) {
    joined[k].score = verify::score_of_photos(scores[k]);
    if (joined[k].photos > 0 && joined[k].score >= options.verify.min_score) {
      mark.sides[c].hits.push_back(joined[k]);
    }
  }
}

double Answering::false_hits(double score, std::size_t c) const {
  return static_cast<double>(catalogues_[c].summary.searched_images) * std::pow(10.0, -score);
}

void Answering::report_photo(QueryPhoto& query, std::size_t c,
                             std::span<const ImageId> candidates) {
  PhotoSide& side = query.sides[c];
  MatchSummary& summary = catalogues_[c].summary;
  QueryResult result;
  result.file = query.input->file;
  result.ok = query.photo.ok;
  result.code = query.photo.code;
  result.reason = query.photo.reason;
  result.info = query.photo.info;
  result.width_px = query.photo.description.width_px;
  result.height_px = query.photo.description.height_px;
  result.keypoints = query.photo.description.keypoint_count();
  result.light = query.photo.description.light;
  result.quality = query.quality;
  if (!side.is_compared) candidates = {};
  result.candidates = static_cast<int>(candidates.size());
  for (ScoredImage& hit : side.hits) {
    // Removed by another process since the snapshot: not a hit any more.
    std::optional<CatalogueImage> image = catalogues_[c].store.find(hit.id);
    if (!image) continue;
    const double expected = false_hits(hit.verification.score, c);
    result.hits.push_back(
        {std::move(*image), std::move(hit.verification), expected, side.verdict(hit.id)});
  }
  ++summary.queries;
  summary.failed += !result.ok;
  summary.with_hits += !result.hits.empty();
  summary.unusable += result.ok && !result.quality.empty() && result.candidates == 0;
  take_answer_(query, c, result, candidates);
}

void Answering::report_mark(MarkItem& mark) {
  MarkResult result;
  result.mark = mark.photos.front().input->mark;
  for (QueryPhoto& query : mark.photos) {
    for (std::size_t c = 0; c < catalogues_.size(); ++c) {
      report_photo(query, c, mark.sides[c].candidates);
    }
    if (query.sides.front().is_compared) result.photos.push_back(query.input->file);
    if (control_.on_progress) control_.on_progress({++done_, photos_});
  }
  if (!on_mark_ || result.mark.empty()) return;
  for (const MarkCandidate& hit : mark.sides.front().hits) {
    std::optional<CatalogueImage> image = catalogues_.front().store.find(hit.id);
    if (!image) continue;
    result.hits.push_back(
        {std::move(*image), hit.score, false_hits(hit.score, 0), hit.best_photo, hit.photos});
  }
  on_mark_(result);
}

}  // namespace

SearchedCatalogue::SearchedCatalogue(const store::Store& a_store, const kernels::Backend& a_backend,
                                     const models::ModelData& a_model,
                                     const MatchOptions& an_options,
                                     std::shared_ptr<const Snapshot> a_snapshot, Find a_find)
    : store(a_store),
      backend(a_backend),
      model(a_model),
      options(an_options),
      snapshot(std::move(a_snapshot)),
      find(std::move(a_find)),
      selection(select(options.filter, store, snapshot->finder)),
      is_small(snapshot->finder.searches_all_positions(options.search, selected())) {
  summary.searched_images = selection ? selection->count() : snapshot->finder.size();
}

std::optional<Verdict> PhotoSide::verdict(ImageId id) const {
  const auto known = verdicts.find(id);
  return known == verdicts.end() ? std::nullopt : std::optional(known->second);
}

void answer_queries(std::span<SearchedCatalogue> catalogues, std::span<const PhotoInput> queries,
                    const DescribeQueries& describe, const RunControl& control,
                    const TakeAnswer& take_answer,
                    const std::function<void(const MarkResult&)>& on_mark) {
  Answering(catalogues, queries, describe, control, take_answer, on_mark).run();
}

}  // namespace pressmark::pipeline
