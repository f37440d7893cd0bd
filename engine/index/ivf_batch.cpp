// SPDX-License-Identifier: Apache-2.0
#include "engine/index/ivf_batch.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "engine/index/best_rows.hpp"
#include "engine/index/centroids.hpp"
#include "engine/index/ivf_blocks.hpp"
#include "engine/index/tile_scan.hpp"

namespace pressmark::index {
namespace {

using Range = tbb::blocked_range<std::size_t>;

// Queries by the lists that they probe.
struct Asking {
  std::span<const std::uint32_t> of(std::size_t list) const {
    return std::span(queries).subspan(starts[list], starts[list + 1] - starts[list]);
  }

  std::vector<std::size_t> starts;
  std::vector<std::uint32_t> queries;  // ascending in each list
};

std::size_t groups_of(std::size_t queries) {
  return (queries + QueryGroup::kMost - 1) / QueryGroup::kMost;
}

std::vector<QueryGroup> grouped(std::span<const Int8Query> queries,
                                std::span<const std::uint32_t> asking) {
  std::vector<QueryGroup> groups;
  groups.reserve(groups_of(asking.size()));
  for (std::size_t first = 0; first < asking.size(); first += QueryGroup::kMost) {
    std::array<const Int8Query*, QueryGroup::kMost> some{};
    const std::size_t count = std::min(QueryGroup::kMost, asking.size() - first);
    for (std::size_t i = 0; i < count; ++i) some[i] = &queries[asking[first + i]];
    groups.emplace_back(std::span(some).first(count));
  }
  return groups;
}

// The lists that each query probes, as nearest_centroids() finds them, in any order.
std::vector<std::vector<std::uint32_t>> find_lists(const IvfListsView& lists,
                                                   std::span<const Int8Query> queries,
                                                   std::size_t probes) {
  std::vector<std::vector<std::uint32_t>> probed(queries.size());
  const CodeBlocks coarse = coarse_blocks(lists);
  tbb::parallel_for(Range(0, groups_of(queries.size()), 1), [&](const Range& some) {
    GroupHits hits;
    for (std::size_t g = some.begin(); g < some.end(); ++g) {
      const std::size_t first = g * QueryGroup::kMost;
      const QueryGroup group(
          queries.subspan(first, std::min(QueryGroup::kMost, queries.size() - first)));
      std::vector<BestRows> best(group.size(), BestRows(probes));
      for (std::size_t block = 0; block < coarse.blocks; block += kBlocksAtOnce) {
        hits.scan(group, part_of(coarse, block, lists.bytes_per_block()),
                  [&](std::size_t q) -> const BestRows& { return best[q]; });
        for (std::size_t q = 0; q < group.size(); ++q) {
          for (const ScanHit& hit : hits.of(q)) {
            const std::size_t list = block * kRowsPerBlock + hit.position;
            if (list < lists.facts.lists) best[q].push(static_cast<std::uint32_t>(list), hit.score);
          }
        }
      }
      for (std::size_t q = 0; q < group.size(); ++q) probed[first + q] = best[q].take_rows();
    }
  });
  return probed;
}

Asking by_list(const std::vector<std::vector<std::uint32_t>>& probed, std::size_t lists) {
  Asking asking;
  asking.starts.assign(lists + 1, 0);
  for (const auto& of_query : probed) {
    for (const std::uint32_t list : of_query) ++asking.starts[list + 1];
  }
  std::partial_sum(asking.starts.begin(), asking.starts.end(), asking.starts.begin());
  asking.queries.resize(asking.starts.back());
  std::vector<std::size_t> next(asking.starts.begin(), asking.starts.end() - 1);
  for (std::size_t q = 0; q < probed.size(); ++q) {
    for (const std::uint32_t list : probed[q]) {
      asking.queries[next[list]++] = static_cast<std::uint32_t>(q);
    }
  }
  return asking;
}

// A thread's share of the lists.
struct Worker {
  Worker(std::size_t queries, std::size_t shortlist) : best(queries, BestRows(shortlist)) {}

  void scan_list(const IvfListsView& lists, std::size_t list, std::span<const Int8Query> queries,
                 std::span<const std::uint32_t> asking, const RowFilter* is_wanted) {
    const std::vector<QueryGroup> groups = grouped(queries, asking);
    const std::size_t end = lists.starts[list + 1];
    for (std::size_t block = lists.starts[list]; block < end; block += kBlocksAtOnce) {
      const CodeBlocks blocks = blocks_of(lists, block, end, end);
      const std::span<const std::uint8_t> ahead = after(lists, block + blocks.blocks);
      const std::size_t share = ahead.size() / groups.size();  // that each group asks for
      for (std::size_t g = 0; g < groups.size(); ++g) {
        const auto some = asking.subspan(g * QueryGroup::kMost, groups[g].size());
        hits.scan(
            groups[g], blocks, [&](std::size_t q) -> const BestRows& { return best[some[q]]; },
            ahead.subspan(g * share, share));
        for (std::size_t q = 0; q < some.size(); ++q) {
          take_wanted(lists, hits.of(q), block, is_wanted, best[some[q]]);
        }
      }
    }
  }

  // Codes of blocks from `first` on that are read next: lists lie one after the other.
  static std::span<const std::uint8_t> after(const IvfListsView& lists, std::size_t first) {
    const std::size_t blocks = std::min<std::size_t>(kBlocksAtOnce, lists.facts.blocks - first);
    return lists.codes.subspan(first * lists.bytes_per_block(), blocks * lists.bytes_per_block());
  }

  std::vector<BestRows> best;
  GroupHits hits;
};

}  // namespace

std::vector<std::vector<NearRow>> search_ivf_batch(const IvfListsView& lists, const float* vectors,
                                                   std::span<const float> queries,
                                                   std::size_t count, const IvfEffort& effort,
                                                   const RowFilter* is_wanted) {
  const std::size_t dimension = lists.facts.dimension, total = queries.size() / dimension;
  const auto query = [&](std::size_t q) { return queries.subspan(q * dimension, dimension); };
  std::vector<Int8Query> codes;
  codes.reserve(total);
  for (std::size_t q = 0; q < total; ++q) codes.emplace_back(query(q));
  const Asking asking =
      by_list(find_lists(lists, codes, std::min<std::size_t>(effort.probes, lists.facts.lists)),
              lists.facts.lists);

  tbb::enumerable_thread_specific<Worker> workers([&] { return Worker(total, effort.shortlist); });
  tbb::parallel_for(Range(0, lists.facts.lists), [&](const Range& some) {
    Worker& worker = workers.local();
    for (std::size_t list = some.begin(); list < some.end(); ++list) {
      if (asking.of(list).empty()) continue;
      worker.scan_list(lists, list, codes, asking.of(list), is_wanted);
    }
  });
  std::vector<std::vector<NearRow>> answers(total);
  tbb::parallel_for(Range(0, total), [&](const Range& some) {
    for (std::size_t q = some.begin(); q < some.end(); ++q) {
      BestRows best(effort.shortlist);
      for (Worker& worker : workers) best.take_over(worker.best[q]);
      answers[q] = rank_shortlist(query(q), vectors, best.take_sorted(), count);
    }
  });
  return answers;
}

}  // namespace pressmark::index
