// SPDX-License-Identifier: Apache-2.0
//
// Mutual nearest neighbours of int8 codes by exhaustive comparison, for both contrast hypotheses at
// once: a code is an even part, which contrast inversion keeps, and an odd part, which it negates,
// so that the two similarities are the sum and the difference of the parts' dot products.
//
// Dot products are of 32-bit integers: exact, and equal on all instruction sets. A similarity and
// the index it belongs to are packed into one integer, similarity << 12 | (4095 - index), so that
// one maximum finds both and ties go to the lowest index.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/match.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kIndexBits = 12;
constexpr int kDimensionPairs = kLocalCodeSize / 2;

// Candidates are packed in groups of 8: for each pair of dimensions, 8 x 2 values of 16 bits.
// same[c], inverted[c]: similarities of the query code (widened to 16 bits) with candidate c.
void similarities(const std::int16_t* query, const std::int16_t* packed, int groups, int even_pairs,
                  std::int32_t* same, std::int32_t* inverted) {
  const hn::CappedTag<std::int32_t, 8> tag;
  const hn::RepartitionToNarrow<decltype(tag)> narrow;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int g = 0; g < groups; ++g) {
    const std::int16_t* group = packed + static_cast<std::ptrdiff_t>(g) * 8 * kLocalCodeSize;
    for (int half = 0; half < 8; half += lanes) {
      auto even = hn::Zero(tag), odd = even, unused = even;
      const auto add = [&](int d, auto& sum) HWY_ATTR {
        std::int32_t pair;
        std::memcpy(&pair, query + 2 * d, sizeof(pair));
        sum = hn::ReorderWidenMulAccumulate(tag, hn::BitCast(narrow, hn::Set(tag, pair)),
                                            hn::LoadU(narrow, group + d * 16 + 2 * half), sum,
                                            unused);
      };
      for (int d = 0; d < even_pairs; ++d) add(d, even);
      for (int d = even_pairs; d < kDimensionPairs; ++d) add(d, odd);
      hn::StoreU(hn::Add(even, odd), tag, same + g * 8 + half);
      hn::StoreU(hn::Sub(even, odd), tag, inverted + g * 8 + half);
    }
  }
}

// Highest key of the row, whose padding must hold the least similarity; raises the keys of columns.
std::int32_t best_of_row(const std::int32_t* row, int padded, int query, std::int32_t* columns) {
  const hn::CappedTag<std::int32_t, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto low_bits = hn::Set(tag, (1 << kIndexBits) - 1);
  const auto query_bits = hn::Set(tag, (1 << kIndexBits) - 1 - query);
  auto best = hn::Set(tag, std::numeric_limits<std::int32_t>::min());
  for (int c = 0; c < padded; c += lanes) {
    const auto shifted = hn::ShiftLeft<kIndexBits>(hn::LoadU(tag, row + c));
    best = hn::Max(best, hn::Or(shifted, hn::Sub(low_bits, hn::Iota(tag, c))));
    hn::StoreU(hn::Max(hn::LoadU(tag, columns + c), hn::Or(shifted, query_bits)), tag, columns + c);
  }
  return hn::GetLane(hn::MaxOfLanes(tag, best));
}

// Highest similarity among candidates more than sqrt(squared_distance) away from (x, y).
std::int32_t best_elsewhere(const std::int32_t* row, const float* xs, const float* ys, int padded,
                            float x, float y, float squared_distance, std::int32_t none) {
  const hn::CappedTag<std::int32_t, 8> tag;
  const hn::RebindToFloat<decltype(tag)> float_tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto none_lanes = hn::Set(tag, none);
  auto best = none_lanes;
  for (int c = 0; c < padded; c += lanes) {
    const auto dx = hn::Sub(hn::LoadU(float_tag, xs + c), hn::Set(float_tag, x));
    const auto dy = hn::Sub(hn::LoadU(float_tag, ys + c), hn::Set(float_tag, y));
    const auto squared = hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy));
    const auto is_far = hn::RebindMask(tag, hn::Gt(squared, hn::Set(float_tag, squared_distance)));
    best = hn::Max(best, hn::IfThenElse(is_far, hn::LoadU(tag, row + c), none_lanes));
  }
  return hn::GetLane(hn::MaxOfLanes(tag, best));
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(similarities);
HWY_EXPORT(best_of_row);
HWY_EXPORT(best_elsewhere);

constexpr int kIndexBits = 12;
constexpr int kGroup = 8;
constexpr float kUnit = 127.0f;  // length of a code
// Less than any similarity of two codes, and safe to shift by kIndexBits.
constexpr std::int32_t kLeast = -(1 << 18);
// Neighbours closer than this to the best one are the same place seen twice, not a rival.
constexpr float kSamePlacePx = 10.0f;

double squared_distance(std::int32_t similarity) {
  return std::max(0.0, 2.0 - 2.0 * similarity / (static_cast<double>(kUnit) * kUnit));
}

struct PackedCandidate {
  int count, groups, padded;
  std::vector<std::int16_t> codes;
  std::vector<float> xs, ys;

  explicit PackedCandidate(const CodesView& view)
      : count(static_cast<int>(view.keypoints.size())),
        groups((count + kGroup - 1) / kGroup),
        padded(groups * kGroup),
        codes(static_cast<std::size_t>(padded) * kLocalCodeSize, 0),
        xs(static_cast<std::size_t>(padded), 0.0f),
        ys(xs) {
    for (int c = 0; c < count; ++c) {
      const auto i = static_cast<std::size_t>(c);
      const std::int8_t* code = &view.codes[i * kLocalCodeSize];
      std::int16_t* group = &codes[i / kGroup * kGroup * kLocalCodeSize];
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        group[d / 2 * 2 * kGroup + i % kGroup * 2 + d % 2] = code[d];
      }
      xs[i] = view.keypoints[i].x_px;
      ys[i] = view.keypoints[i].y_px;
    }
  }
};

// One contrast hypothesis while it is worked on.
struct Hypothesis {
  std::vector<std::int32_t> row, best_of_query, rival, columns;

  Hypothesis(std::size_t queries, std::size_t padded)
      : row(padded),
        best_of_query(queries),
        rival(queries, kLeast),
        columns(padded, std::numeric_limits<std::int32_t>::min()) {}

  void take_row(int q, const PackedCandidate& candidate, const CodesView& view, bool with_rival) {
    std::fill(row.begin() + candidate.count, row.end(), kLeast);
    const auto i = static_cast<std::size_t>(q);
    best_of_query[i] =
        HWY_DYNAMIC_DISPATCH(best_of_row)(row.data(), candidate.padded, q, columns.data());
    if (!with_rival) return;
    const Keypoint& place = view.keypoints[index_of(best_of_query[i])];
    rival[i] = HWY_DYNAMIC_DISPATCH(best_elsewhere)(
        row.data(), candidate.xs.data(), candidate.ys.data(), candidate.padded, place.x_px,
        place.y_px, kSamePlacePx * kSamePlacePx, kLeast);
  }

  static std::size_t index_of(std::int32_t key) {
    constexpr std::int32_t kMask = (1 << kIndexBits) - 1;
    return static_cast<std::size_t>(kMask - (key & kMask));
  }

  void mutual(float ratio, std::vector<CodeMatch>& output) const {
    for (std::size_t q = 0; q < best_of_query.size(); ++q) {
      const std::size_t c = index_of(best_of_query[q]);
      if (index_of(columns[c]) != q) continue;
      const double squared = squared_distance(best_of_query[q] >> kIndexBits);
      if (ratio < 1 && rival[q] > kLeast &&
          squared > static_cast<double>(ratio) * ratio * squared_distance(rival[q])) {
        continue;
      }
      output.push_back(
          {static_cast<int>(q), static_cast<int>(c), static_cast<float>(std::sqrt(squared))});
    }
  }
};

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

  const PackedCandidate packed(candidate);
  const auto padded = static_cast<std::size_t>(packed.padded);
  Hypothesis same(query.keypoints.size(), padded), inverted(query.keypoints.size(), padded);
  std::array<std::int16_t, kLocalCodeSize> code;
  for (std::size_t q = 0; q < query.keypoints.size(); ++q) {
    std::copy_n(&query.codes[q * kLocalCodeSize], kLocalCodeSize, code.begin());
    HWY_DYNAMIC_DISPATCH(similarities)
    (code.data(), packed.codes.data(), packed.groups, even_size / 2, same.row.data(),
     inverted.row.data());
    same.take_row(static_cast<int>(q), packed, candidate, ratio < 1);
    inverted.take_row(static_cast<int>(q), packed, candidate, ratio < 1);
  }
  same.mutual(ratio, output.same);
  inverted.mutual(ratio, output.inverted);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
