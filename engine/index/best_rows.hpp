// SPDX-License-Identifier: Apache-2.0
//
// The best of many scored rows by a total order, higher score before lower and then lower row
// before higher: what is kept does not depend on the order in which rows come.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "engine/index/rerank.hpp"

namespace pressmark::index {

class BestRows {
 public:
  explicit BestRows(std::size_t count) : count_(count) {}

  // A lower score changes nothing. Not a number never reaches it.
  float threshold() const { return threshold_; }

  void push(std::uint32_t row, float score) {
    if (!(score >= threshold_)) return;
    keys_.push_back(key_of(row, score));
    if (keys_.size() >= 2 * count_ + kSlack) tighten();
  }

  // Raises the threshold to what is known so far.
  void tighten() {
    if (count_ == 0) keys_.clear();
    if (keys_.size() < count_ || count_ == 0) return;
    const auto last = keys_.begin() + static_cast<std::ptrdiff_t>(count_ - 1);
    std::nth_element(keys_.begin(), last, keys_.end(), std::greater<>());
    keys_.resize(count_);
    threshold_ = score_of(keys_.back());
  }

  // What is kept by another one, which keeps nothing then.
  void take_over(BestRows& other) {
    for (const std::uint64_t key : other.keys_) {
      if (score_of(key) >= threshold_) keys_.push_back(key);
    }
    other.keys_.clear();
    tighten();
  }

  // In any order; leaves nothing here.
  std::vector<std::uint32_t> take_rows() {
    tighten();
    std::vector<std::uint32_t> rows;
    rows.reserve(keys_.size());
    for (const std::uint64_t key : keys_) rows.push_back(static_cast<std::uint32_t>(row_of(key)));
    keys_.clear();
    return rows;
  }

  // Best first; leaves nothing here.
  std::vector<NearRow> take_sorted() {
    tighten();
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    std::vector<NearRow> rows;
    rows.reserve(keys_.size());
    for (const std::uint64_t key : keys_) rows.push_back({row_of(key), score_of(key)});
    keys_.clear();
    return rows;
  }

 private:
  static constexpr std::size_t kSlack = 64;
  static constexpr std::uint32_t kSign = 0x80000000;

  // Integers that are ordered as the rows: of a float's bits those of negative ones are inverted.
  static std::uint64_t key_of(std::uint32_t row, float score) {
    const auto bits = std::bit_cast<std::uint32_t>(score + 0.0f);  // -0 is 0
    const std::uint32_t ordered = (bits & kSign) != 0 ? ~bits : bits | kSign;
    return std::uint64_t{ordered} << 32 | static_cast<std::uint32_t>(~row);
  }
  static float score_of(std::uint64_t key) {
    const auto ordered = static_cast<std::uint32_t>(key >> 32);
    return std::bit_cast<float>((ordered & kSign) != 0 ? ordered & ~kSign : ~ordered);
  }
  static std::int64_t row_of(std::uint64_t key) {
    return std::int64_t{static_cast<std::uint32_t>(~static_cast<std::uint32_t>(key))};
  }

  std::size_t count_;
  float threshold_ = std::numeric_limits<float>::lowest();
  std::vector<std::uint64_t> keys_;
};

}  // namespace pressmark::index
