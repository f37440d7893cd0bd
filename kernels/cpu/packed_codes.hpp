// SPDX-License-Identifier: Apache-2.0
//
// Codes in the two forms that code_products-inl.hpp multiplies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::kernels::cpu {

// Groups of 8: for each pair of dimensions, 8 x 2 values. Filled up with zeros to a multiple of
// `multiple` (itself one of 8).
inline std::vector<std::int16_t> packed_codes(std::span<const std::int8_t> codes,
                                              std::size_t multiple) {
  constexpr std::size_t kGroup = 8;
  const std::size_t count = codes.size() / kLocalCodeSize;
  const std::size_t padded = (count + multiple - 1) / multiple * multiple;
  std::vector<std::int16_t> packed(padded * kLocalCodeSize, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int8_t* code = &codes[i * kLocalCodeSize];
    std::int16_t* group = &packed[i / kGroup * kGroup * kLocalCodeSize];
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      group[d / 2 * 2 * kGroup + i % kGroup * 2 + d % 2] = code[d];
    }
  }
  return packed;
}

// Row by row, filled up with zeros to a multiple of `multiple`.
inline void widen_codes(std::span<const std::int8_t> codes, std::size_t multiple,
                        std::vector<std::int16_t>& wide) {
  const std::size_t step = multiple * kLocalCodeSize;
  wide.resize((codes.size() + step - 1) / step * step);
  const auto end = std::copy(codes.begin(), codes.end(), wide.begin());
  std::fill(end, wide.end(), std::int16_t{0});
}

}  // namespace pressmark::kernels::cpu
