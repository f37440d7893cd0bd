// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/index/device_search.hpp"

namespace pressmark::index {

// To the nearest value that fp16 has, halfway to the even one.
inline float rounded_to_half(float value) {
  if (value == 0) return value;
  int exponent = 0;
  static_cast<void>(std::frexp(value, &exponent));
  const float step = std::ldexp(1.0f, std::max(exponent, -13) - 11);
  return std::nearbyint(value / step) * step;
}

inline std::vector<float> rounded_to_half(std::span<const float> values) {
  std::vector<float> rounded;
  for (const float value : values) rounded.push_back(rounded_to_half(value));
  return rounded;
}

// What a GPU does with rows in fp16, on the host.
class HalfSearch final : public DeviceSearch {
 public:
  HalfSearch(std::size_t dimension, std::size_t most_found)
      : dimension_(dimension), most_found_(most_found) {}

  std::string name() const override { return "fp16 on the host"; }
  std::size_t least_rows() const override { return least; }
  std::size_t most_found() const override { return most_found_; }

  void hold(std::span<const float> vectors) override {
    ++fillings;
    rows_ = rounded_to_half(vectors);
  }

  ApproximateRows find(std::span<const float> query, std::size_t count) const override {
    ++searches;
    const std::vector<float> rounded = rounded_to_half(query);
    std::vector<float> similarities(rows_.size() / dimension_);
    for (std::size_t row = 0; row < similarities.size(); ++row) {
      for (std::size_t d = 0; d < dimension_; ++d) {
        similarities[row] += rounded[d] * rows_[row * dimension_ + d];
      }
    }
    std::vector<std::int64_t> order(similarities.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const auto similarity = [&](std::int64_t row) {
      return similarities[static_cast<std::size_t>(row)];
    };
    // Of equal ones the last: no order that anything may rely on.
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return similarity(a) > similarity(b) || (similarity(a) == similarity(b) && a > b);
    });
    ApproximateRows found;
    found.most_elsewhere = -std::numeric_limits<float>::infinity();
    if (count < order.size()) {
      found.most_elsewhere =
          similarity(order[count - 1]) + half_precision_error(static_cast<int>(dimension_));
      order.resize(count);
    }
    std::reverse(order.begin(), order.end());
    found.rows = std::move(order);
    return found;
  }

  std::size_t least = 0;
  std::atomic<int> fillings = 0;
  mutable std::atomic<int> searches = 0;

 private:
  std::size_t dimension_, most_found_;
  std::vector<float> rows_;
};

}  // namespace pressmark::index
