// SPDX-License-Identifier: Apache-2.0
//
// Codes in the two forms that match.cpp multiplies: four values at a time, the groups of the even
// part before those of the odd part. A part that does not fill its last group is filled up with
// zeros.
//
// Candidates are bytes of value + 128, as the instruction for sums of four products wants one side
// without sign; what that adds, 128 times the sum of the query's values, is taken off by the
// query's bias.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

inline constexpr std::size_t kMatchBlock = 16;  // candidates whose groups lie side by side
inline constexpr std::size_t kMatchTile = 64;   // candidates are filled up to a multiple of

// Where the values of a code go: even_groups groups of four, then odd_groups.
struct CodeGroups {
  std::size_t even_size, even, all;

  explicit CodeGroups(int even_values)
      : even_size(static_cast<std::size_t>(even_values)),
        even((even_size + 3) / 4),
        all(even + (kLocalCodeSize - even_size + 3) / 4) {}

  // `to` holds 4 * all values, what belongs to no dimension being 0.
  void place(const std::int8_t* code, std::int8_t* to) const {
    std::memcpy(to, code, even_size);
    std::memcpy(to + 4 * even, code + even_size, kLocalCodeSize - even_size);
  }
};

struct MatchedCandidate {
  std::size_t count, padded;
  std::vector<std::uint8_t> codes;  // by block, group: 16 x 4 bytes
  std::vector<float> xs, ys;        // filled up with NaN, which is far from nothing

  MatchedCandidate(const CodesView& view, const CodeGroups& groups)
      : count(view.keypoints.size()),
        padded((count + kMatchTile - 1) / kMatchTile * kMatchTile),
        codes(padded * groups.all * 4, 128),
        xs(padded, std::numeric_limits<float>::quiet_NaN()),
        ys(xs) {
    std::array<std::int8_t, kLocalCodeSize + 8> row{};
    for (std::size_t i = 0; i < count; ++i) {
      xs[i] = view.keypoints[i].x_px;
      ys[i] = view.keypoints[i].y_px;
      groups.place(&view.codes[i * kLocalCodeSize], row.data());
      std::uint8_t* to =
          &codes[i / kMatchBlock * kMatchBlock * groups.all * 4 + i % kMatchBlock * 4];
      for (std::size_t g = 0; g < groups.all; ++g, to += 4 * kMatchBlock) {
        std::uint32_t values;
        std::memcpy(&values, &row[4 * g], sizeof(values));
        values ^= 0x80808080;  // each + 128
        std::memcpy(to, &values, sizeof(values));
      }
    }
  }
};

// One query code: its values as bytes, and as pairs of 16 bits (the first and third of each group,
// the second and fourth).
struct MatchedRow {
  const std::int8_t* bytes;
  const std::int32_t* pairs;
  std::int32_t even_bias, odd_bias;
};

struct MatchedQuery {
  std::vector<MatchedRow> rows;  // filled up with zeros to a multiple of `multiple`

  // Without pairs where only bytes are multiplied.
  MatchedQuery(std::span<const std::int8_t> codes, const CodeGroups& groups, std::size_t multiple,
               bool with_pairs) {
    const std::size_t count = codes.size() / kLocalCodeSize;
    const std::size_t padded = (count + multiple - 1) / multiple * multiple;
    bytes_.assign(padded * groups.all * 4, 0);
    if (with_pairs) pairs_.assign(padded * groups.all * 2, 0);
    rows.reserve(padded);
    for (std::size_t i = 0; i < padded; ++i) {
      std::int8_t* row = bytes_.data() + i * groups.all * 4;
      if (i < count) groups.place(&codes[i * kLocalCodeSize], row);
      std::int32_t* pairs = with_pairs ? pairs_.data() + i * groups.all * 2 : nullptr;
      for (std::size_t g = 0; with_pairs && g < groups.all; ++g) {
        pairs[2 * g] = pair_of(row[4 * g], row[4 * g + 2]);
        pairs[2 * g + 1] = pair_of(row[4 * g + 1], row[4 * g + 3]);
      }
      rows.push_back({row, pairs, -128 * sum_of({row, 4 * groups.even}),
                      -128 * sum_of({row + 4 * groups.even, 4 * (groups.all - groups.even)})});
    }
  }

  MatchedQuery(const MatchedQuery&) = delete;  // rows point into it
  MatchedQuery& operator=(const MatchedQuery&) = delete;

 private:
  static std::int32_t sum_of(std::span<const std::int8_t> values) {
    std::int32_t sum = 0;
    for (const std::int8_t value : values) sum += value;
    return sum;
  }

  static std::int32_t pair_of(std::int8_t first, std::int8_t second) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(static_cast<std::uint16_t>(second))
                                         << 16 |
                                     static_cast<std::uint16_t>(first));
  }

  std::vector<std::int8_t> bytes_;
  std::vector<std::int32_t> pairs_;
};

}  // namespace pressmark::kernels::cpu
