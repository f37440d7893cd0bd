// SPDX-License-Identifier: Apache-2.0
#include "engine/pipeline/recall.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

namespace pressmark::pipeline {
namespace {

std::span<const ImageId> first_of(std::span<const ImageId> ranking, std::size_t count) {
  return ranking.first(std::min(ranking.size(), count));
}

std::vector<ImageId> sorted(std::span<const ImageId> ids) {
  std::vector<ImageId> ascending(ids.begin(), ids.end());
  std::sort(ascending.begin(), ascending.end());
  return ascending;
}

}  // namespace

double share_found(std::span<const ImageId> expected, std::span<const ImageId> found) {
  if (expected.empty()) return 1;
  const std::vector<ImageId> ascending = sorted(found);
  const auto hits = std::count_if(expected.begin(), expected.end(), [&](ImageId id) {
    return std::binary_search(ascending.begin(), ascending.end(), id);
  });
  return static_cast<double>(hits) / static_cast<double>(expected.size());
}

std::pair<double, double> wilson_interval(double share, std::int64_t count) {
  constexpr double kZ = 1.959964;  // 95 %
  const auto n = static_cast<double>(count);
  const double z2 = kZ * kZ / n;
  const double middle = (share + z2 / 2) / (1 + z2);
  const double half = kZ / (1 + z2) * std::sqrt(share * (1 - share) / n + z2 / (4 * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

CandidateTally::CandidateTally(std::int64_t images) {
  for (const int k : {10, 100, 1000}) {
    if (k < images) figures_.push_back({k, 0, 1, 1, 1});
  }
}

void CandidateTally::add(std::span<const ImageId> thorough, std::span<const ImageId> fast) {
  ++queries_;
  for (CandidateShare& figure : figures_) {
    const auto k = static_cast<std::size_t>(figure.k);
    const double share = share_found(first_of(thorough, k), first_of(fast, k));
    figure.recall += share;
    figure.worst_query = std::min(figure.worst_query, share);
  }
}

std::vector<ImageId> CandidateTally::to_verify(std::span<const ImageId> thorough,
                                               std::span<const ImageId> fast) {
  const std::vector<ImageId> a = sorted(first_of(thorough, kCompared));
  const std::vector<ImageId> b = sorted(first_of(fast, kCompared));
  std::vector<ImageId> either;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(either));
  return either;
}

void CandidateTally::add_links(std::span<const ImageId> verified, std::span<const ImageId> fast) {
  const std::vector<ImageId> compared = sorted(first_of(fast, kCompared));
  links_ += static_cast<std::int64_t>(verified.size());
  links_found_ += std::count_if(verified.begin(), verified.end(), [&](ImageId id) {
    return std::binary_search(compared.begin(), compared.end(), id);
  });
}

CandidateAudit CandidateTally::result() const {
  CandidateAudit audit;
  audit.queries = queries_;
  audit.links = links_;
  audit.links_found = links_found_;
  audit.first = figures_;
  for (CandidateShare& figure : audit.first) {
    if (queries_ == 0) {
      figure.recall = 1;
      continue;
    }
    figure.recall /= static_cast<double>(queries_);
    std::tie(figure.recall_low, figure.recall_high) = wilson_interval(figure.recall, queries_);
  }
  return audit;
}

}  // namespace pressmark::pipeline
