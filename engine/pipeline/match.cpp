// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::match and match_images: describe or read, find candidates of several photos together,
// verify each (parallel over marks) - name the hits (in order). A photo that stands alone is a mark
// of one photo. All of it for one catalogue or for several, which share what is prepared of a
// photo.
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/pipeline/known_verdicts.hpp"
#include "engine/verify/photos_score.hpp"
#include "engine/verify/verify.hpp"

namespace pressmark {
namespace {

struct ScoredImage {
  ImageId id = 0;
  Verification verification;
};

// A photo beside one of the catalogues.
struct PhotoSide {
  bool is_compared = false;
  std::optional<ImageId> left_out;  // of the candidates: the photo itself
  std::map<ImageId, Verdict> verdicts;
  std::vector<ImageId> candidates;
  std::vector<ScoredImage> hits;

  std::optional<Verdict> verdict(ImageId id) const {
    const auto known = verdicts.find(id);
    return known == verdicts.end() ? std::nullopt : std::optional(known->second);
  }
};

struct QueryPhoto {
  const PhotoInput* input = nullptr;
  DescribedPhoto photo;
  std::string quality;
  std::vector<PhotoSide> sides;  // one for each catalogue
};

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

// Photos whose candidates are looked for together, at least, where there are so many: a list of
// codes is read once for all of them, and sixteen of their codes or so are compared at once.
constexpr std::size_t kQueriesAtOnce = 8;

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

// A catalogue that photos are compared with, as it is searched.
template <typename Impl>
struct Target {
  Target(Impl& a_catalogue, const MatchOptions& an_options)
      : catalogue(a_catalogue),
        options(an_options),
        snapshot(catalogue.current_snapshot()),
        selection(select(options.filter, catalogue.store, snapshot->finder)),
        is_small(snapshot->finder.searches_all_positions(options.search, selected())) {
    summary.searched_images = selection ? selection->count() : snapshot->finder.size();
  }

  const index::ImageSelection* selected() const { return selection ? &*selection : nullptr; }

  Impl& catalogue;
  const MatchOptions& options;
  std::shared_ptr<const pipeline::Snapshot> snapshot;
  std::optional<index::ImageSelection> selection;
  // Then the search takes time by the catalogue's size alone, and needs what is prepared for the
  // comparisons.
  bool is_small;
  MatchSummary summary;
};

// What becomes of each query beside each target: takes the photo, its answer and what it was
// compared with.
using TakeAnswer = std::function<void(const QueryPhoto&, std::size_t target, QueryResult&,
                                      std::span<const ImageId> candidates)>;

}  // namespace

double score_for_false_hits(std::int64_t images, double false_hits) {
  if (!(false_hits > 0)) {
    throw Error(ErrorCode::kInvalidArgument, "the number of false hits must be above 0");
  }
  return std::max(0.0, std::log10(static_cast<double>(images) / false_hits));
}

namespace {

// The answers to `queries`, which describe(group of photos) describes.
template <typename Impl, typename Describe>
void answer_queries(std::span<Target<Impl>> targets, std::span<const PhotoInput> queries,
                    const Describe& describe, const RunControl& control,
                    const TakeAnswer& take_answer,
                    const std::function<void(const MarkResult&)>& on_mark) {
  const std::vector<std::vector<const PhotoInput*>> marks = group_by_mark(queries);
  const bool all_are_small = std::all_of(
      targets.begin(), targets.end(), [](const Target<Impl>& target) { return target.is_small; });
  std::size_t next = 0;
  std::int64_t done = 0;

  const auto source = [&]() -> parallel::Token<Group> {
    if (next == marks.size()) return nullptr;
    if (control.stop.stop_requested()) {
      for (Target<Impl>& target : targets) target.summary.interrupted = true;
      return nullptr;
    }
    auto group = std::make_unique<Group>();
    for (std::size_t photos = 0; next < marks.size(); ++next) {
      MarkItem& item = group->marks.emplace_back();
      item.sides.resize(targets.size());
      for (const PhotoInput* input : marks[next]) {
        item.photos.emplace_back();
        item.photos.back().input = input;
        item.photos.back().sides.resize(targets.size());
      }
      photos += item.photos.size();
      if (all_are_small || photos >= kQueriesAtOnce) {
        ++next;
        break;
      }
    }
    return group;
  };
  const auto describe_queries = [&](std::span<QueryPhoto> group) {
    describe(group);
    for (QueryPhoto& query : group) {
      if (!query.photo.ok) continue;
      query.quality = quality_problem(query.photo.description);
      for (std::size_t t = 0; t < targets.size(); ++t) {
        query.sides[t].is_compared = query.photo.description.keypoint_count() > 0 &&
                                     (!targets[t].options.quality_gate || query.quality.empty());
      }
    }
  };
  using Prepared = std::span<const std::unique_ptr<const verify::PreparedQuery>>;
  // All photos of a mark with some candidates.
  const auto compare = [&](MarkItem& item, std::size_t t, Prepared prepared,
                           std::span<const ImageId> wanted) {
    const Impl& catalogue = targets[t].catalogue;
    const MatchOptions& options = targets[t].options;
    std::vector<Description> candidates;
    std::vector<ImageId> ids;
    for (const ImageId id : wanted) {
      // Removed by another process since the snapshot: not a candidate any more.
      std::optional<Description> description = catalogue.store.read_image(id);
      if (!description) continue;
      candidates.push_back(*std::move(description));
      ids.push_back(id);
    }
    std::vector<const Description*> hits;
    for (const Description& candidate : candidates) hits.push_back(&candidate);
    std::vector<MarkCandidate> joined;
    for (const ImageId id : ids) joined.push_back({id});
    std::vector<std::vector<double>> scores(ids.size());
    for (std::size_t i = 0; i < item.photos.size(); ++i) {
      PhotoSide& side = item.photos[i].sides[t];
      if (!side.is_compared) continue;
      std::vector<Verification> verifications = verify::verify_pairs(
          *catalogue.backend, catalogue.model.data(), *prepared[i], hits, options.verify);
      for (std::size_t k = 0; k < ids.size(); ++k) {
        Verification& verification = verifications[k];
        if (!options.show_rejected && side.verdict(ids[k]) == Verdict::kRejected) {
          verification.verified = false;
        }
        scores[k].push_back(verification.verified ? verification.score : 0.0);
        if (scores[k].back() > scores[k][joined[k].best_photo]) {
          joined[k].best_photo = scores[k].size() - 1;
        }
        if (!verification.verified) continue;
        ++joined[k].photos;
        side.hits.push_back({ids[k], std::move(verification)});
      }
    }
    for (std::size_t k = 0; k < ids.size(); ++k) {
      joined[k].score = verify::score_of_photos(scores[k]);
      if (joined[k].photos > 0 && joined[k].score >= options.verify.min_score) {
        item.sides[t].hits.push_back(joined[k]);
      }
    }
  };
  // Isolated, so that a thread that waits for the others does not begin another group meanwhile.
  const auto for_marks = [&](Group& group, const auto& work) {
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(std::size_t{0}, group.marks.size(),
                        [&](std::size_t m) { work(group.marks[m]); });
    });
  };
  const auto describe_group = [&](Group& group) {
    for_marks(group, [&](MarkItem& item) {
      for_groups(item.photos.size(), pipeline::kPhotosAtOnce,
                 [&](std::size_t at, std::size_t size) {
                   describe_queries(std::span(item.photos).subspan(at, size));
                 });
    });
  };
  const auto find = [&](std::size_t t, std::span<QueryPhoto* const> photos,
                        std::span<const candidates::CandidateFinder::Query> asked) {
    std::vector<candidates::Rankings> found = targets[t].catalogue.find_candidates(
        asked, targets[t].options.search, targets[t].selected());
    for (std::size_t i = 0; i < photos.size(); ++i) {
      photos[i]->sides[t].candidates = std::move(found[i].united);
    }
  };
  const auto find_in = [&](Group& group, std::size_t t) {
    if (targets[t].is_small) return;
    std::vector<QueryPhoto*> photos;
    std::vector<candidates::CandidateFinder::Query> asked;
    for (MarkItem& item : group.marks) {
      for (QueryPhoto& query : item.photos) {
        if (!query.sides[t].is_compared) continue;
        photos.push_back(&query);
        asked.push_back({&query.photo.description, nullptr, query.sides[t].left_out});
      }
    }
    // A mark may have any number of photos; what they need together is bounded.
    for_groups(photos.size(), 2 * kQueriesAtOnce, [&](std::size_t at, std::size_t size) {
      tbb::this_task_arena::isolate([&] {
        find(t, std::span(photos).subspan(at, size), std::span(asked).subspan(at, size));
      });
    });
  };
  const auto find_together = [&](Group& group) {
    for (std::size_t t = 0; t < targets.size(); ++t) find_in(group, t);
  };
  const auto answer_in = [&](MarkItem& item, std::size_t t, Prepared prepared) {
    const MatchOptions& options = targets[t].options;
    MarkSide& mark = item.sides[t];
    std::vector<std::vector<ImageId>> rankings;
    for (std::size_t i = 0; i < item.photos.size(); ++i) {
      QueryPhoto& query = item.photos[i];
      PhotoSide& side = query.sides[t];
      if (!side.is_compared) continue;
      if (targets[t].is_small) {
        QueryPhoto* const photo = &query;
        const candidates::CandidateFinder::Query asked{&query.photo.description,
                                                       &prepared[i]->dense(), side.left_out};
        find(t, {&photo, 1}, {&asked, 1});
      }
      rankings.push_back(std::move(side.candidates));
    }
    mark.candidates = candidates::unite(rankings, options.search.candidates);
    const std::span<const ImageId> united = mark.candidates;
    for_groups(united.size(), verify::kPairsAtOnce, [&](std::size_t at, std::size_t size) {
      compare(item, t, prepared, united.subspan(at, size));
    });
    keep_best(mark.hits, options.max_hits, [](const MarkCandidate& hit) { return hit.score; });
    for (QueryPhoto& query : item.photos) {
      keep_best(query.sides[t].hits, options.max_hits,
                [](const ScoredImage& hit) { return hit.verification.score; });
    }
  };
  const auto answer = [&](MarkItem& item) {
    std::vector<std::unique_ptr<const verify::PreparedQuery>> prepared;
    for (const QueryPhoto& query : item.photos) {
      prepared.emplace_back();
      if (std::none_of(query.sides.begin(), query.sides.end(),
                       [](const PhotoSide& side) { return side.is_compared; })) {
        continue;
      }
      // By the first target's backend for all: backends give the same answers.
      prepared.back() = std::make_unique<verify::PreparedQuery>(*targets[0].catalogue.backend,
                                                                query.photo.description);
    }
    for (std::size_t t = 0; t < targets.size(); ++t) answer_in(item, t, prepared);
  };
  const auto answer_group = [&](Group& group) { for_marks(group, answer); };
  const auto false_hits = [&](double score, std::size_t t) {
    return static_cast<double>(targets[t].summary.searched_images) * std::pow(10.0, -score);
  };
  const auto report_photo = [&](QueryPhoto& query, std::size_t t,
                                std::span<const ImageId> candidates) {
    PhotoSide& side = query.sides[t];
    MatchSummary& summary = targets[t].summary;
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
      std::optional<CatalogueImage> image = targets[t].catalogue.store.find(hit.id);
      if (!image) continue;
      const double expected = false_hits(hit.verification.score, t);
      result.hits.push_back(
          {std::move(*image), std::move(hit.verification), expected, side.verdict(hit.id)});
    }
    ++summary.queries;
    summary.failed += !result.ok;
    summary.with_hits += !result.hits.empty();
    summary.unusable += result.ok && !result.quality.empty() && result.candidates == 0;
    take_answer(query, t, result, candidates);
  };
  const auto report_mark = [&](MarkItem& item) {
    MarkResult result;
    result.mark = item.photos.front().input->mark;
    for (QueryPhoto& query : item.photos) {
      for (std::size_t t = 0; t < targets.size(); ++t) {
        report_photo(query, t, item.sides[t].candidates);
      }
      if (query.sides.front().is_compared) result.photos.push_back(query.input->file);
      if (control.on_progress) {
        control.on_progress({++done, static_cast<std::int64_t>(queries.size())});
      }
    }
    if (!on_mark || result.mark.empty()) return;
    for (const MarkCandidate& hit : item.sides.front().hits) {
      std::optional<CatalogueImage> image = targets.front().catalogue.store.find(hit.id);
      if (!image) continue;
      result.hits.push_back(
          {std::move(*image), hit.score, false_hits(hit.score, 0), hit.best_photo, hit.photos});
    }
    on_mark(result);
  };

  const auto report = [&](Group& group) {
    for (MarkItem& item : group.marks) report_mark(item);
  };

  // Candidates of one group at a time, by all threads: what that needs does not grow with them.
  parallel::run_pipeline<Group>(control, source, parallel::parallel_stage(describe_group),
                                parallel::ordered_stage(find_together),
                                parallel::parallel_stage(answer_group), report);
}

}  // namespace

MatchSummary Catalogue::match(std::span<const PhotoInput> queries, const MatchOptions& options,
                              const DecodeOptions& decode, const RunControl& control,
                              const std::function<void(const QueryResult&)>& on_result,
                              const std::function<void(const MarkResult&)>& on_mark) const {
  options.validate();
  decode.validate();
  DescribeOptions describe = impl_->store.settings().describe;
  describe.max_keypoints = options.query_keypoints;
  const pipeline::Describer describer{impl_->describer(impl_->matching, describe), describe,
                                      decode};
  const pipeline::KnownVerdicts verdicts(impl_->store);
  const auto describe_files = [&](std::span<QueryPhoto> group) {
    std::vector<pipeline::PhotoToDescribe> photos;
    for (const QueryPhoto& query : group) {
      photos.push_back({pipeline::load_file(query.input->file, decode), query.input->facts.region});
    }
    std::vector<DescribedPhoto> described = pipeline::describe_loaded(describer, std::move(photos));
    for (std::size_t i = 0; i < group.size(); ++i) {
      group[i].photo = std::move(described[i]);
      group[i].sides.front().verdicts = verdicts.of(group[i].photo.info.sha256);
    }
  };
  const auto take_answer = [&](const QueryPhoto&, std::size_t, const QueryResult& result,
                               std::span<const ImageId>) {
    if (on_result) on_result(result);
  };
  Target<Impl> target(*impl_, options);
  answer_queries(std::span(&target, 1), queries, describe_files, control, take_answer, on_mark);
  return target.summary;
}

MatchSummary Catalogue::match_images(const Catalogue& source, std::span<const ImageId> queries,
                                     const MatchOptions& options, const RunControl& control,
                                     const std::function<void(const ImageMatch&)>& on_match) const {
  const MatchTarget target{this, options};
  return match_images({&target, 1}, source, queries, control,
                      [&](std::span<const ImageMatch> found) { on_match(found.front()); })
      .front();
}

std::vector<MatchSummary> Catalogue::match_images(
    std::span<const MatchTarget> wanted, const Catalogue& source, std::span<const ImageId> queries,
    const RunControl& control, const std::function<void(std::span<const ImageMatch>)>& on_matches) {
  for (const MatchTarget& target : wanted) {
    target.options.validate();
    const std::string& model_id = target.catalogue->model().id();
    if (source.model().id() == model_id) continue;
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("descriptions of model {} cannot be compared with those of model {}",
                            source.model().id(), model_id));
  }
  const store::Store& store = source.impl_->store;
  const auto missing = [&](ImageId id) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("no image {} in {}", id, store.directory().native()));
  };
  for (const ImageId id : queries) {
    if (!store.location(id)) throw missing(id);
  }
  const std::vector<PhotoInput> inputs(queries.size());  // each a mark of its own, without a file
  const auto id_of = [&](const QueryPhoto& query) {
    return queries[static_cast<std::size_t>(query.input - inputs.data())];
  };
  const auto read_descriptions = [&](std::span<QueryPhoto> group) {
    for (QueryPhoto& query : group) {
      const ImageId id = id_of(query);
      std::optional<Description> description = store.read_image(id);
      if (!description) throw missing(id);
      query.photo.description = *std::move(description);
      query.photo.ok = true;
      for (std::size_t t = 0; t < wanted.size(); ++t) {
        if (wanted[t].catalogue == &source) query.sides[t].left_out = id;
      }
    }
  };
  std::vector<ImageMatch> answers(wanted.size());
  const auto take_answer = [&](const QueryPhoto& query, std::size_t t, QueryResult& result,
                               std::span<const ImageId> candidates) {
    answers[t] = {id_of(query),
                  std::move(result.quality),
                  {candidates.begin(), candidates.end()},
                  std::move(result.hits)};
    if (t + 1 == wanted.size()) on_matches(answers);
  };
  std::vector<Target<Impl>> targets;
  targets.reserve(wanted.size());
  for (const MatchTarget& target : wanted) {
    targets.emplace_back(*target.catalogue->impl_, target.options);
  }
  std::vector<MatchSummary> summaries;
  if (targets.empty()) return summaries;
  answer_queries(std::span(targets), std::span<const PhotoInput>(inputs), read_descriptions,
                 control, take_answer, {});
  for (const Target<Impl>& target : targets) summaries.push_back(target.summary);
  return summaries;
}

}  // namespace pressmark
