// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::audit: what the index finds of what an exact search finds, and the fast search for
// candidates of what a thorough one finds.
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/catalogue_impl.hpp"
#include "engine/pipeline/recall.hpp"
#include "engine/verify/verify.hpp"
#include "pressmark/engine.hpp"

namespace pressmark {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The sample is drawn by our own steps: what a standard distribution does differs by library.
std::vector<ImageId> draw(std::vector<ImageId> ids, std::int64_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto wanted = std::min(ids.size(), static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < wanted; ++i) {
    std::swap(ids[i], ids[i + static_cast<std::size_t>(random() % (ids.size() - i))]);
  }
  ids.resize(wanted);
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Counts queries that are done, of both audits.
class ProgressCount {
 public:
  ProgressCount(const RunControl& control, std::size_t total)
      : control_(&control), total_(static_cast<std::int64_t>(total)) {}
  void advance(std::size_t queries) {
    done_ += static_cast<std::int64_t>(queries);
    if (control_->on_progress) control_->on_progress({done_, total_});
  }

 private:
  const RunControl* control_;
  std::int64_t total_, done_ = 0;
};

// Items of `per_item` ids each; none any more where the run is to stop, which `is_interrupted`
// says.
template <typename Item>
auto items_of(std::span<const ImageId> sample, std::size_t per_item, const RunControl& control,
              bool& is_interrupted) {
  return [=, &control, &is_interrupted, next = std::size_t{0}]() mutable -> parallel::Token<Item> {
    is_interrupted = is_interrupted || control.stop.stop_requested();
    if (next == sample.size() || is_interrupted) return nullptr;
    auto item = std::make_unique<Item>();
    item->ids = sample.subspan(next, std::min(per_item, sample.size() - next));
    next += item->ids.size();
    return item;
  };
}

struct GlobalItem {
  std::span<const ImageId> ids;  // one
  double recall = 1, index_seconds = 0, exact_seconds = 0;
};

template <typename Impl>
void audit_global(Impl& catalogue, std::span<const ImageId> sample, const AuditOptions& options,
                  const RunControl& control, ProgressCount& progress, AuditReport& report) {
  bool is_interrupted = false;
  auto source = items_of<GlobalItem>(sample, 1, control, is_interrupted);
  const auto next = [&] { return source(); };
  const auto ask = [&](GlobalItem& item) {
    const ImageId id = item.ids.front();
    const std::optional<Description> query = catalogue.store.read_image(id);
    if (!query) return;  // removed meanwhile
    catalogue.with_snapshot([&](const pipeline::Snapshot& now) {
      index::GlobalSearch exact_search;
      exact_search.is_exact = true;
      // The image itself is among its neighbours, and left out.
      Clock::time_point begin = Clock::now();
      const std::vector<ImageId> found = now.finder.find_global(query->global, options.k + 1);
      item.index_seconds = seconds_since(begin);
      begin = Clock::now();
      std::vector<ImageId> exact =
          now.finder.find_global(query->global, options.k + 1, exact_search);
      item.exact_seconds = seconds_since(begin);
      std::erase(exact, id);
      exact.resize(std::min(exact.size(), static_cast<std::size_t>(options.k)));
      item.recall = pipeline::share_found(exact, found);
    });
  };
  double sum = 0;
  const auto collect = [&](GlobalItem& item) {
    ++report.queries;
    sum += item.recall;
    report.worst_query = std::min(report.worst_query, item.recall);
    report.index_seconds += item.index_seconds;
    report.exact_seconds += item.exact_seconds;
    progress.advance(1);
  };
  parallel::run_pipeline<GlobalItem>(control, next, parallel::parallel_stage(ask), collect);
  if (is_interrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
  if (report.queries == 0) return;
  report.recall = sum / static_cast<double>(report.queries);
  std::tie(report.recall_low, report.recall_high) =
      pipeline::wilson_interval(report.recall, report.queries);
}

struct CandidateQuery {
  ImageId id = 0;
  Description description;
  std::vector<ImageId> fast, thorough;  // first candidates
  std::vector<ImageId> verified;
};

struct CandidateItem {
  std::span<const ImageId> ids;
  std::vector<CandidateQuery> queries;  // those that match() would compare
};

// Asked together, as match() does. A thorough search needs 600 bytes for each query and image:
// so few at once that it is some 1 GB at most, where it is more than that for one.
std::size_t queries_at_once(std::int64_t images) {
  constexpr std::int64_t kMost = 8, kMostBytes = 1'000'000'000, kBytesPerImage = 600;
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(kMostBytes / (kBytesPerImage * images + 1), 1, kMost));
}

template <typename Impl>
std::vector<ImageId> verified_of(const Impl& catalogue, const CandidateQuery& query,
                                 std::span<const ImageId> ids) {
  const verify::PreparedQuery prepared(*catalogue.backend, query.description);
  std::vector<ImageId> verified;
  while (!ids.empty()) {
    const auto group = ids.first(std::min(ids.size(), verify::kPairsAtOnce));
    ids = ids.subspan(group.size());
    std::vector<Description> descriptions;
    std::vector<ImageId> present;
    for (const ImageId id : group) {
      if (std::optional<Description> description = catalogue.store.read_image(id)) {
        descriptions.push_back(*std::move(description));
        present.push_back(id);
      }
    }
    std::vector<const Description*> pointers;
    for (const Description& description : descriptions) pointers.push_back(&description);
    const std::vector<Verification> verifications =
        verify::verify_pairs(*catalogue.backend, catalogue.model.data(), prepared, pointers, {});
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (verifications[i].verified) verified.push_back(present[i]);
    }
  }
  return verified;
}

template <typename Impl>
CandidateAudit audit_candidates(Impl& catalogue, std::span<const ImageId> sample,
                                std::int64_t images, const AuditOptions& options,
                                const RunControl& control, ProgressCount& progress) {
  pipeline::CandidateTally tally(images);
  SearchOptions fast;
  fast.dense_images = options.dense_images;
  fast.candidates =
      std::max(static_cast<int>(pipeline::CandidateTally::kCompared), tally.deepest());
  // One more: the image itself is left out of what was found.
  ++fast.candidates;
  SearchOptions thorough = fast;
  thorough.is_thorough = true;
  const bool is_same_search = catalogue.with_snapshot(
      [&](const pipeline::Snapshot& now) { return now.finder.searches_all_positions(fast); });
  if (is_same_search || sample.empty()) {
    CandidateAudit audit = tally.result();
    audit.is_same_search = is_same_search;
    progress.advance(sample.size());
    return audit;
  }
  double fast_seconds = 0, thorough_seconds = 0;
  bool is_interrupted = false;
  auto source = items_of<CandidateItem>(sample, queries_at_once(images), control, is_interrupted);
  const auto next = [&] { return source(); };
  const auto read = [&](CandidateItem& item) {
    for (const ImageId id : item.ids) {
      std::optional<Description> description = catalogue.store.read_image(id);
      if (!description || description->keypoint_count() == 0) continue;
      if (!quality_problem(*description).empty()) continue;
      item.queries.push_back({id, *std::move(description), {}, {}, {}});
    }
  };
  const auto find = [&](CandidateItem& item, const SearchOptions& search, double& seconds,
                        std::vector<ImageId> CandidateQuery::*candidates) {
    std::vector<candidates::CandidateFinder::Query> asked;
    for (const CandidateQuery& query : item.queries) {
      asked.push_back({&query.description, nullptr, query.id});
    }
    const Clock::time_point begin = Clock::now();
    std::vector<candidates::Rankings> found = catalogue.find_candidates(asked, search);
    seconds += seconds_since(begin);
    for (std::size_t i = 0; i < found.size(); ++i) {
      item.queries[i].*candidates = std::move(found[i].united);
    }
  };
  const auto ask = [&](CandidateItem& item) {
    if (item.queries.empty()) return;
    // Isolated, so that a thread that waits for the others does not begin other work meanwhile.
    tbb::this_task_arena::isolate([&] {
      find(item, fast, fast_seconds, &CandidateQuery::fast);
      find(item, thorough, thorough_seconds, &CandidateQuery::thorough);
    });
  };
  const auto verify = [&](CandidateItem& item) {
    for (CandidateQuery& query : item.queries) {
      query.verified = verified_of(catalogue, query,
                                   pipeline::CandidateTally::to_verify(query.thorough, query.fast));
    }
  };
  const auto collect = [&](CandidateItem& item) {
    for (const CandidateQuery& query : item.queries) {
      tally.add(query.thorough, query.fast);
      tally.add_links(query.verified, query.fast);
    }
    progress.advance(item.ids.size());
  };
  parallel::run_pipeline<CandidateItem>(control, next, parallel::parallel_stage(read),
                                        parallel::ordered_stage(ask),
                                        parallel::parallel_stage(verify), collect);
  if (is_interrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
  CandidateAudit audit = tally.result();
  audit.fast_seconds = fast_seconds;
  audit.thorough_seconds = thorough_seconds;
  return audit;
}

}  // namespace

AuditReport Catalogue::audit(const AuditOptions& options, const RunControl& control) const {
  options.validate();
  const std::vector<ImageId> ids =
      impl_->with_snapshot([](const pipeline::Snapshot& now) { return now.finder.present_ids(); });
  AuditReport report;
  report.images = static_cast<std::int64_t>(ids.size());
  report.k = options.k;
  const std::vector<ImageId> sample = draw(ids, options.queries, options.seed);
  const std::vector<ImageId> askers = draw(ids, options.candidate_queries, options.seed);
  ProgressCount progress(control, sample.size() + askers.size());
  audit_global(*impl_, sample, options, control, progress, report);
  report.candidates = audit_candidates(*impl_, askers, report.images, options, control, progress);
  return report;
}

}  // namespace pressmark
