// SPDX-License-Identifier: Apache-2.0
#include "engine/index/tally.hpp"

#include <algorithm>
#include <tuple>

namespace pressmark::index {
namespace {

// What ballots are sorted by, and which one.
struct Key {
  std::uint64_t same;  // equal where one of the ballots is to remain
  std::uint64_t rank;  // the least remains
  std::uint32_t ballot;

  bool operator<(const Key& other) const {
    return std::tie(same, rank) < std::tie(other.same, other.rank);
  }
};

// Keeps the first ballot of each `same`, in that order.
template <typename KeyOf>
void keep_first(std::vector<Ballot>& ballots, const KeyOf& key_of) {
  std::vector<Key> keys(ballots.size());
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    keys[i] = key_of(ballots[i]);
    keys[i].ballot = static_cast<std::uint32_t>(i);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end(),
                         [](const Key& a, const Key& b) { return a.same == b.same; }),
             keys.end());
  std::vector<Ballot> kept;
  kept.reserve(keys.size());
  for (const Key& key : keys) kept.push_back(ballots[key.ballot]);
  ballots = std::move(kept);
}

// The heavier, the less.
std::uint64_t lightness(const Ballot& ballot) {
  return static_cast<std::uint64_t>(0xffff - ballot.weight);
}

}  // namespace

void keep_distinct(std::vector<Ballot>& ballots) {
  keep_first(ballots, [](const Ballot& b) {
    return Key{std::uint64_t{b.kind} << 16 | b.keypoint,
               lightness(b) << 40 | std::uint64_t{b.rank} << 32 | b.place, 0};
  });
  keep_first(ballots, [](const Ballot& b) {
    return Key{std::uint64_t{b.kind} << 48 | std::uint64_t{b.list} << 32 | b.place,
               lightness(b) << 16 | b.keypoint, 0};
  });
}

void Tally::begin(RowRange rows, std::size_t queries) {
  rows_ = rows;
  weights_.assign(rows.size() * queries, 0);
  counts_.assign(rows.size() * queries, 0);
  noted_ = 0;
}

void Tally::keep(std::span<const std::int64_t> least_weights) {
  starts_.resize(counts_.size() + 1);
  std::uint32_t start = 0;
  for (std::size_t query = 0; query < least_weights.size(); ++query) {
    for (std::size_t at = query * rows_.size(); at < (query + 1) * rows_.size(); ++at) {
      starts_[at] = start;
      if (weights_[at] >= least_weights[query]) start += counts_[at];
    }
  }
  starts_.back() = start;
  if (kept_.capacity() < start) {
    // Nothing in it is needed any more, and room for twice as much neither.
    kept_ = std::vector<Ballot>();
    kept_.reserve(start + start / 8);
  }
  kept_.resize(start);
  // From here on counts_ tells where the next ballot of a row goes.
  std::copy(starts_.begin(), starts_.end() - 1, counts_.begin());
  for (std::size_t i = 0; i < noted_; ++i) {
    const Noted& noted = blocks_[i / kBlock][i % kBlock];
    if (starts_[noted.at] == starts_[noted.at + 1]) continue;
    kept_[counts_[noted.at]++] = noted.ballot;
  }
}

}  // namespace pressmark::index
