// SPDX-License-Identifier: Apache-2.0
//
// The nearest words of int8 codes by exhaustive comparison, for both contrast hypotheses at once
// (as match.cpp does it): |code - word|^2 = |code|^2 + |word|^2 - 2 code . word, of which |code|^2
// is the same for all words. Dot products are of 32-bit integers: exact, and equal on all
// instruction sets. Words are worked through in blocks that stay in the first-level cache for all
// codes.
#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/assign.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kDimensionPairs = kLocalCodeSize / 2;

// Words are packed in groups of 8: for each pair of dimensions, 8 x 2 values of 16 bits.
// same[w], inverted[w]: norms[w] - 2 code . word w, for the code (widened to 16 bits) as it is and
// with its odd part negated.
void word_distances(const std::int16_t* code, const std::int16_t* packed, const std::int32_t* norms,
                    int groups, int even_pairs, std::int32_t* same, std::int32_t* inverted) {
  const hn::CappedTag<std::int32_t, 8> tag;
  const hn::RepartitionToNarrow<decltype(tag)> narrow;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int g = 0; g < groups; ++g) {
    const std::int16_t* group = packed + static_cast<std::ptrdiff_t>(g) * 8 * kLocalCodeSize;
    for (int half = 0; half < 8; half += lanes) {
      auto even = hn::Zero(tag), odd = even, unused = even;
      const auto add = [&](int d, auto& sum) HWY_ATTR {
        std::int32_t pair;
        std::memcpy(&pair, code + 2 * d, sizeof(pair));
        sum = hn::ReorderWidenMulAccumulate(tag, hn::BitCast(narrow, hn::Set(tag, pair)),
                                            hn::LoadU(narrow, group + d * 16 + 2 * half), sum,
                                            unused);
      };
      for (int d = 0; d < even_pairs; ++d) add(d, even);
      for (int d = even_pairs; d < kDimensionPairs; ++d) add(d, odd);
      const auto norm = hn::LoadU(tag, norms + g * 8 + half);
      hn::StoreU(hn::Sub(norm, hn::ShiftLeft<1>(hn::Add(even, odd))), tag, same + g * 8 + half);
      hn::StoreU(hn::Sub(norm, hn::ShiftLeft<1>(hn::Sub(even, odd))), tag, inverted + g * 8 + half);
    }
  }
}

// Whether any of `count` (a multiple of 8) values is below the limit.
bool any_below(const std::int32_t* values, int count, std::int32_t limit) {
  const hn::CappedTag<std::int32_t, 8> tag;
  auto least = hn::LoadU(tag, values);
  for (int i = static_cast<int>(hn::Lanes(tag)); i < count; i += static_cast<int>(hn::Lanes(tag))) {
    least = hn::Min(least, hn::LoadU(tag, values + i));
  }
  return hn::GetLane(hn::MinOfLanes(tag, least)) < limit;
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(word_distances);
HWY_EXPORT(any_below);

constexpr int kGroup = 8;
constexpr int kBlockGroups = 16;  // 16 KiB of packed words
constexpr int kBlock = kGroup * kBlockGroups;
// Farther than any word.
constexpr std::int32_t kFarthest = std::numeric_limits<std::int32_t>::max();

// The nearest words so far of one code under one hypothesis. Words come in ascending order, so that
// of equally near ones the first stays.
struct Nearest {
  std::array<std::int32_t, kMaxNearestWords> distances;
  std::array<std::uint16_t, kMaxNearestWords> words;

  void take(int count, const std::int32_t* row, int block_words, int first_word) {
    const auto last = static_cast<std::size_t>(count - 1);
    for (int w = 0; w < block_words; ++w) {
      if (row[w] >= distances[last]) continue;
      std::size_t place = last;
      for (; place > 0 && distances[place - 1] > row[w]; --place) {
        distances[place] = distances[place - 1];
        words[place] = words[place - 1];
      }
      distances[place] = row[w];
      words[place] = static_cast<std::uint16_t>(first_word + w);
    }
  }
};

}  // namespace

void assign(std::span<const std::int8_t> codes, const Vocabulary& vocabulary, int even_size,
            int nearest, WordAssignment& output) {
  assert(even_size % 2 == 0 && even_size >= 0 && even_size <= kLocalCodeSize);
  assert(vocabulary.words >= nearest && vocabulary.words <= kMaxWords);
  assert(nearest >= 1 && nearest <= kMaxNearestWords);
  assert(vocabulary.centroids.size() ==
         static_cast<std::size_t>(vocabulary.words) * kLocalCodeSize);
  const std::size_t count = codes.size() / kLocalCodeSize;
  const std::vector<std::int16_t> wide(codes.begin(), codes.end());
  Nearest none;
  none.distances.fill(kFarthest);
  none.words.fill(0);
  std::vector<std::array<Nearest, 2>> best(count, {none, none});

  std::array<std::int16_t, std::size_t{kBlock} * kLocalCodeSize> packed;
  std::array<std::int32_t, kBlock> norms, same, inverted;
  for (int first = 0; first < vocabulary.words; first += kBlock) {
    const int words = std::min(kBlock, vocabulary.words - first);
    const int groups = (words + kGroup - 1) / kGroup;
    packed.fill(0);
    norms.fill(kFarthest / 2);  // padding: no dot product brings it near
    for (std::size_t w = 0; w < static_cast<std::size_t>(words); ++w) {
      const std::int8_t* word =
          &vocabulary.centroids[(static_cast<std::size_t>(first) + w) * kLocalCodeSize];
      std::int16_t* group = &packed[w / kGroup * kGroup * kLocalCodeSize];
      std::int32_t squared = 0;
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        group[d / 2 * 2 * kGroup + w % kGroup * 2 + d % 2] = word[d];
        squared += word[d] * word[d];
      }
      norms[w] = squared;
    }
    for (std::size_t i = 0; i < count; ++i) {
      HWY_DYNAMIC_DISPATCH(word_distances)
      (&wide[i * kLocalCodeSize], packed.data(), norms.data(), groups, even_size / 2, same.data(),
       inverted.data());
      for (std::size_t h = 0; h < 2; ++h) {
        const std::int32_t* row = h == 0 ? same.data() : inverted.data();
        const std::int32_t limit = best[i][h].distances[static_cast<std::size_t>(nearest - 1)];
        if (!HWY_DYNAMIC_DISPATCH(any_below)(row, groups * kGroup, limit)) continue;
        best[i][h].take(nearest, row, words, first);
      }
    }
  }

  output.same.clear();
  output.inverted.clear();
  for (const std::array<Nearest, 2>& found : best) {
    output.same.insert(output.same.end(), found[0].words.begin(), found[0].words.begin() + nearest);
    output.inverted.insert(output.inverted.end(), found[1].words.begin(),
                           found[1].words.begin() + nearest);
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
