// SPDX-License-Identifier: Apache-2.0
//
// What some rows of a part got of the questions of several queries. All is noted first, with what
// it weighs; the ballots of those images alone that weigh enough are then put together: most images
// of a large catalogue get no closer look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/index/local_part.hpp"

namespace pressmark::index {

// Rows [first, last) of a part.
struct RowRange {
  std::size_t first = 0, last = kMostPartRows;
  std::size_t size() const { return last - first; }
};

// A code of a query that resembles a code of an image more than chance would have it.
struct Ballot {
  std::int32_t weight = 0;     // > 0, below 2^15
  std::uint32_t place = 0;     // in the list
  std::uint16_t list = 0;      // of those asked
  std::uint16_t keypoint = 0;  // of the query
  std::uint8_t kind = 0;       // vote_kind()
  std::uint8_t rank = 0;       // of the list's word among the nearest of the question
};

// Of the ballots for one image: a code of the query has one, its best; and of those for one
// keypoint of the image the heaviest remains: texture that looks like many of the query's keypoints
// is one observation. Ordered by kind, list and place.
void keep_distinct(std::vector<Ballot>& ballots);

// The same memory serves again and again.
class Tally {
 public:
  // For rows of one part, and so many queries; empty.
  void begin(RowRange rows, std::size_t queries);

  RowRange rows() const { return rows_; }
  // Of the rows of rows(), the sum of its ballots' squared weights, which tells images of the
  // query's mark from others nearly as well as agreement does.
  std::span<const std::int64_t> weights(std::size_t query) const {
    return std::span(weights_).subspan(query * rows_.size(), rows_.size());
  }

  void add(std::size_t query, std::size_t row, const Ballot& ballot) {
    const std::size_t at = query * rows_.size() + row - rows_.first;
    weights_[at] += std::int64_t{ballot.weight} * ballot.weight;
    ++counts_[at];
    if (noted_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<Noted[]>(kBlock));
    blocks_[noted_ / kBlock][noted_ % kBlock] = {ballot, static_cast<std::uint32_t>(at)};
    ++noted_;
  }

  // After the last add(): keeps the ballots of rows that weigh at least so much, of each query, and
  // puts them together by row.
  void keep(std::span<const std::int64_t> least_weights);
  // After keep(): those of one of rows(), in the order in which they were added.
  std::span<const Ballot> ballots(std::size_t query, std::size_t row) const {
    const std::size_t at = query * rows_.size() + row - rows_.first;
    return std::span(kept_).subspan(starts_[at], starts_[at + 1] - starts_[at]);
  }

 private:
  struct Noted {
    Ballot ballot;
    std::uint32_t at;  // row and query, as in weights_
  };
  RowRange rows_;
  std::vector<std::int64_t> weights_;  // of each row of each query
  std::vector<std::uint32_t> counts_, starts_;
  // In blocks, so that room for more takes no copy of all.
  static constexpr std::size_t kBlock = std::size_t{1} << 14;
  std::vector<std::unique_ptr<Noted[]>> blocks_;
  std::size_t noted_ = 0;
  std::vector<Ballot> kept_;
};

}  // namespace pressmark::index
