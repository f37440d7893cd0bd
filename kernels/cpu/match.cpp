// SPDX-License-Identifier: Apache-2.0
//
// Mutual nearest neighbours of int8 codes by exhaustive comparison, for both contrast hypotheses at
// once: a code is an even part, which contrast inversion keeps, and an odd part, which it negates,
// so that the two similarities are the sum and the difference of the parts' dot products.
//
// Products are exact integers, equal on all instruction sets. A similarity and the index it belongs
// to are packed into one integer, similarity * 4096 + (4095 - index), so that one maximum finds
// both and ties go to the lowest index. Where the processor multiplies tiles of bytes,
// tiled_match.cpp finds the same.
//
// The rival, which the ratio test needs, is looked for once it is known who is mutual: a quarter of
// the query's codes, where it would cost as much for all of them as everything else.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/byte_products.hpp"
#include "kernels/cpu/matched_codes.hpp"
#include "kernels/cpu/stages.hpp"
#include "kernels/cpu/tiled_match.hpp"
#include "kernels/math/code_distance.hpp"

#ifndef PRESSMARK_KERNELS_CPU_MATCH_CONSTANTS
#define PRESSMARK_KERNELS_CPU_MATCH_CONSTANTS
namespace pressmark::kernels::cpu {
namespace {

constexpr std::size_t kRows = 4;  // query codes that are compared at once
// Takes the place of 4095 - index where there is no code.
constexpr std::int32_t kNobody = kLeast * (1 << kIndexBits);

// Codes of the query on their way through a candidate's codes.
struct RowsInCandidate {
  std::array<MatchedRow, kRows> rows;
  const MatchedCandidate* candidate;
  std::size_t even_groups, groups;
  bool by_bytes;  // multiplies_bytes()
};

// The best keys of rows and columns so far, under one hypothesis.
struct BestKeys {
  std::array<std::int32_t, kRows> rows;
  std::int32_t* columns;
};

struct RivalsOfRows {
  std::array<bool, kRows> inverted;
  std::array<float, kRows> xs, ys;  // of the row's best candidate
  std::array<std::int32_t, kRows> similarities;
};

}  // namespace
}  // namespace pressmark::kernels::cpu
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/match.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using IntTag = hn::CappedTag<std::int32_t, kMatchBlock>;
using Ints = hn::Vec<IntTag>;
constexpr std::size_t kLanes = hn::MaxLanes(IntTag());
constexpr std::size_t kGroupBytes = 4 * kMatchBlock;

// Sums of products of four values in each of as many candidates as there are lanes. The even and
// the odd bytes are multiplied apart, as numbers of 16 bits.
struct WidenedProducts {
  static constexpr std::size_t kVectors = kLanes == kMatchBlock ? 4 : 1;  // of candidates at once
  struct Group {
    hn::Vec<hn::Repartition<std::int16_t, IntTag>> even, odd;
  };
  static HWY_INLINE Group load(const std::uint8_t* codes) {
    const hn::Repartition<std::uint16_t, IntTag> wide;
    const hn::Repartition<std::int16_t, IntTag> narrow;
    const auto bytes = hn::BitCast(wide, hn::LoadU(hn::Repartition<std::uint8_t, IntTag>(), codes));
    return {hn::BitCast(narrow, hn::And(bytes, hn::Set(wide, 0xff))),
            hn::BitCast(narrow, hn::ShiftRight<8>(bytes))};
  }
  static HWY_INLINE Ints add(Ints sum, const Group& codes, const MatchedRow& row,
                             std::size_t group) {
    const hn::Repartition<std::int16_t, IntTag> narrow;
    auto unused = hn::Zero(IntTag());
    const auto first = hn::BitCast(narrow, hn::Set(IntTag(), row.pairs[2 * group]));
    const auto second = hn::BitCast(narrow, hn::Set(IntTag(), row.pairs[2 * group + 1]));
    sum = hn::ReorderWidenMulAccumulate(IntTag(), codes.even, first, sum, unused);
    return hn::ReorderWidenMulAccumulate(IntTag(), codes.odd, second, sum, unused);
  }
};

#if HWY_TARGET == HWY_AVX3
// The same by one instruction, written out: Highway's own target for it would let the compiler use
// others that fewer processors have.
struct ByteProducts {
  static constexpr std::size_t kVectors = 2;
  using Group = Ints;
  static HWY_INLINE Group load(const std::uint8_t* codes) {
    return hn::BitCast(IntTag(), hn::LoadU(hn::Repartition<std::uint8_t, IntTag>(), codes));
  }
  static HWY_INLINE Ints add(Ints sum, const Group& codes, const MatchedRow& row,
                             std::size_t group) {
    std::int32_t values;
    std::memcpy(&values, row.bytes + 4 * group, sizeof(values));
    const Ints row_values = hn::Set(IntTag(), values);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(codes.raw), "v"(row_values.raw));
    return sum;
  }
};
#endif

// Calls take(first candidate of a vector, row, even part's products, both parts' products) for all
// candidates and rows, vector by vector.
template <class Products, class Take>
HWY_INLINE void for_all_products(const RowsInCandidate& at, const Take& take) {
  constexpr std::size_t kVectors = Products::kVectors, kSums = kRows * kVectors;
  const IntTag tag;
  const std::size_t block_bytes = at.groups * kGroupBytes;
  for (std::size_t c = 0; c < at.candidate->padded; c += kVectors * kLanes) {
    const std::uint8_t* codes[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t code = c + v * kLanes;
      codes[v] =
          at.candidate->codes.data() + code / kMatchBlock * block_bytes + code % kMatchBlock * 4;
    }
    Ints sums[kSums], even[kSums];
    for (std::size_t i = 0; i < kSums; ++i) {
      sums[i] = hn::Set(tag, at.rows[i / kVectors].even_bias);
    }
    const auto add_groups = [&](std::size_t first, std::size_t last) HWY_ATTR {
      for (std::size_t g = first; g < last; ++g) {
        typename Products::Group values[kVectors];
        for (std::size_t v = 0; v < kVectors; ++v) {
          values[v] = Products::load(codes[v] + g * kGroupBytes);
        }
        for (std::size_t i = 0; i < kSums; ++i) {
          sums[i] = Products::add(sums[i], values[i % kVectors], at.rows[i / kVectors], g);
        }
      }
    };
    add_groups(0, at.even_groups);
    for (std::size_t i = 0; i < kSums; ++i) {
      even[i] = sums[i];
      sums[i] = hn::Add(sums[i], hn::Set(tag, at.rows[i / kVectors].odd_bias));
    }
    add_groups(at.even_groups, at.groups);
    for (std::size_t v = 0; v < kVectors; ++v) {
      take(c + v * kLanes, even + v, sums + v, kVectors);
    }
  }
}

// index_keys: 4095 - index of each candidate, row_keys: of each row.
template <class Products>
HWY_INLINE void find_best_of(const RowsInCandidate& at, const std::int32_t* index_keys,
                             const std::int32_t* row_keys, BestKeys& same, BestKeys& inverted) {
  const IntTag tag;
  Ints best_same[kRows], best_inverted[kRows];
  for (std::size_t r = 0; r < kRows; ++r) {
    best_same[r] = best_inverted[r] = hn::Set(tag, std::numeric_limits<std::int32_t>::min());
  }
  for_all_products<Products>(
      at, [&](std::size_t c, const Ints* even, const Ints* both, std::size_t step) HWY_ATTR {
        const auto index_key = hn::LoadU(tag, index_keys + c);
        auto same_column = hn::LoadU(tag, same.columns + c);
        auto inverted_column = hn::LoadU(tag, inverted.columns + c);
        for (std::size_t r = 0; r < kRows; ++r) {
          const auto row_key = hn::Set(tag, row_keys[r]);
          const auto twice = hn::Add(even[r * step], even[r * step]);
          const auto same_key = hn::ShiftLeft<kIndexBits>(both[r * step]);
          const auto inverted_key = hn::ShiftLeft<kIndexBits>(hn::Sub(twice, both[r * step]));
          best_same[r] = hn::Max(best_same[r], hn::Add(same_key, index_key));
          best_inverted[r] = hn::Max(best_inverted[r], hn::Add(inverted_key, index_key));
          same_column = hn::Max(same_column, hn::Add(same_key, row_key));
          inverted_column = hn::Max(inverted_column, hn::Add(inverted_key, row_key));
        }
        hn::StoreU(same_column, tag, same.columns + c);
        hn::StoreU(inverted_column, tag, inverted.columns + c);
      });
  for (std::size_t r = 0; r < kRows; ++r) {
    same.rows[r] = hn::GetLane(hn::MaxOfLanes(tag, best_same[r]));
    inverted.rows[r] = hn::GetLane(hn::MaxOfLanes(tag, best_inverted[r]));
  }
}

// The highest similarity of each row among candidates not at the same place as its best.
template <class Products>
HWY_INLINE void find_rivals_of(const RowsInCandidate& at, RivalsOfRows& rivals) {
  const IntTag tag;
  const hn::RebindToFloat<IntTag> float_tag;
  const auto none = hn::Set(tag, kLeast);
  const auto same_place = hn::Set(float_tag, kSamePlacePx * kSamePlacePx);
  Ints best[kRows];
  for (auto& lanes : best) lanes = none;
  for_all_products<Products>(at, [&](std::size_t c, const Ints* even, const Ints* both,
                                     std::size_t step) HWY_ATTR {
    const auto x = hn::LoadU(float_tag, at.candidate->xs.data() + c);
    const auto y = hn::LoadU(float_tag, at.candidate->ys.data() + c);
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto dx = hn::Sub(x, hn::Set(float_tag, rivals.xs[r]));
      const auto dy = hn::Sub(y, hn::Set(float_tag, rivals.ys[r]));
      const auto squared = hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy));
      const auto is_far = hn::RebindMask(tag, hn::Gt(squared, same_place));
      const auto twice = hn::Add(even[r * step], even[r * step]);
      const auto similarity = rivals.inverted[r] ? hn::Sub(twice, both[r * step]) : both[r * step];
      best[r] = hn::Max(best[r], hn::IfThenElse(is_far, similarity, none));
    }
  });
  for (std::size_t r = 0; r < kRows; ++r) {
    rivals.similarities[r] = hn::GetLane(hn::MaxOfLanes(tag, best[r]));
  }
}

bool multiplies_bytes() {
#if HWY_TARGET == HWY_AVX3
  return uses_byte_products();
#else
  return false;
#endif
}

void find_best(const RowsInCandidate& at, const std::int32_t* index_keys,
               const std::int32_t* row_keys, BestKeys& same, BestKeys& inverted) {
#if HWY_TARGET == HWY_AVX3
  if (at.by_bytes) {
    return find_best_of<ByteProducts>(at, index_keys, row_keys, same, inverted);
  }
#endif
  find_best_of<WidenedProducts>(at, index_keys, row_keys, same, inverted);
}

void find_rivals(const RowsInCandidate& at, RivalsOfRows& rivals) {
#if HWY_TARGET == HWY_AVX3
  if (at.by_bytes) return find_rivals_of<ByteProducts>(at, rivals);
#endif
  find_rivals_of<WidenedProducts>(at, rivals);
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(multiplies_bytes);
HWY_EXPORT(find_best);
HWY_EXPORT(find_rivals);

// One contrast hypothesis while it is worked on.
struct Hypothesis {
  std::vector<std::int32_t> rows, columns;  // keys

  Hypothesis(std::size_t queries, std::size_t padded)
      : rows(queries), columns(padded, std::numeric_limits<std::int32_t>::min()) {}

  void add_mutual(bool inverted, std::size_t count, std::vector<MutualPair>& pairs) const {
    for (std::size_t q = 0; q < count; ++q) {
      const std::size_t c = index_of(rows[q]);
      if (index_of(columns[c]) != q) continue;
      pairs.push_back({q, c, rows[q] >> kIndexBits, kLeast, inverted});
    }
  }
};

// 4095 - index, and of places without a code what loses to everybody.
std::vector<std::int32_t> keys_of_indices(std::size_t count, std::size_t padded) {
  std::vector<std::int32_t> keys(padded, kNobody);
  for (std::size_t i = 0; i < count; ++i) keys[i] = kIndexMask - static_cast<std::int32_t>(i);
  return keys;
}

std::vector<MutualPair> mutual_pairs(const MatchedQuery& query, std::size_t queries,
                                     const MatchedCandidate& candidate, const CodeGroups& groups,
                                     bool by_bytes) {
  Hypothesis same(query.rows.size(), candidate.padded), inverted(same);
  const std::vector<std::int32_t> index_keys = keys_of_indices(candidate.count, candidate.padded);
  const std::vector<std::int32_t> row_keys = keys_of_indices(queries, query.rows.size());
  RowsInCandidate at{{}, &candidate, groups.even, groups.all, by_bytes};
  for (std::size_t first = 0; first < query.rows.size(); first += kRows) {
    std::copy_n(&query.rows[first], kRows, at.rows.begin());
    BestKeys best_same{{}, same.columns.data()}, best_inverted{{}, inverted.columns.data()};
    HWY_DYNAMIC_DISPATCH(find_best)
    (at, index_keys.data(), &row_keys[first], best_same, best_inverted);
    std::copy_n(best_same.rows.begin(), kRows, &same.rows[first]);
    std::copy_n(best_inverted.rows.begin(), kRows, &inverted.rows[first]);
  }
  std::vector<MutualPair> pairs;
  same.add_mutual(false, queries, pairs);
  inverted.add_mutual(true, queries, pairs);
  return pairs;
}

void add_rivals(const MatchedQuery& query, const MatchedCandidate& candidate,
                const CodeGroups& groups, bool by_bytes, std::vector<MutualPair>& pairs) {
  RowsInCandidate at{{}, &candidate, groups.even, groups.all, by_bytes};
  for (std::size_t first = 0; first < pairs.size(); first += kRows) {
    RivalsOfRows rivals{};
    for (std::size_t r = 0; r < kRows; ++r) {  // the last one is repeated where there are fewer
      const MutualPair& pair = pairs[std::min(first + r, pairs.size() - 1)];
      at.rows[r] = query.rows[pair.query];
      rivals.inverted[r] = pair.inverted;
      rivals.xs[r] = candidate.xs[pair.candidate];
      rivals.ys[r] = candidate.ys[pair.candidate];
    }
    HWY_DYNAMIC_DISPATCH(find_rivals)(at, rivals);
    for (std::size_t r = 0; r < std::min(kRows, pairs.size() - first); ++r) {
      pairs[first + r].rival = rivals.similarities[r];
    }
  }
}

std::vector<MutualPair> compared_pairs(const CodesView& query, const CodesView& candidate,
                                       int even_size, float ratio) {
#ifdef PRESSMARK_HAS_TILES
  if (TiledCodes::is_possible()) {
    const TiledCodes codes(query, candidate, even_size);
    if (codes.is_negatable()) {
      std::vector<MutualPair> pairs = codes.mutual_pairs();
      if (ratio < 1) codes.add_rivals(ratio, pairs);
      return pairs;
    }
  }
#endif
  const CodeGroups groups(even_size);
  const bool by_bytes = HWY_DYNAMIC_DISPATCH(multiplies_bytes)();
  const MatchedQuery rows(query.codes, groups, kRows, !by_bytes);
  const MatchedCandidate columns(candidate, groups);
  std::vector<MutualPair> pairs =
      mutual_pairs(rows, query.keypoints.size(), columns, groups, by_bytes);
  if (ratio < 1) add_rivals(rows, columns, groups, by_bytes, pairs);
  return pairs;
}

}  // namespace

void match(const CodesView& query, const CodesView& candidate, int even_size, float ratio,
           SignedMatches& output) {
  output.same.clear();
  output.inverted.clear();
  assert(even_size % 2 == 0 && even_size >= 0 && even_size <= kLocalCodeSize);
  assert(query.codes.size() == query.keypoints.size() * kLocalCodeSize);
  assert(candidate.codes.size() == candidate.keypoints.size() * kLocalCodeSize);
  assert(query.keypoints.size() <= kMaxKeypoints && candidate.keypoints.size() <= kMaxKeypoints);
  if (query.keypoints.empty() || candidate.keypoints.empty()) return;

  for (const MutualPair& pair : compared_pairs(query, candidate, even_size, ratio)) {
    const double squared = squared_code_distance(pair.similarity);
    if (ratio < 1 && pair.rival > kLeast && is_beaten(squared, pair.rival, ratio)) continue;
    (pair.inverted ? output.inverted : output.same)
        .push_back({static_cast<int>(pair.query), static_cast<int>(pair.candidate),
                    static_cast<float>(std::sqrt(squared))});
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
