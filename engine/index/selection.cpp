// SPDX-License-Identifier: Apache-2.0
#include "engine/index/selection.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pressmark/error.hpp"

namespace pressmark::index {

ImageSelection::ImageSelection(std::span<const ImageId> ascending_ids) {
  for (const ImageId id : ascending_ids) append(id);
}

void ImageSelection::append(ImageId id) {
  if (id <= last_ || id > kMostId) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("image {} cannot be selected after image {}", id, last_));
  }
  const auto word = static_cast<std::size_t>(id) / kWordBits;
  if (word >= words_.size()) {
    before_.resize(word + 1, static_cast<std::uint32_t>(count_));
    words_.resize(word + 1, 0);
  }
  words_[word] |= std::uint64_t{1} << bit_of(id);
  ++count_;
  last_ = id;
}

std::int64_t ImageSelection::count_below(ImageId id) const {
  if (id <= 0) return 0;
  const auto word = static_cast<std::size_t>(id) / kWordBits;
  if (word >= words_.size()) return count_;
  const std::uint64_t below = words_[word] & ((std::uint64_t{1} << bit_of(id)) - 1);
  return std::int64_t{before_[word]} + std::popcount(below);
}

std::int64_t ImageSelection::count_between(ImageId first, ImageId last) const {
  if (last < first || first > kMostId) return 0;
  return count_below(std::min(last, kMostId) + 1) - count_below(first);
}

std::vector<std::size_t> selected_rows(const ImageSelection& selection,
                                       std::span<const ImageId> ids) {
  std::vector<std::size_t> rows;
  if (ids.empty()) return rows;
  const auto selected = static_cast<std::size_t>(selection.count_between(ids.front(), ids.back()));
  rows.reserve(std::min(selected, ids.size()));
  const auto steps = static_cast<std::size_t>(std::bit_width(ids.size()));
  if (selected < ids.size() / steps) {
    auto place = ids.begin();
    selection.for_each_between(ids.front(), ids.back(), [&](ImageId id) {
      place = std::lower_bound(place, ids.end(), id);
      if (place != ids.end() && *place == id) {
        rows.push_back(static_cast<std::size_t>(place - ids.begin()));
      }
    });
    return rows;
  }
  for (std::size_t row = 0; row < ids.size(); ++row) {
    if (selection.contains(ids[row])) rows.push_back(row);
  }
  return rows;
}

}  // namespace pressmark::index
