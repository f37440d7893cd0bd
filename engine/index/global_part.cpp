// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_part.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/index/best_rows.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/ivf_batch.hpp"
#include "engine/index/ivf_search.hpp"
#include "engine/index/read_ahead.hpp"
#include "engine/index/tile_scan.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kRowsAtOnce = 256;
// Of a part that is otherwise read row by row, so many are asked for before they are compared.
constexpr std::size_t kRowsAhead = 16 * kRowsAtOnce;

// To fetch a selected row's vector and compare it takes so many times as long as to pass a row when
// lists are probed for selected rows (docs/decisions/0011-int8-inverted-lists.md).
constexpr double kExactCost = 8;
// With so many removed rows an answer from as many lists as usual would be too short.
constexpr std::size_t kMostRemovedShare = 8;

class Search {
 public:
  Search(const GlobalPart& part, const RemovedRows* removed, std::span<const float> query,
         std::size_t count, const GlobalSearch& search)
      : part_(part),
        removed_(removed != nullptr && removed->count() > 0 ? removed : nullptr),
        query_(query),
        count_(count),
        search_(search) {}

  std::vector<NearRow> run() const {
    if (part_.ids.empty() || count_ == 0) return {};
    const std::size_t selected = most_selected();
    if (selected == 0) return {};
    if (!part_.lists || search_.is_exact) {
      if (search_.selection != nullptr && 2 * selected <= part_.ids.size()) return rank_selected();
      return has_codes() ? scan_codes(query_).front() : scan_all();
    }
    if (search_.selection == nullptr) return probe(unselected_effort());
    const IvfFacts& facts = part_.lists->facts;
    const IvfEffort effort =
        effort_for(facts, count_, search_.recall, static_cast<double>(selected) / facts.rows);
    return is_exact_cheaper(selected, effort) ? rank_selected() : probe(effort);
  }

  // Of many queries, without effort.least_wanted; nothing where they are searched for one by one.
  std::optional<std::vector<std::vector<NearRow>>> run_together(std::span<const float> queries,
                                                                std::size_t dimension) const {
    if (part_.ids.empty() || count_ == 0 || search_.selection != nullptr) return std::nullopt;
    if (has_codes()) return scan_codes_together(queries, dimension);
    if (!part_.lists || search_.is_exact) return std::nullopt;
    const IvfEffort effort = unselected_effort();
    if (effort.least_wanted > 0) return std::nullopt;
    const RowFilter filter = row_filter();
    return search_ivf_batch(*part_.lists, part_.vectors.data(), queries, count_, effort,
                            removed_ != nullptr ? &filter : nullptr);
  }

 private:
  IvfEffort unselected_effort() const {
    const IvfFacts& facts = part_.lists->facts;
    const bool has_many = removed_ == nullptr || removed_->count() * kMostRemovedShare < facts.rows;
    const double present = has_many ? 1 : 1 - static_cast<double>(removed_->count()) / facts.rows;
    return effort_for(facts, count_, search_.recall, present);
  }

  RowFilter row_filter() const {
    return [this](std::int64_t row) { return is_wanted(static_cast<std::size_t>(row)); };
  }

  // An upper bound of the rows in question.
  std::size_t most_selected() const {
    if (search_.selection == nullptr) return part_.ids.size();
    return static_cast<std::size_t>(
        search_.selection->count_between(part_.ids.front(), part_.ids.back()));
  }

  bool is_wanted(std::size_t row) const {
    if (removed_ != nullptr && removed_->contains(row)) return false;
    return search_.selection == nullptr || search_.selection->contains(part_.ids[row]);
  }

  bool is_exact_cheaper(std::size_t selected, const IvfEffort& effort) const {
    const IvfFacts& facts = part_.lists->facts;
    const double rows = facts.rows;
    const double share = static_cast<double>(selected) / rows;
    const double passed =
        std::max(rows * static_cast<double>(effort.probes) / facts.lists,
                 std::min(rows, static_cast<double>(effort.least_wanted) / share));
    return static_cast<double>(selected) * kExactCost <= passed;
  }

  std::vector<NearRow> scan_all() const {
    BestRows best(count_);
    std::array<float, kRowsAtOnce> products;
    const bool has_filter = removed_ != nullptr || search_.selection != nullptr;
    for (std::size_t first = 0; first < part_.ids.size(); first += kRowsAtOnce) {
      const std::size_t rows = std::min(kRowsAtOnce, part_.ids.size() - first);
      if (part_.lists && first % kRowsAhead == 0) ask_for(first);
      row_products(query_, part_.vectors.data(), first, std::span(products).first(rows));
      for (std::size_t i = 0; i < rows; ++i) {
        if (!(products[i] >= best.threshold())) continue;
        if (has_filter && !is_wanted(first + i)) continue;
        best.push(static_cast<std::uint32_t>(first + i), products[i]);
      }
    }
    return best.take_sorted();
  }

  bool has_codes() const { return !part_.lists && !search_.is_exact && part_.codes.blocks() > 0; }

  std::vector<std::vector<NearRow>> scan_codes(std::span<const float> queries) const {
    const bool has_filter = removed_ != nullptr || search_.selection != nullptr;
    const RowFilter filter = row_filter();
    return search_coded(part_.codes, part_.vectors, queries,
                        part_.vectors.size() / part_.ids.size(), count_,
                        has_filter ? &filter : nullptr);
  }

  std::vector<std::vector<NearRow>> scan_codes_together(std::span<const float> queries,
                                                        std::size_t dimension) const {
    std::vector<std::vector<NearRow>> answers(queries.size() / dimension);
    constexpr std::size_t kMost = QueryGroup::kMost;
    tbb::parallel_for(std::size_t{0}, (answers.size() + kMost - 1) / kMost, [&](std::size_t group) {
      const std::size_t first = group * kMost, some = std::min(kMost, answers.size() - first);
      auto found = scan_codes(queries.subspan(first * dimension, some * dimension));
      std::move(found.begin(), found.end(), answers.begin() + static_cast<std::ptrdiff_t>(first));
    });
    return answers;
  }

  void ask_for(std::size_t first) const {
    const std::size_t dimension = query_.size();
    const std::size_t rows = std::min(kRowsAhead, part_.ids.size() - first);
    expect_all(part_.vectors.subspan(first * dimension, rows * dimension));
  }

  std::vector<NearRow> rank_selected() const {
    std::vector<std::uint32_t> rows;
    for (const std::size_t row : selected_rows(*search_.selection, part_.ids)) {
      if (removed_ == nullptr || !removed_->contains(row)) {
        rows.push_back(static_cast<std::uint32_t>(row));
      }
    }
    return rank_exactly(query_, part_.vectors.data(), rows, count_);
  }

  std::vector<NearRow> probe(const IvfEffort& effort) const {
    if (removed_ == nullptr && search_.selection == nullptr) {
      return search_ivf(*part_.lists, part_.vectors.data(), query_, count_, effort);
    }
    const RowFilter filter = row_filter();
    return search_ivf(*part_.lists, part_.vectors.data(), query_, count_, effort, &filter);
  }

  const GlobalPart& part_;
  const RemovedRows* removed_;
  std::span<const float> query_;
  std::size_t count_;
  const GlobalSearch& search_;
};

}  // namespace

std::vector<NearRow> search_part(const GlobalPart& part, const RemovedRows* removed,
                                 std::span<const float> query, std::size_t count,
                                 const GlobalSearch& search) {
  return Search(part, removed, query, count, search).run();
}

std::vector<std::vector<NearRow>> search_part_batch(const GlobalPart& part,
                                                    const RemovedRows* removed,
                                                    std::span<const float> queries,
                                                    std::size_t dimension, std::size_t count,
                                                    const GlobalSearch& search) {
  const auto query = [&](std::size_t q) { return queries.subspan(q * dimension, dimension); };
  auto together = Search(part, removed, {}, count, search).run_together(queries, dimension);
  if (together) return *std::move(together);
  std::vector<std::vector<NearRow>> answers(queries.size() / dimension);
  tbb::parallel_for(std::size_t{0}, answers.size(), [&](std::size_t q) {
    answers[q] = search_part(part, removed, query(q), count, search);
  });
  return answers;
}

}  // namespace pressmark::index
