// SPDX-License-Identifier: Apache-2.0
#include "engine/index/ivf_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/index/best_rows.hpp"
#include "engine/index/centroids.hpp"
#include "engine/index/int8_scan.hpp"
#include "engine/index/ivf_blocks.hpp"

namespace pressmark::index {
namespace {

// Without curves: so many of the lists.
constexpr double kUnmeasuredShare = 0.125;

// Rows that are ranked anew for `count`: rounding to int8 moves the last neighbours by some ranks
// (docs/decisions/0011-int8-inverted-lists.md).
constexpr std::size_t shortlist_for(std::size_t count) {
  return count + count / 2 + 22;
}

// One list's blocks into the best rows.
class ListScan {
 public:
  explicit ListScan(const IvfListsView& lists) : lists_(lists) {}

  // `next`: the list that is scanned after this one.
  void scan_list(std::size_t list, std::size_t next, const Int8Query& query,
                 const RowFilter* is_wanted, BestRows& best) {
    const std::size_t end = lists_.starts[list + 1];
    for (std::size_t block = lists_.starts[list]; block < end; block += kBlocksAtOnce) {
      scan_blocks(blocks_of(lists_, block, end, lists_.starts[next]), block, query, is_wanted,
                  best);
    }
  }

  // Reads the codes of those blocks alone that hold wanted rows; returns how many there are.
  std::size_t scan_few(std::size_t list, const Int8Query& query, const RowFilter& is_wanted,
                       BestRows& best) {
    std::size_t seen = 0;
    for (std::size_t block = lists_.starts[list]; block < lists_.starts[list + 1]; ++block) {
      std::size_t wanted = 0;
      for (const std::uint32_t row : lists_.rows.subspan(block * kRowsPerBlock, kRowsPerBlock)) {
        wanted += row < lists_.facts.rows && is_wanted(row) ? 1 : 0;
      }
      if (wanted == 0) continue;
      seen += wanted;
      scan_blocks(blocks_of(lists_, block, block + 1, block + 1), block, query, &is_wanted, best);
    }
    return seen;
  }

 private:
  void scan_blocks(const CodeBlocks& blocks, std::size_t first_block, const Int8Query& query,
                   const RowFilter* is_wanted, BestRows& best) {
    const std::size_t found = scan(blocks, query, best.threshold(), hits_.data());
    if (found == 0) return;
    take_wanted(lists_, std::span(hits_).first(found), first_block, is_wanted, best);
    best.tighten();
  }

  const IvfListsView& lists_;
  std::array<ScanHit, kBlocksAtOnce * kRowsPerBlock> hits_;
};

std::size_t probes_for(const IvfFacts& facts, double count, double recall) {
  if (recall >= 1) return facts.lists;
  const auto curve =
      std::find_if(facts.curves.begin(), facts.curves.end() - 1,
                   [&](const RecallCurve& c) { return static_cast<double>(c.count) >= count; });
  double probes = static_cast<double>(facts.lists) * kUnmeasuredShare;
  if (curve->count > 0) {
    // Between powers of two by a straight line.
    std::size_t step = 0;
    while (step + 1 < RecallCurve::kSteps && double{curve->recall[step]} < recall) ++step;
    probes = std::exp2(static_cast<double>(step));
    if (step > 0) {
      const double low = double{curve->recall[step - 1]}, high = double{curve->recall[step]};
      const double share = high > low ? std::clamp((recall - low) / (high - low), 0.0, 1.0) : 1.0;
      probes *= 0.5 + 0.5 * share;
    }
    // Beyond what was measured, neighbours spread over more lists.
    if (count > curve->count) probes *= std::sqrt(count / curve->count);
  }
  const double most = static_cast<double>(facts.lists);
  return static_cast<std::size_t>(std::clamp(std::ceil(probes), 1.0, most));
}

}  // namespace

IvfEffort effort_for(const IvfFacts& facts, std::size_t count, double recall, double wanted_share) {
  IvfEffort effort{probes_for(facts, static_cast<double>(count), recall), shortlist_for(count), 0};
  if (wanted_share < 1) {
    effort.least_wanted = std::max<std::size_t>(
        1, static_cast<std::size_t>(static_cast<double>(facts.rows) *
                                    static_cast<double>(effort.probes) / facts.lists));
    const double spread = static_cast<double>(count) / std::max(wanted_share, 1e-9);
    effort.probes = probes_for(facts, spread, recall);
  }
  return effort;
}

std::vector<NearRow> search_ivf(const IvfListsView& lists, const float* vectors,
                                std::span<const float> query, std::size_t count,
                                const IvfEffort& effort, const RowFilter* is_wanted) {
  const Int8Query code(query);
  const std::size_t probes = std::min<std::size_t>(effort.probes, lists.facts.lists);
  const bool goes_on = is_wanted != nullptr && effort.least_wanted > 0;
  const std::vector<NearRow> nearest = nearest_centroids(
      coarse_blocks(lists), lists.facts.lists, code, goes_on ? lists.facts.lists : probes);
  BestRows best(effort.shortlist);
  ListScan scan(lists);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    const auto list = static_cast<std::size_t>(nearest[i].row);
    if (goes_on) {
      if (i >= probes && seen >= effort.least_wanted) break;
      seen += scan.scan_few(list, code, *is_wanted, best);
    } else {
      scan.scan_list(list,
                     static_cast<std::size_t>(nearest[std::min(i + 1, nearest.size() - 1)].row),
                     code, is_wanted, best);
    }
  }
  return rank_shortlist(query, vectors, best.take_sorted(), count);
}

}  // namespace pressmark::index
