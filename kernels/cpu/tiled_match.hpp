// SPDX-License-Identifier: Apache-2.0
//
// What match.cpp looks for, by tiles of bytes (kernels/byte_tiles.hpp): the same pairs and, of
// rivals, all that can decide the ratio test. A tile holds 16 whole codes. The inverted hypothesis
// has query codes of its own, whose odd part is negated: each similarity is one product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/byte_tiles.hpp"
#include "kernels/cpu/aligned.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

// A similarity and the index it belongs to are one integer, similarity * 4096 + (4095 - index).
inline constexpr int kIndexBits = 12;
inline constexpr std::int32_t kIndexMask = (1 << kIndexBits) - 1;
inline std::size_t index_of(std::int32_t key) {
  return static_cast<std::size_t>(kIndexMask - (key & kIndexMask));
}
// Less than any similarity of two codes, and safe to multiply by 4096.
inline constexpr std::int32_t kLeast = -(1 << 18);

// A query's code and a candidate's, each the other's best.
struct MutualPair {
  std::size_t query, candidate;
  std::int32_t similarity, rival = kLeast;
  bool inverted;
};

#ifdef PRESSMARK_HAS_TILES

// One query and one candidate, neither without codes.
class TiledCodes {
 public:
  // Copies the codes and borrows the candidate's keypoints.
  TiledCodes(const CodesView& query, const CodesView& candidate, int even_size);

  // Whether the processor has what is needed; the instructions next to AMX came with it or before.
  static bool is_possible();
  // -128 in an odd part cannot be negated. Codes as embed() writes them hold none.
  bool is_negatable() const { return is_negatable_; }

  // By hypothesis, then by query.
  std::vector<MutualPair> mutual_pairs() const;
  // A rival that could not beat its pair by `ratio` stays kLeast.
  void add_rivals(float ratio, std::span<MutualPair> pairs) const;

 private:
  struct Keys {
    AlignedVector<std::int32_t> rows, columns;
  };
  void find_best(Keys& same, Keys& inverted) const;
  void add_rivals_of_tile(float ratio, std::span<MutualPair> pairs) const;

  std::size_t queries_, candidates_, padded_queries_, padded_candidates_;
  bool is_negatable_ = true;
  AlignedVector<std::int8_t> same_, inverted_;  // the query's, row by row
  AlignedVector<std::int8_t> columns_;          // by 16 candidates, four values: 16 x 4 bytes
  AlignedVector<float> xs_, ys_;                // filled up with NaN, which is far from nothing
};

#endif

}  // namespace pressmark::kernels::cpu
