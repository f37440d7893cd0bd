// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_part.hpp"

#include <algorithm>
#include <array>

#include "engine/index/best_rows.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/ivf_search.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

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
      return search_.selection == nullptr || 2 * selected > part_.ids.size() ? scan_all()
                                                                             : rank_selected();
    }
    const IvfFacts& facts = part_.lists->facts;
    if (search_.selection == nullptr) {
      const bool has_many =
          removed_ == nullptr || removed_->count() * kMostRemovedShare < facts.rows;
      const double present = has_many ? 1 : 1 - static_cast<double>(removed_->count()) / facts.rows;
      return probe(effort_for(facts, count_, search_.recall, present));
    }
    const IvfEffort effort =
        effort_for(facts, count_, search_.recall, static_cast<double>(selected) / facts.rows);
    return is_exact_cheaper(selected, effort) ? rank_selected() : probe(effort);
  }

 private:
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
      row_products(query_, part_.vectors.data(), first, std::span(products).first(rows));
      for (std::size_t i = 0; i < rows; ++i) {
        if (!(products[i] >= best.threshold())) continue;
        if (has_filter && !is_wanted(first + i)) continue;
        best.push(static_cast<std::uint32_t>(first + i), products[i]);
      }
    }
    return best.take_sorted();
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
    const RowFilter filter = [this](std::int64_t row) {
      return is_wanted(static_cast<std::size_t>(row));
    };
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

}  // namespace pressmark::index
