// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_index.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/index/local_search.hpp"
#include "engine/index/removed_rows.hpp"

namespace pressmark::index {
namespace {

struct IndexedPart {
  std::shared_ptr<const LocalPart> part;
  RemovedRows removed;
};

std::array<std::size_t, kChannels.size()> word_counts(const std::array<ChannelWords, 2>& words) {
  return {static_cast<std::size_t>(words[0].vocabulary.words),
          static_cast<std::size_t>(words[1].vocabulary.words)};
}

}  // namespace

struct LocalIndex::Impl {
  const kernels::Backend* backend = nullptr;
  std::array<ChannelWords, 2> words;
  std::vector<IndexedPart> parts;
  std::shared_ptr<LocalTail> tail;  // the last part, where it grows
  std::int64_t images = 0, codes = 0;

  std::optional<RowFlags> flags(const IndexedPart& part, const ImageSelection* selection) const;
};

// Nothing where no row of the part takes part.
std::optional<RowFlags> LocalIndex::Impl::flags(const IndexedPart& part,
                                                const ImageSelection* selection) const {
  const std::span<const PartRow> rows = part.part->rows();
  if (part.removed.count() == rows.size()) return std::nullopt;
  if (selection == nullptr) {
    if (part.removed.count() == 0) return RowFlags{};
  } else if (selection->count_between(rows.front().id, rows.back().id) == 0) {
    return std::nullopt;
  }
  RowFlags flags(kMostPartRows, 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    flags[row] =
        !part.removed.contains(row) && (selection == nullptr || selection->contains(rows[row].id));
  }
  return flags;
}

LocalIndex::LocalIndex(const kernels::Backend& backend, const std::array<ChannelWords, 2>& words)
    : impl_(std::make_unique<Impl>()) {
  impl_->backend = &backend;
  impl_->words = words;
}
LocalIndex::~LocalIndex() = default;
LocalIndex::LocalIndex(LocalIndex&&) noexcept = default;
LocalIndex& LocalIndex::operator=(LocalIndex&&) noexcept = default;

void LocalIndex::add_part(std::shared_ptr<const LocalPart> part) {
  impl_->tail = nullptr;
  impl_->images += static_cast<std::int64_t>(part->rows().size());
  for (const PartRow& row : part->rows()) impl_->codes += row.codes;
  impl_->parts.push_back({std::move(part), {}});
}

RowPlace LocalIndex::add(ImageId id, const Description& description) {
  if (impl_->tail == nullptr || impl_->tail->rows().size() == kMostPartRows) {
    impl_->tail = std::make_shared<LocalTail>(word_counts(impl_->words));
    impl_->parts.push_back({impl_->tail, {}});
  }
  impl_->tail->add(id, description);
  impl_->images += 1;
  impl_->codes += impl_->tail->rows().back().codes;
  return {static_cast<std::uint32_t>(impl_->parts.size() - 1),
          static_cast<std::uint32_t>(impl_->tail->rows().size() - 1)};
}

void LocalIndex::remove(std::span<const ImageId> ids) {
  for (const ImageId id : ids) {
    const std::optional<RowPlace> place = find(id);
    if (!place) continue;
    impl_->parts[place->part].removed.insert(place->row);
    --impl_->images;
    impl_->codes -= row(*place).codes;
  }
}

std::optional<RowPlace> LocalIndex::find(ImageId id) const {
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const std::span<const PartRow> rows = impl_->parts[p].part->rows();
    if (rows.empty() || id < rows.front().id || id > rows.back().id) continue;
    const auto place = std::lower_bound(rows.begin(), rows.end(), id,
                                        [](const PartRow& row, ImageId of) { return row.id < of; });
    if (place->id != id) continue;
    const RowPlace found{p, static_cast<std::uint32_t>(place - rows.begin())};
    if (is_present(found)) return found;
  }
  return std::nullopt;
}

std::size_t LocalIndex::parts() const {
  return impl_->parts.size();
}

std::span<const PartRow> LocalIndex::rows(std::uint32_t part) const {
  return impl_->parts[part].part->rows();
}

const PartRow& LocalIndex::row(RowPlace place) const {
  return rows(place.part)[place.row];
}

bool LocalIndex::is_present(RowPlace place) const {
  return !impl_->parts[place.part].removed.contains(place.row);
}

void LocalIndex::for_each(const ImageSelection* selection,
                          const std::function<void(RowPlace)>& on_row) const {
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const std::optional<RowFlags> flags = impl_->flags(impl_->parts[p], selection);
    if (!flags) continue;
    const std::size_t rows = impl_->parts[p].part->rows().size();
    for (std::uint32_t row = 0; row < rows; ++row) {
      if (flags->empty() || (*flags)[row] != 0) on_row({p, row});
    }
  }
}

void LocalIndex::search(std::span<const Description* const> queries,
                        const ImageSelection* selection, const Looks& looks,
                        const OnImages& on_images) const {
  LocalSearch search(*impl_->backend, impl_->words, queries, size(selection));
  for (std::uint32_t p = 0; p < impl_->parts.size(); ++p) {
    const IndexedPart& part = impl_->parts[p];
    std::optional<RowFlags> flags = impl_->flags(part, selection);
    if (flags) search.add_part(p, *part.part, *std::move(flags));
  }
  search.run(looks, on_images);
}

std::int64_t LocalIndex::size() const {
  return impl_->images;
}

std::int64_t LocalIndex::size(const ImageSelection* selection) const {
  if (selection == nullptr) return size();
  std::int64_t selected = 0;
  for_each(selection, [&](RowPlace) { ++selected; });
  return selected;
}

std::string LocalIndex::description() const {
  return fmt::format("Votes, 2 x {} words, {} codes of {} images", impl_->words[0].vocabulary.words,
                     impl_->codes, size());
}

}  // namespace pressmark::index
