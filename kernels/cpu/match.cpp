// SPDX-License-Identifier: Apache-2.0
//
// Mutual nearest neighbours of int8 codes by exhaustive comparison, for both contrast hypotheses at
// once: a code is an even part, which contrast inversion keeps, and an odd part, which it negates,
// so that the two similarities are the sum and the difference of the parts' dot products.
//
// Products are exact integers (code_products-inl.hpp). A similarity and the index it belongs to are
// packed into one integer, similarity << 12 | (4095 - index), so that one maximum finds both and
// ties go to the lowest index.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/cpu/packed_codes.hpp"
#include "kernels/cpu/stages.hpp"
#include "kernels/math/code_distance.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/match.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/code_products-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kIndexBits = 12;
constexpr int kQueries = 4, kCandidates = 16;

// same[q * stride + c], inverted[q * stride + c]: similarities of four query codes (widened to 16
// bits) with candidate c, for `count` packed candidates, a multiple of 16.
void similarities(const std::int16_t* queries, const std::int16_t* packed, int count,
                  int even_pairs, std::ptrdiff_t stride, std::int32_t* same,
                  std::int32_t* inverted) {
  const ProductTag tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(ProductTag()));
  for (int c = 0; c < count; c += kCandidates) {
    code_products<kCandidates / kLanes, kQueries>(
        packed + c * kLocalCodeSize, queries, even_pairs,
        [&](int r, int v, auto even, auto odd) HWY_ATTR {
          const std::ptrdiff_t at = r * stride + c + v * kLanes;
          hn::StoreU(hn::Add(even, odd), tag, same + at);
          hn::StoreU(hn::Sub(even, odd), tag, inverted + at);
        });
  }
}

// Highest key of the row, whose padding must hold the least similarity; raises the keys of columns.
std::int32_t best_of_row(const std::int32_t* row, int padded, int query, std::int32_t* columns) {
  const hn::CappedTag<std::int32_t, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto low_bits = hn::Set(tag, (1 << kIndexBits) - 1);
  const auto query_bits = hn::Set(tag, (1 << kIndexBits) - 1 - query);
  auto best = hn::Set(tag, std::numeric_limits<std::int32_t>::min());
  auto index_bits = hn::Sub(low_bits, hn::Iota(tag, 0));
  for (int c = 0; c < padded; c += lanes, index_bits = hn::Sub(index_bits, hn::Set(tag, lanes))) {
    const auto shifted = hn::ShiftLeft<kIndexBits>(hn::LoadU(tag, row + c));
    best = hn::Max(best, hn::Or(shifted, index_bits));
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
constexpr std::size_t kQueries = 4;      // that are compared at once
constexpr std::size_t kCandidates = 16;  // the same
// Less than any similarity of two codes, and safe to shift by kIndexBits.
constexpr std::int32_t kLeast = -(1 << 18);

struct PackedCandidate {
  std::vector<std::int16_t> codes;
  std::size_t count, padded;
  std::vector<float> xs, ys;

  explicit PackedCandidate(const CodesView& view)
      : codes(packed_codes(view.codes, kCandidates)),
        count(view.keypoints.size()),
        padded(codes.size() / kLocalCodeSize),
        xs(padded, 0.0f),
        ys(padded, 0.0f) {
    for (std::size_t i = 0; i < count; ++i) {
      xs[i] = view.keypoints[i].x_px;
      ys[i] = view.keypoints[i].y_px;
    }
  }
};

// One contrast hypothesis while it is worked on.
struct Hypothesis {
  // rows: kQueries x padded.
  std::vector<std::int32_t> rows, best_of_query, rival, columns;

  Hypothesis(std::size_t queries, std::size_t padded)
      : rows(kQueries * padded),
        best_of_query(queries),
        rival(queries, kLeast),
        columns(padded, std::numeric_limits<std::int32_t>::min()) {}

  void take_row(int q, const PackedCandidate& candidate, const CodesView& view, bool with_rival) {
    const auto i = static_cast<std::size_t>(q);
    const int padded = static_cast<int>(candidate.padded);
    std::int32_t* row = &rows[i % kQueries * candidate.padded];
    std::fill(row + candidate.count, row + candidate.padded, kLeast);
    best_of_query[i] = HWY_DYNAMIC_DISPATCH(best_of_row)(row, padded, q, columns.data());
    if (!with_rival) return;
    const Keypoint& place = view.keypoints[index_of(best_of_query[i])];
    rival[i] = HWY_DYNAMIC_DISPATCH(best_elsewhere)(row, candidate.xs.data(), candidate.ys.data(),
                                                    padded, place.x_px, place.y_px,
                                                    kSamePlacePx * kSamePlacePx, kLeast);
  }

  static std::size_t index_of(std::int32_t key) {
    constexpr std::int32_t kMask = (1 << kIndexBits) - 1;
    return static_cast<std::size_t>(kMask - (key & kMask));
  }

  void mutual(float ratio, std::vector<CodeMatch>& output) const {
    for (std::size_t q = 0; q < best_of_query.size(); ++q) {
      const std::size_t c = index_of(best_of_query[q]);
      if (index_of(columns[c]) != q) continue;
      const double squared = squared_code_distance(best_of_query[q] >> kIndexBits);
      if (ratio < 1 && rival[q] > kLeast && is_beaten(squared, rival[q], ratio)) continue;
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
  Hypothesis same(query.keypoints.size(), packed.padded);
  Hypothesis inverted(query.keypoints.size(), packed.padded);
  std::vector<std::int16_t> codes;
  widen_codes(query.codes, kQueries, codes);
  for (std::size_t first = 0; first < query.keypoints.size(); first += kQueries) {
    HWY_DYNAMIC_DISPATCH(similarities)
    (&codes[first * kLocalCodeSize], packed.codes.data(), static_cast<int>(packed.padded),
     even_size / 2, static_cast<std::ptrdiff_t>(packed.padded), same.rows.data(),
     inverted.rows.data());
    for (std::size_t q = first; q < std::min(first + kQueries, query.keypoints.size()); ++q) {
      same.take_row(static_cast<int>(q), packed, candidate, ratio < 1);
      inverted.take_row(static_cast<int>(q), packed, candidate, ratio < 1);
    }
  }
  same.mutual(ratio, output.same);
  inverted.mutual(ratio, output.inverted);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
