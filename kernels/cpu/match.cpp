// SPDX-License-Identifier: Apache-2.0
//
// Mutual nearest neighbours of int8 codes by exhaustive comparison.
//
// Squared distance |a|^2 + |b|^2 - 2 a.b of int8 codes. The dot products are computed in float:
// every partial sum is an integer below 64 * 127^2 < 2^24, so float arithmetic is exact in any
// order, with or without fused multiply-add, and all instruction sets agree bit for bit.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
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

// dots[q * stride + c] = queries[q] . candidates[c] for kQueryBlock queries. `candidates` is
// transposed: kLocalCodeSize rows of `stride` floats, stride a multiple of 16.
void dot_block(const float* queries, const float* candidates, std::size_t stride, float* dots) {
  // Fixed at 8 lanes so that the padding of 16 serves every instruction set.
  const hn::CappedTag<float, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t c = 0; c < stride; c += 2 * lanes) {
    auto s00 = hn::Zero(tag), s01 = s00, s10 = s00, s11 = s00;
    auto s20 = s00, s21 = s00, s30 = s00, s31 = s00;
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      const auto b0 = hn::LoadU(tag, candidates + d * stride + c);
      const auto b1 = hn::LoadU(tag, candidates + d * stride + c + lanes);
      const auto a0 = hn::Set(tag, queries[d]);
      const auto a1 = hn::Set(tag, queries[kLocalCodeSize + d]);
      const auto a2 = hn::Set(tag, queries[2 * kLocalCodeSize + d]);
      const auto a3 = hn::Set(tag, queries[3 * kLocalCodeSize + d]);
      s00 = hn::MulAdd(a0, b0, s00);
      s01 = hn::MulAdd(a0, b1, s01);
      s10 = hn::MulAdd(a1, b0, s10);
      s11 = hn::MulAdd(a1, b1, s11);
      s20 = hn::MulAdd(a2, b0, s20);
      s21 = hn::MulAdd(a2, b1, s21);
      s30 = hn::MulAdd(a3, b0, s30);
      s31 = hn::MulAdd(a3, b1, s31);
    }
    hn::StoreU(s00, tag, dots + c);
    hn::StoreU(s01, tag, dots + c + lanes);
    hn::StoreU(s10, tag, dots + stride + c);
    hn::StoreU(s11, tag, dots + stride + c + lanes);
    hn::StoreU(s20, tag, dots + 2 * stride + c);
    hn::StoreU(s21, tag, dots + 2 * stride + c + lanes);
    hn::StoreU(s30, tag, dots + 3 * stride + c);
    hn::StoreU(s31, tag, dots + 3 * stride + c + lanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(dot_block);

constexpr std::size_t kQueryBlock = 4;
constexpr std::size_t kCandidatePad = 16;
// Neighbours closer than this to the best one are the same place seen twice, not a rival.
constexpr float kSamePlacePx = 10.0f;
constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max();

std::vector<std::int32_t> squared_norms(std::span<const std::int8_t> codes) {
  std::vector<std::int32_t> norms(codes.size() / kLocalCodeSize, 0);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    norms[i / kLocalCodeSize] += static_cast<std::int32_t>(codes[i]) * codes[i];
  }
  return norms;
}

bool same_place(const Keypoint& a, const Keypoint& b) {
  const float dx = a.x_px - b.x_px, dy = a.y_px - b.y_px;
  return dx * dx + dy * dy <= kSamePlacePx * kSamePlacePx;
}

struct Nearest {
  int index = -1;
  std::int32_t squared = kFar;
};

}  // namespace

void match(const CodesView& query, const CodesView& candidate, float ratio,
           std::vector<CodeMatch>& output) {
  output.clear();
  const std::size_t queries = query.keypoints.size(), candidates = candidate.keypoints.size();
  assert(query.codes.size() == queries * kLocalCodeSize);
  assert(candidate.codes.size() == candidates * kLocalCodeSize);
  if (queries == 0 || candidates == 0) return;

  const std::size_t stride = (candidates + kCandidatePad - 1) / kCandidatePad * kCandidatePad;
  std::vector<float> transposed(kLocalCodeSize * stride, 0.0f);
  for (std::size_t c = 0; c < candidates; ++c) {
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      transposed[d * stride + c] = static_cast<float>(candidate.codes[c * kLocalCodeSize + d]);
    }
  }
  const std::vector<std::int32_t> query_norms = squared_norms(query.codes);
  const std::vector<std::int32_t> candidate_norms = squared_norms(candidate.codes);

  std::vector<Nearest> best_of_query(queries), best_of_candidate(candidates);
  std::vector<std::int32_t> rival(queries, kFar);
  std::vector<float> block(kQueryBlock * kLocalCodeSize), dots(kQueryBlock * stride);
  std::vector<std::int32_t> row(candidates);
  for (std::size_t first = 0; first < queries; first += kQueryBlock) {
    const std::size_t count = std::min(kQueryBlock, queries - first);
    std::fill(block.begin(), block.end(), 0.0f);
    for (std::size_t i = 0; i < count * kLocalCodeSize; ++i) {
      block[i] = static_cast<float>(query.codes[first * kLocalCodeSize + i]);
    }
    HWY_DYNAMIC_DISPATCH(dot_block)(block.data(), transposed.data(), stride, dots.data());
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t q = first + i;
      Nearest& best = best_of_query[q];
      for (std::size_t c = 0; c < candidates; ++c) {
        const std::int32_t squared = query_norms[q] + candidate_norms[c] -
                                     2 * static_cast<std::int32_t>(dots[i * stride + c]);
        row[c] = squared;
        if (squared < best.squared) best = {static_cast<int>(c), squared};
        if (squared < best_of_candidate[c].squared) {
          best_of_candidate[c] = {static_cast<int>(q), squared};
        }
      }
      const Keypoint& place = candidate.keypoints[static_cast<std::size_t>(best.index)];
      for (std::size_t c = 0; c < candidates; ++c) {
        if (row[c] < rival[q] && !same_place(candidate.keypoints[c], place)) rival[q] = row[c];
      }
    }
  }

  const double ratio_squared = static_cast<double>(ratio) * ratio;
  for (std::size_t q = 0; q < queries; ++q) {
    const Nearest& best = best_of_query[q];
    if (best_of_candidate[static_cast<std::size_t>(best.index)].index != static_cast<int>(q)) {
      continue;
    }
    if (best.squared > ratio_squared * rival[q]) continue;
    output.push_back(
        {static_cast<int>(q), best.index, std::sqrt(static_cast<float>(best.squared)) / 127.0f});
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
