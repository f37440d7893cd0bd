// SPDX-License-Identifier: Apache-2.0
#include "engine/index/local_part.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace pressmark::index {

LocalTail::LocalTail(const std::array<std::size_t, kChannels.size()>& words) {
  for (std::size_t c = 0; c < words.size(); ++c) lists_[c].resize(words[c]);
}

void LocalTail::add(ImageId id, const Description& description) {
  assert(rows_.empty() || rows_.back().id < id);
  assert(rows_.size() < kMostPartRows);
  const auto number = static_cast<std::uint16_t>(rows_.size());
  PartRow row;
  row.id = id;
  row.width_px = static_cast<std::uint16_t>(description.width_px);
  row.height_px = static_cast<std::uint16_t>(description.height_px);
  row.cohort_mean = description.dense_cohort.mean;
  row.cohort_deviation = description.dense_cohort.deviation;
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const LocalCodes& local = description.local(kChannels[c]);
    for (std::size_t i = 0; i < local.words.size(); ++i) {
      // A word that the vocabulary lacks can only come from another model's description.
      if (local.words[i] >= lists_[c].size()) continue;
      List& list = lists_[c][local.words[i]];
      list.rows.push_back(number);
      list.points.emplace_back(local.keypoints[i]);
      const auto code = local.codes.begin() + static_cast<std::ptrdiff_t>(i * kLocalCodeSize);
      list.codes.insert(list.codes.end(), code, code + kLocalCodeSize);
      ++row.codes;
    }
  }
  rows_.push_back(row);
}

std::span<const std::uint16_t> LocalTail::list_rows(std::size_t channel, std::size_t word) const {
  return lists_[channel][word].rows;
}

std::span<const GridPoint> LocalTail::list_points(std::size_t channel, std::size_t word) const {
  return lists_[channel][word].points;
}

WordList LocalTail::list(std::size_t channel, std::size_t word) const {
  const List& list = lists_[channel][word];
  return {list.rows, list.points, list.codes};
}

MappedLocalPart::MappedLocalPart(std::span<const PartRow> rows,
                                 std::array<Channel, kChannels.size()> channels,
                                 const std::array<std::size_t, kChannels.size()>& words)
    : rows_(rows), channels_(std::move(channels)) {
  for (std::size_t c = 0; c < words.size(); ++c) {
    const Channel& channel = channels_[c];
    if (channel.offsets.size() != (words[c] + 1) * sizeof(std::uint32_t)) {
      throw std::invalid_argument("its lists are not of this vocabulary");
    }
    offsets_[c] = channel.offsets.values<std::uint32_t>(0, words[c] + 1);
    const std::size_t codes = offsets_[c].back();
    if (offsets_[c].front() != 0 || !std::is_sorted(offsets_[c].begin(), offsets_[c].end()) ||
        channel.rows.size() != codes * sizeof(std::uint16_t) ||
        channel.points.size() != codes * sizeof(GridPoint) ||
        channel.codes.size() != codes * kLocalCodeSize) {
      throw std::invalid_argument("its lists do not fit each other");
    }
  }
}

MappedLocalPart::Range MappedLocalPart::range(std::size_t channel, std::size_t word) const {
  const std::span<const std::uint32_t> offsets = offsets_[channel];
  return {offsets[word], offsets[word + 1] - offsets[word]};
}

std::span<const std::uint16_t> MappedLocalPart::list_rows(std::size_t channel,
                                                          std::size_t word) const {
  const Range at = range(channel, word);
  return channels_[channel].rows.values<std::uint16_t>(at.first, at.count);
}

std::span<const GridPoint> MappedLocalPart::list_points(std::size_t channel,
                                                        std::size_t word) const {
  const Range at = range(channel, word);
  return channels_[channel].points.values<GridPoint>(at.first, at.count);
}

WordList MappedLocalPart::list(std::size_t channel, std::size_t word) const {
  const Range at = range(channel, word);
  return {list_rows(channel, word), list_points(channel, word),
          channels_[channel].codes.values<std::int8_t>(at.first * kLocalCodeSize,
                                                       at.count * kLocalCodeSize)};
}

}  // namespace pressmark::index
