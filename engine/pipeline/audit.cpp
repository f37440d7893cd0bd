// SPDX-License-Identifier: Apache-2.0
//
// Catalogue::audit: what the index finds of what an exact search finds.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/parallel/ordered_pipeline.hpp"
#include "engine/pipeline/catalogue_impl.hpp"

namespace pressmark {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct AuditItem {
  ImageId id = 0;
  double recall = 1, index_seconds = 0, exact_seconds = 0;
};

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

// Share of `exact` that is in `found`.
double share_found(const std::vector<ImageId>& exact, std::vector<ImageId> found) {
  if (exact.empty()) return 1;
  std::sort(found.begin(), found.end());
  const auto hits = std::count_if(exact.begin(), exact.end(), [&](ImageId id) {
    return std::binary_search(found.begin(), found.end(), id);
  });
  return static_cast<double>(hits) / static_cast<double>(exact.size());
}

// Wilson, JASA 1927.
std::pair<double, double> interval(double share, double count) {
  constexpr double kZ = 1.959964;  // 95 %
  const double z2 = kZ * kZ / count;
  const double middle = (share + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(share * (1 - share) / count + z2 / (4 * count));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace

AuditReport Catalogue::audit(const AuditOptions& options, const RunControl& control) const {
  options.validate();
  std::vector<ImageId> ids =
      impl_->with_snapshot([](const pipeline::Snapshot& now) { return now.finder.present_ids(); });
  AuditReport report;
  report.images = static_cast<std::int64_t>(ids.size());
  report.k = options.k;
  const std::vector<ImageId> sample = draw(std::move(ids), options.queries, options.seed);
  double sum = 0;
  std::size_t next = 0;
  bool is_interrupted = false;

  const auto source = [&]() -> parallel::Token<AuditItem> {
    is_interrupted = is_interrupted || control.stop.stop_requested();
    if (next == sample.size() || is_interrupted) return nullptr;
    auto item = std::make_unique<AuditItem>();
    item->id = sample[next++];
    return item;
  };
  const auto ask = [&](AuditItem& item) {
    const std::optional<Description> query = impl_->store.read_image(item.id);
    if (!query) return;  // removed meanwhile
    impl_->with_snapshot([&](const pipeline::Snapshot& now) {
      index::GlobalSearch exact_search;
      exact_search.is_exact = true;
      // The image itself is among its neighbours, and left out.
      Clock::time_point begin = Clock::now();
      std::vector<ImageId> found = now.finder.find_global(query->global, options.k + 1);
      item.index_seconds = seconds_since(begin);
      begin = Clock::now();
      std::vector<ImageId> exact =
          now.finder.find_global(query->global, options.k + 1, exact_search);
      item.exact_seconds = seconds_since(begin);
      std::erase(exact, item.id);
      exact.resize(std::min(exact.size(), static_cast<std::size_t>(options.k)));
      item.recall = share_found(exact, std::move(found));
    });
  };
  const auto collect = [&](AuditItem& item) {
    ++report.queries;
    sum += item.recall;
    report.worst_query = std::min(report.worst_query, item.recall);
    report.index_seconds += item.index_seconds;
    report.exact_seconds += item.exact_seconds;
    if (control.on_progress) {
      control.on_progress({report.queries, static_cast<std::int64_t>(sample.size())});
    }
  };
  parallel::run_pipeline<AuditItem>(control, source, parallel::parallel_stage(ask), collect);
  if (is_interrupted) throw Error(ErrorCode::kInterrupted, "interrupted");
  if (report.queries > 0) {
    const auto queries = static_cast<double>(report.queries);
    report.recall = sum / queries;
    std::tie(report.recall_low, report.recall_high) = interval(report.recall, queries);
  }
  return report;
}

}  // namespace pressmark
