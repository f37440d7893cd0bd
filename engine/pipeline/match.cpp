// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::match and match_images: where the descriptions of queries come from and where answers
// go. The answers themselves: answer_queries.hpp.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/pipeline/answer_queries.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/pipeline/known_verdicts.hpp"

namespace pressmark {

using pipeline::QueryPhoto;
using pipeline::SearchedCatalogue;

double score_for_false_hits(std::int64_t images, double false_hits) {
  if (!(false_hits > 0)) {
    throw Error(ErrorCode::kInvalidArgument, "the number of false hits must be above 0");
  }
  return std::max(0.0, std::log10(static_cast<double>(images) / false_hits));
}

SearchedCatalogue Catalogue::Impl::as_searched(const MatchOptions& options) {
  const auto find = [this, &options](std::span<const candidates::CandidateFinder::Query> queries,
                                     const index::ImageSelection* selection) {
    return find_candidates(queries, options.search, selection);
  };
  return {store, *backend, model.data(), options, current_snapshot(), find};
}

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
  SearchedCatalogue searched = impl_->as_searched(options);
  pipeline::answer_queries({&searched, 1}, queries, describe_files, control, take_answer, on_mark);
  return searched.summary;
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
    std::span<const MatchTarget> targets, const Catalogue& source, std::span<const ImageId> queries,
    const RunControl& control, const std::function<void(std::span<const ImageMatch>)>& on_matches) {
  for (const MatchTarget& target : targets) {
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
      for (std::size_t t = 0; t < targets.size(); ++t) {
        if (targets[t].catalogue == &source) query.sides[t].left_out = id;
      }
    }
  };
  std::vector<ImageMatch> answers(targets.size());
  const auto take_answer = [&](const QueryPhoto& query, std::size_t t, QueryResult& result,
                               std::span<const ImageId> candidates) {
    answers[t] = {id_of(query),
                  std::move(result.quality),
                  {candidates.begin(), candidates.end()},
                  std::move(result.hits)};
    if (t + 1 == targets.size()) on_matches(answers);
  };
  std::vector<SearchedCatalogue> searched;
  for (const MatchTarget& target : targets) {
    searched.push_back(target.catalogue->impl_->as_searched(target.options));
  }
  std::vector<MatchSummary> summaries;
  if (searched.empty()) return summaries;
  pipeline::answer_queries(searched, inputs, read_descriptions, control, take_answer, {});
  for (const SearchedCatalogue& catalogue : searched) summaries.push_back(catalogue.summary);
  return summaries;
}

}  // namespace pressmark
