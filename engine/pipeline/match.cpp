// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::match: describe, find candidates, verify each (parallel over queries) - name the hits
// (in order).
#include <algorithm>
#include <cmath>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/describe.hpp"
#include "engine/verify/verify.hpp"

namespace pressmark {
namespace {

struct ScoredImage {
  ImageId id = 0;
  Verification verification;
};

struct MatchItem {
  const PhotoInput* input = nullptr;
  DescribedPhoto photo;
  std::string quality;
  int candidates = 0;
  std::vector<ScoredImage> hits;
};

}  // namespace

double score_for_false_hits(std::int64_t images, double false_hits) {
  if (!(false_hits > 0)) {
    throw Error(ErrorCode::kInvalidArgument, "the number of false hits must be above 0");
  }
  return std::max(0.0, std::log10(static_cast<double>(images) / false_hits));
}

MatchSummary Catalogue::match(std::span<const PhotoInput> queries, const MatchOptions& options,
                              const DecodeOptions& decode, const RunControl& control,
                              const std::function<void(const QueryResult&)>& on_result) const {
  options.validate();
  decode.validate();
  const Impl::Snapshot& snapshot = impl_->current_snapshot();
  DescribeOptions describe = impl_->store.settings().describe;
  describe.max_keypoints = options.query_keypoints;
  const pipeline::Describer describer{*impl_->backend, impl_->model, *impl_->cohort, describe,
                                      decode};
  MatchSummary summary;
  std::size_t next = 0;

  const auto source = [&]() -> parallel::Token<MatchItem> {
    if (next == queries.size()) return nullptr;
    if (control.stop.stop_requested()) {
      summary.interrupted = true;
      return nullptr;
    }
    auto item = std::make_shared<MatchItem>();
    item->input = &queries[next++];
    return item;
  };
  const auto answer = [&](MatchItem& item) {
    item.photo = pipeline::describe_loaded(describer, pipeline::load_file(item.input->file, decode),
                                           item.input->facts.region);
    if (!item.photo.ok) return;
    item.quality = quality_problem(item.photo.description);
    if (item.photo.description.keypoint_count() == 0) return;
    if (options.quality_gate && !item.quality.empty()) return;
    const verify::PreparedQuery query(*impl_->backend, item.photo.description);
    const candidates::Rankings rankings = snapshot.finder.find(
        item.photo.description, query.dense(), options.search.candidates, options.search);
    for (const ImageId id : rankings.united) {
      const Description candidate = impl_->store.read_description(*snapshot.find(id));
      Verification verification = verify::verify_pair(*impl_->backend, impl_->model.data(), query,
                                                      candidate, options.verify);
      ++item.candidates;
      if (verification.verified) item.hits.push_back({id, std::move(verification)});
    }
    std::sort(item.hits.begin(), item.hits.end(), [](const ScoredImage& a, const ScoredImage& b) {
      return a.verification.score > b.verification.score ||
             (a.verification.score == b.verification.score && a.id < b.id);
    });
    if (item.hits.size() > static_cast<std::size_t>(options.max_hits)) {
      item.hits.resize(static_cast<std::size_t>(options.max_hits));
    }
  };
  const auto report = [&](MatchItem& item) {
    QueryResult result;
    result.file = item.input->file;
    result.ok = item.photo.ok;
    result.code = item.photo.code;
    result.reason = item.photo.reason;
    result.info = item.photo.info;
    result.width_px = item.photo.description.width_px;
    result.height_px = item.photo.description.height_px;
    result.keypoints = item.photo.description.keypoint_count();
    result.light = item.photo.description.light;
    result.quality = std::move(item.quality);
    result.candidates = item.candidates;
    for (ScoredImage& hit : item.hits) {
      // Removed by another process since the snapshot: not a hit any more.
      std::optional<CatalogueImage> image = impl_->store.find(hit.id);
      if (!image) continue;
      const double expected =
          static_cast<double>(snapshot.locations.size()) * std::pow(10.0, -hit.verification.score);
      result.hits.push_back({std::move(*image), std::move(hit.verification), expected});
    }
    ++summary.queries;
    summary.failed += !result.ok;
    summary.with_hits += !result.hits.empty();
    summary.unusable += result.ok && !result.quality.empty() && result.candidates == 0;
    if (on_result) on_result(result);
    if (control.on_progress) {
      control.on_progress({summary.queries, static_cast<std::int64_t>(queries.size())});
    }
  };

  parallel::run_pipeline(control,
                         parallel::source_filter<MatchItem>(source) &
                             parallel::stage_filter<MatchItem>(tbb::filter_mode::parallel, answer) &
                             parallel::sink_filter<MatchItem>(report));
  return summary;
}

}  // namespace pressmark
