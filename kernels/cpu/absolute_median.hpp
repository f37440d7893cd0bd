// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pressmark::kernels::cpu {

// Median of |values| by a histogram up to 16 means; exact to 1/64 of the mean.
class AbsoluteMedian {
 public:
  explicit AbsoluteMedian(double mean) : scale_(mean > 0 ? static_cast<float>(64 / mean) : 0.0f) {}

  // Takes values whose mask is 0. Both are readable to the next multiple of 8.
  void add(const float* values, const std::uint8_t* mask, int count);

  float median() const;

 private:
  static constexpr std::size_t kBins = 1024;

  float scale_;
  std::array<std::uint32_t, kBins + 1> counts_{};  // the last one: masked
  std::vector<std::int32_t> bins_;
};

}  // namespace pressmark::kernels::cpu
