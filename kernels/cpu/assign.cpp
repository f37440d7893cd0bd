// SPDX-License-Identifier: Apache-2.0
//
// The nearest words of int8 codes by exhaustive comparison, for both contrast hypotheses at once
// (as match.cpp does it): |code - word|^2 = |code|^2 + |word|^2 - 2 code . word, of which |code|^2
// is the same for all words. Products are exact integers (code_products-inl.hpp). Sixteen codes lie
// in lanes and are compared with a block of words at a time; a word that is nearer to one of them
// than what was known before the block, of which there are few after the first blocks, is reported
// and looked at one by one.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "kernels/cpu/packed_codes.hpp"
#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/assign.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/code_products-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kCodes = 16, kWords = 4;
constexpr int kVectors = kCodes / static_cast<int>(hn::MaxLanes(ProductTag()));

// Compares 16 packed codes with `count` words (a multiple of 4), row by row. limits: 16 for the
// codes as they are, 16 for those with their odd part negated. The words that are nearer than a
// limit are written to `hits`, their distances (16 and 16) to `distances`; returns their number.
int find_nearer(const std::int16_t* packed, const std::int16_t* words, const std::int32_t* norms,
                int count, int even_pairs, const std::int32_t* limits, std::int32_t* hits,
                std::int32_t* distances) {
  const ProductTag tag;
  constexpr int kLanes = kCodes / kVectors;
  int found = 0;
  for (int w = 0; w < count; w += kWords) {
    HWY_ALIGN std::int32_t all[kWords * 2 * kCodes];
    auto nearer = hn::MaskFromVec(hn::Zero(tag));
    code_products<kVectors, kWords>(
        packed, words + w * kLocalCodeSize, even_pairs,
        [&](int r, int v, auto even, auto odd) HWY_ATTR {
          const auto norm = hn::Set(tag, norms[w + r]);
          const auto same = hn::Sub(norm, hn::ShiftLeft<1>(hn::Add(even, odd)));
          const auto inverted = hn::Sub(norm, hn::ShiftLeft<1>(hn::Sub(even, odd)));
          std::int32_t* to = all + r * 2 * kCodes + v * kLanes;
          hn::Store(same, tag, to);
          hn::Store(inverted, tag, to + kCodes);
          const auto limit = hn::LoadU(tag, limits + v * kLanes);
          const auto inverted_limit = hn::LoadU(tag, limits + kCodes + v * kLanes);
          nearer = hn::Or(nearer, hn::Or(hn::Lt(same, limit), hn::Lt(inverted, inverted_limit)));
        });
    if (hn::AllFalse(tag, nearer)) continue;
    for (int r = 0; r < kWords; ++r, ++found) {
      hits[found] = w + r;
      std::memcpy(distances + found * 2 * kCodes, all + r * 2 * kCodes,
                  2 * kCodes * sizeof(std::int32_t));
    }
  }
  return found;
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(find_nearer);

constexpr std::size_t kLanes = 16;  // codes that are compared at once
constexpr std::size_t kBlock = 32;  // words; 4 KiB when widened
// Farther than any word.
constexpr std::int32_t kFarthest = std::numeric_limits<std::int32_t>::max();

// The nearest words so far of one code under one hypothesis. Words come in ascending order, so that
// of equally near ones the first stays.
struct Nearest {
  std::array<std::int32_t, kMaxNearestWords> distances;
  std::array<std::uint16_t, kMaxNearestWords> words;

  void take(std::size_t count, std::int32_t distance, std::size_t word) {
    if (distance >= distances[count - 1]) return;
    std::size_t place = count - 1;
    for (; place > 0 && distances[place - 1] > distance; --place) {
      distances[place] = distances[place - 1];
      words[place] = words[place - 1];
    }
    distances[place] = distance;
    words[place] = static_cast<std::uint16_t>(word);
  }
};

std::int32_t squared_norm(std::span<const std::int8_t> word) {
  std::int32_t squared = 0;
  for (const std::int8_t value : word) squared += value * value;
  return squared;
}

}  // namespace

void assign(std::span<const std::int8_t> codes, const Vocabulary& vocabulary, int even_size,
            int nearest, WordAssignment& output) {
  assert(even_size % 2 == 0 && even_size >= 0 && even_size <= kLocalCodeSize);
  assert(vocabulary.words >= nearest && vocabulary.words <= kMaxWords);
  assert(nearest >= 1 && nearest <= kMaxNearestWords);
  assert(vocabulary.centroids.size() ==
         static_cast<std::size_t>(vocabulary.words) * kLocalCodeSize);
  const std::size_t count = codes.size() / kLocalCodeSize;
  const auto kept = static_cast<std::size_t>(nearest);
  const std::vector<std::int16_t> packed = packed_codes(codes, kLanes);
  const std::size_t padded = packed.size() / kLocalCodeSize;
  Nearest none;
  none.distances.fill(kFarthest);
  none.words.fill(0);
  // best[h * padded + i]: of code i under hypothesis h.
  std::vector<Nearest> best(2 * padded, none);

  // What a word must be nearer than: 16 and 16 for each group of codes.
  std::vector<std::int32_t> limits(2 * padded, kFarthest);
  std::vector<std::int16_t> words;
  std::array<std::int32_t, kBlock> norms, hits;
  std::array<std::int32_t, kBlock * 2 * kLanes> distances;
  const auto total = static_cast<std::size_t>(vocabulary.words);
  for (std::size_t first = 0; first < total; first += kBlock) {
    const std::size_t block = std::min(kBlock, total - first);
    widen_codes(vocabulary.centroids.subspan(first * kLocalCodeSize, block * kLocalCodeSize),
                kBlock, words);
    norms.fill(kFarthest / 2);  // padding: no dot product brings it near
    for (std::size_t w = 0; w < block; ++w) {
      norms[w] =
          squared_norm(vocabulary.centroids.subspan((first + w) * kLocalCodeSize, kLocalCodeSize));
    }
    for (std::size_t i = 0; i < padded; i += kLanes) {
      const int found =
          HWY_DYNAMIC_DISPATCH(find_nearer)(&packed[i * kLocalCodeSize], words.data(), norms.data(),
                                            static_cast<int>((block + 3) / 4 * 4), even_size / 2,
                                            &limits[2 * i], hits.data(), distances.data());
      for (std::size_t f = 0; f < static_cast<std::size_t>(found); ++f) {
        const auto word = static_cast<std::size_t>(hits[f]);
        if (word >= block) break;
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          const std::int32_t* at = &distances[f * 2 * kLanes + lane];
          best[i + lane].take(kept, at[0], first + word);
          best[padded + i + lane].take(kept, at[kLanes], first + word);
        }
      }
      for (std::size_t lane = 0; found > 0 && lane < kLanes; ++lane) {
        limits[2 * i + lane] = best[i + lane].distances[kept - 1];
        limits[2 * i + kLanes + lane] = best[padded + i + lane].distances[kept - 1];
      }
    }
  }

  output.same.clear();
  output.inverted.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const Nearest &same = best[i], &inverted = best[padded + i];
    output.same.insert(output.same.end(), same.words.begin(), same.words.begin() + nearest);
    output.inverted.insert(output.inverted.end(), inverted.words.begin(),
                           inverted.words.begin() + nearest);
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
