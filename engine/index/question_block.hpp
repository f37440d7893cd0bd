// SPDX-License-Identifier: Apache-2.0
//
// Up to sixteen codes of queries, compared together with the codes of a list: a list is read once
// for all of them. Where the processor multiplies tiles of bytes (AMX), sixteen codes by sixteen
// are one product. Sums are integers: the same on all instruction sets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pressmark/types.hpp"

namespace pressmark::index {

class QuestionBlock {
 public:
  static constexpr std::size_t kMost = 16;
  // Codes for which find_above() has room at once.
  static constexpr std::size_t kMostCodes = 256;

  struct Hit {
    std::uint16_t code = 0;      // which of those compared
    std::uint16_t question = 0;  // place in the block
    std::int32_t similarity = 0;
  };
  using Hits = std::array<Hit, kMost * kMostCodes>;
  using Thresholds = std::array<std::int32_t, kMost>;

  // The code of the next question, kLocalCodeSize values: copied. At most kMost.
  void add(std::span<const std::int8_t> code);
  std::size_t size() const { return size_; }

  // Which of `codes` (at most kMostCodes x kLocalCodeSize) are more similar (dot product) to which
  // question than its threshold: by code, then question. Returns how many. Thread-safe.
  std::size_t find_above(std::span<const std::int8_t> codes, const Thresholds& thresholds,
                         Hits& hits) const;

 private:
  static constexpr std::size_t kGroups = kLocalCodeSize / 4;

  std::size_t size_ = 0;
  // Groups of four values of each question, question after question, as instructions want them.
  alignas(64) std::array<std::int8_t, kGroups * kMost * 4> bytes_{};
  // 128 times the sum of each question's values.
  alignas(64) std::array<std::int32_t, kMost> biases_{};
};

}  // namespace pressmark::index
