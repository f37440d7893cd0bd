// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pressmark::index {

// Rows that were removed, one bit each; unset beyond its end.
class RemovedRows {
 public:
  bool contains(std::size_t row) const {
    return row / 64 < bits_.size() && (bits_[row / 64] >> (row % 64) & 1) != 0;
  }
  std::size_t count() const { return count_; }
  void insert(std::size_t row) {
    if (row / 64 >= bits_.size()) bits_.resize(row / 64 + 1, 0);
    if (contains(row)) return;
    bits_[row / 64] |= std::uint64_t{1} << (row % 64);
    ++count_;
  }

 private:
  std::vector<std::uint64_t> bits_;
  std::size_t count_ = 0;
};

}  // namespace pressmark::index
