// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/write_part.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <vector>

#include "engine/index/ivf_builder.hpp"

namespace pressmark::candidates {
namespace {

constexpr std::uint32_t kLeftOut = ~std::uint32_t{0};

// Which rows are written in which order, and where each row of each part goes.
struct Plan {
  std::vector<index::RowPlace> rows;               // of each row that is written, by id
  std::vector<std::vector<std::uint32_t>> row_of;  // of each part and row; or kLeftOut
};

Plan make_plan(std::span<const Part* const> parts, const std::function<bool(ImageId)>& is_kept) {
  Plan plan;
  for (std::uint32_t p = 0; p < parts.size(); ++p) {
    const std::span<const index::PartRow> rows = parts[p]->rows();
    plan.row_of.emplace_back(rows.size(), kLeftOut);
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
      if (is_kept(rows[row].id)) plan.rows.push_back({p, row});
    }
  }
  std::sort(plan.rows.begin(), plan.rows.end(),
            [&](const index::RowPlace& a, const index::RowPlace& b) {
              return parts[a.part]->rows()[a.row].id < parts[b.part]->rows()[b.row].id;
            });
  for (std::uint32_t row = 0; row < plan.rows.size(); ++row) {
    plan.row_of[plan.rows[row].part][plan.rows[row].row] = row;
  }
  return plan;
}

// One entry of a list that is written.
struct Entry {
  std::uint32_t row = 0;  // as written
  std::uint32_t part = 0, place = 0;
};

class ListWriter {
 public:
  ListWriter(std::span<const Part* const> parts, const Plan& plan, std::size_t channel,
             std::size_t words, SectionSink& sink)
      : plan_(plan), channel_(channel), words_(words), sink_(sink) {
    for (const Part* part : parts) locals_.push_back(part->local());
  }

  void write() {
    write_offsets();
    begin(Section::kListRows);
    for_words([&](std::size_t, const std::vector<Entry>& entries) {
      std::vector<std::uint16_t> rows;
      for (const Entry& entry : entries) rows.push_back(static_cast<std::uint16_t>(entry.row));
      sink_.append(std::as_bytes(std::span(rows)));
    });
    begin(Section::kListPoints);
    for_words([&](std::size_t word, const std::vector<Entry>& entries) {
      for_runs(entries, [&](std::uint32_t part, std::size_t first, std::size_t count) {
        sink_.append(
            std::as_bytes(locals_[part]->list_points(channel_, word).subspan(first, count)));
      });
    });
    begin(Section::kListCodes);
    for_words([&](std::size_t word, const std::vector<Entry>& entries) {
      for_runs(entries, [&](std::uint32_t part, std::size_t first, std::size_t count) {
        sink_.append(std::as_bytes(locals_[part]->list(channel_, word).code(first, count)));
      });
    });
  }

 private:
  void begin(Section section) { sink_.begin(list_section(section, channel_)); }

  void write_offsets() {
    std::vector<std::uint32_t> offsets{0};
    for_words([&](std::size_t, const std::vector<Entry>& entries) {
      offsets.push_back(offsets.back() + static_cast<std::uint32_t>(entries.size()));
    });
    begin(Section::kListOffsets);
    sink_.append(std::as_bytes(std::span(offsets)));
  }

  // Calls on_word(word, entries) with each list's entries that are kept, by row.
  template <typename OnWord>
  void for_words(const OnWord& on_word) {
    const auto by_row = [](const Entry& a, const Entry& b) { return a.row < b.row; };
    for (std::size_t word = 0; word < words_; ++word) {
      entries_.clear();
      for (std::uint32_t p = 0; p < locals_.size(); ++p) {
        const std::span<const std::uint16_t> rows = locals_[p]->list_rows(channel_, word);
        for (std::uint32_t place = 0; place < rows.size(); ++place) {
          const std::uint32_t row =
              rows[place] < plan_.row_of[p].size() ? plan_.row_of[p][rows[place]] : kLeftOut;
          if (row != kLeftOut) entries_.push_back({row, p, place});
        }
      }
      // An image's codes keep their order.
      if (!std::is_sorted(entries_.begin(), entries_.end(), by_row)) {
        std::stable_sort(entries_.begin(), entries_.end(), by_row);
      }
      on_word(word, entries_);
    }
  }

  // Calls on_run(part, first, count) for entries that are neighbours already.
  template <typename OnRun>
  static void for_runs(const std::vector<Entry>& entries, const OnRun& on_run) {
    for (std::size_t i = 0; i < entries.size();) {
      const std::size_t first = i++;
      while (i < entries.size() && entries[i].part == entries[first].part &&
             entries[i].place == entries[i - 1].place + 1) {
        ++i;
      }
      on_run(entries[first].part, entries[first].place, i - first);
    }
  }

  std::vector<std::shared_ptr<const index::LocalPart>> locals_;
  const Plan& plan_;
  std::size_t channel_, words_;
  SectionSink& sink_;
  std::vector<Entry> entries_;
};

void write_global_lists(std::span<const Part* const> parts, const Plan& plan, int global_size,
                        SectionSink& sink) {
  std::vector<float> vectors;
  vectors.reserve(plan.rows.size() * static_cast<std::size_t>(global_size));
  for (const index::RowPlace& from : plan.rows) {
    const std::span<const float> vector = parts[from.part]->globals(from.row, 1);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  const index::IvfImage lists = index::IvfBuilder(vectors, global_size).build();
  sink.begin(Section::kGlobalLists);
  sink.append(lists.bytes());
}

}  // namespace

std::size_t write_part(std::span<const Part* const> parts, const models::ModelData& model,
                       const std::function<bool(ImageId)>& is_kept, SectionSink& sink,
                       std::size_t listed_rows) {
  const Plan plan = make_plan(parts, is_kept);
  assert(!plan.rows.empty() && plan.rows.size() <= index::kMostPartRows);
  sink.begin(Section::kRows);
  for (const index::RowPlace& from : plan.rows) {
    sink.append(std::as_bytes(parts[from.part]->rows().subspan(from.row, 1)));
  }
  sink.begin(Section::kGlobals);
  for (const index::RowPlace& from : plan.rows) {
    sink.append(std::as_bytes(parts[from.part]->globals(from.row, 1)));
  }
  if (plan.rows.size() >= listed_rows) write_global_lists(parts, plan, model.global_size, sink);
  sink.begin(Section::kPyramids);
  for (const index::RowPlace& from : plan.rows) {
    sink.append(std::as_bytes(std::span(&parts[from.part]->pyramid(from.row), 1)));
  }
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const auto words = static_cast<std::size_t>(model.local(kChannels[c]).words().words);
    ListWriter(parts, plan, c, words, sink).write();
  }
  return plan.rows.size();
}

}  // namespace pressmark::candidates
