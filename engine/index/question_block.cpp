// SPDX-License-Identifier: Apache-2.0
#include "engine/index/question_block.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/byte_products.hpp"
#include "kernels/byte_tiles.hpp"

#ifdef PRESSMARK_HAS_TILES
#include <immintrin.h>
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/index/question_block.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::index {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kQuestions = QuestionBlock::kMost;
constexpr std::size_t kGroups = kLocalCodeSize / 4;
constexpr std::size_t kGroupBytes = 4 * kQuestions;

using IntTag = hn::CappedTag<std::int32_t, kQuestions>;
using Ints = hn::Vec<IntTag>;
constexpr std::size_t kLanes = hn::MaxLanes(IntTag());
constexpr std::size_t kVectors = kQuestions / kLanes;

// Writes which lanes of a code's sums are above the thresholds.
HWY_INLINE std::size_t take_above(const Ints (&sums)[kVectors], const std::int32_t* thresholds,
                                  std::size_t code, QuestionBlock::Hit* hits) {
  const IntTag tag;
  std::size_t found = 0;
  for (std::size_t v = 0; v < kVectors; ++v) {
    const auto above = hn::Gt(sums[v], hn::Load(tag, thresholds + v * kLanes));
    if (HWY_LIKELY(hn::AllFalse(tag, above))) continue;
    HWY_ALIGN std::int32_t values[kLanes];
    hn::Store(sums[v], tag, values);
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(tag, above, bits);
    for (unsigned rest = bits[0] | static_cast<unsigned>(bits[1]) << 8; rest != 0;
         rest &= rest - 1) {
      const auto lane = static_cast<std::size_t>(__builtin_ctz(rest));
      hits[found++] = {static_cast<std::uint16_t>(code),
                       static_cast<std::uint16_t>(v * kLanes + lane), values[lane]};
    }
  }
  return found;
}

// Values of 16 bits, in pairs. A vector of questions is widened once for kCodes codes.
template <std::size_t kCodes>
HWY_INLINE void widened_products(const std::int8_t* questions, const std::int8_t* codes,
                                 Ints (&sums)[kCodes][kVectors]) {
  const hn::Repartition<std::int16_t, IntTag> wide;
  const hn::Rebind<std::int8_t, decltype(wide)> narrow;
  constexpr std::size_t kWide = 2 * kLanes, kHalves = kGroupBytes / kWide;
  static_assert(kHalves == 2 * kVectors);
  const IntTag tag;
  Ints pairs[kCodes][kHalves];
  for (auto& of_code : pairs) {
    for (auto& sum : of_code) sum = hn::Zero(tag);
  }
  auto unused = hn::Zero(tag);
  for (std::size_t g = 0; g < kGroups; ++g) {
    hn::Vec<decltype(wide)> four[kCodes];
    for (std::size_t c = 0; c < kCodes; ++c) {
      const std::int8_t* from = codes + c * kLocalCodeSize + 4 * g;
      // Four values as one of 64 bits, in all lanes.
      std::uint64_t values = 0;
      for (std::size_t i = 0; i < 4; ++i) {
        values |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(from[i])) << (16 * i);
      }
      four[c] = hn::BitCast(wide, hn::Set(hn::Repartition<std::uint64_t, IntTag>(), values));
    }
    for (std::size_t h = 0; h < kHalves; ++h) {
      const auto part =
          hn::PromoteTo(wide, hn::LoadU(narrow, questions + g * kGroupBytes + h * kWide));
      for (std::size_t c = 0; c < kCodes; ++c) {
        pairs[c][h] = hn::ReorderWidenMulAccumulate(tag, part, four[c], pairs[c][h], unused);
      }
    }
  }
  for (std::size_t c = 0; c < kCodes; ++c) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto low = pairs[c][2 * v], high = pairs[c][2 * v + 1];
      sums[c][v] = hn::Add(hn::ConcatEven(tag, high, low), hn::ConcatOdd(tag, high, low));
    }
  }
}

#if HWY_TARGET == HWY_AVX3
// Four values at once, by an instruction that not all processors with AVX-512 have (as in
// int8_scan.cpp). It wants one side unsigned: 128 is added to the codes.
template <std::size_t kCodes>
HWY_INLINE void byte_products(const std::int8_t* questions, const std::int32_t* biases,
                              const std::int8_t* codes, Ints (&sums)[kCodes][kVectors]) {
  const IntTag tag;
  const hn::Repartition<std::int8_t, IntTag> bytes;
  const auto bias = hn::Neg(hn::Load(tag, biases));
  for (auto& of_code : sums) of_code[0] = bias;
  for (std::size_t g = 0; g < kGroups; ++g) {
    const auto of_questions = hn::Load(bytes, questions + g * kGroupBytes);
    for (std::size_t c = 0; c < kCodes; ++c) {
      std::uint32_t four;
      std::memcpy(&four, codes + c * kLocalCodeSize + 4 * g, sizeof(four));
      const auto of_code =
          hn::Set(hn::Repartition<std::uint32_t, IntTag>(), four ^ std::uint32_t{0x80808080});
      asm("vpdpbusd %2, %1, %0" : "+v"(sums[c][0].raw) : "v"(of_code.raw), "v"(of_questions.raw));
    }
  }
}
#endif

template <std::size_t kCodes, typename Products>
HWY_INLINE std::size_t above_in_turn(std::size_t first, std::size_t count,
                                     const std::int32_t* thresholds, QuestionBlock::Hit* hits,
                                     const Products& products) {
  std::size_t found = 0;
  for (std::size_t i = 0; i + kCodes <= count; i += kCodes) {
    Ints sums[kCodes][kVectors];
    products(first + i, sums);
    for (std::size_t c = 0; c < kCodes; ++c) {
      found += take_above(sums[c], thresholds, first + i + c, hits + found);
    }
  }
  return found;
}

std::size_t find_above(const std::int8_t* questions, [[maybe_unused]] const std::int32_t* biases,
                       const std::int8_t* codes, std::size_t count, const std::int32_t* thresholds,
                       QuestionBlock::Hit* hits) {
  const auto in_turn = [&](auto products_of_several, auto several, auto products_of_one)
                           HWY_ATTR -> std::size_t {
    constexpr std::size_t kSeveral = decltype(several)::value;
    const std::size_t whole = count / kSeveral * kSeveral;
    const std::size_t found =
        above_in_turn<kSeveral>(0, whole, thresholds, hits, products_of_several);
    return found +
           above_in_turn<1>(whole, count - whole, thresholds, hits + found, products_of_one);
  };
#if HWY_TARGET == HWY_AVX3
  if (kernels::uses_byte_products()) {
    return in_turn(
        [&](std::size_t at, Ints(&sums)[8][kVectors])
            HWY_ATTR { byte_products<8>(questions, biases, codes + at * kLocalCodeSize, sums); },
        std::integral_constant<std::size_t, 8>(),
        [&](std::size_t at, Ints(&sums)[1][kVectors])
            HWY_ATTR { byte_products<1>(questions, biases, codes + at * kLocalCodeSize, sums); });
  }
#endif
  // As many as leave the sums in registers.
  constexpr std::size_t kCodes = kVectors == 1 ? 4 : kVectors == 2 ? 2 : 1;
  return in_turn(
      [&](std::size_t at, Ints(&sums)[kCodes][kVectors])
          HWY_ATTR { widened_products<kCodes>(questions, codes + at * kLocalCodeSize, sums); },
      std::integral_constant<std::size_t, kCodes>(),
      [&](std::size_t at, Ints(&sums)[1][kVectors])
          HWY_ATTR { widened_products<1>(questions, codes + at * kLocalCodeSize, sums); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::index
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::index {

HWY_EXPORT(find_above);

#ifdef PRESSMARK_HAS_TILES
namespace {

constexpr std::size_t kTileCodes = 16;
constexpr std::size_t kTileBytes = kTileCodes * kLocalCodeSize;

// A list's codes lie as the rows of a tile do. The last ones, which do not fill a tile, are copied:
// what follows them belongs to others.
__attribute__((target("avx512f"))) std::size_t find_above_by_tiles(const std::int8_t* questions,
                                                                   const std::int8_t* codes,
                                                                   std::size_t count,
                                                                   const std::int32_t* thresholds,
                                                                   QuestionBlock::Hit* hits) {
  static const kernels::TileShapes shapes;
  const kernels::TilesInUse in_use(shapes);
  PRESSMARK_LOAD_TILE(6, questions, kLocalCodeSize);
  const __m512i limits = _mm512_load_si512(thresholds);
  alignas(64) std::array<std::int32_t, kTileCodes * QuestionBlock::kMost> sums;
  std::size_t found = 0;
  for (std::size_t first = 0; first < count; first += kTileCodes) {
    const std::size_t whole = std::min(kTileCodes, count - first);
    PRESSMARK_ZERO_TILE(0);
    if (whole == kTileCodes) {
      PRESSMARK_LOAD_TILE(4, codes + first * kLocalCodeSize, kLocalCodeSize);
    } else {
      alignas(64) std::array<std::int8_t, kTileBytes> last{};
      std::copy_n(codes + first * kLocalCodeSize, whole * kLocalCodeSize, last.begin());
      PRESSMARK_LOAD_TILE(4, last.data(), kLocalCodeSize);
    }
    PRESSMARK_MULTIPLY_SIGNED_TILES(0, 4, 6);
    PRESSMARK_STORE_TILE(0, sums.data(), kLocalCodeSize);
    for (std::size_t code = 0; code < whole; ++code) {
      const std::int32_t* of_code = sums.data() + code * QuestionBlock::kMost;
      const __mmask16 above = _mm512_cmpgt_epi32_mask(_mm512_load_si512(of_code), limits);
      for (unsigned rest = above; rest != 0; rest &= rest - 1) {
        const auto question = static_cast<std::size_t>(__builtin_ctz(rest));
        hits[found++] = {static_cast<std::uint16_t>(first + code),
                         static_cast<std::uint16_t>(question), of_code[question]};
      }
    }
  }
  return found;
}

}  // namespace
#endif

void QuestionBlock::add(std::span<const std::int8_t> code) {
  assert(size_ < kMost && code.size() == kLocalCodeSize);
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < kLocalCodeSize; ++i) {
    bytes_[(i / 4 * kMost + size_) * 4 + i % 4] = code[i];
    sum += code[i];
  }
  biases_[size_++] = 128 * sum;
}

std::size_t QuestionBlock::find_above(std::span<const std::int8_t> codes,
                                      const Thresholds& thresholds, Hits& hits) const {
  const std::size_t count = codes.size() / kLocalCodeSize;
  assert(codes.size() % kLocalCodeSize == 0 && count <= kMostCodes);
  // Lanes without a question reach nothing.
  alignas(64) Thresholds asked;
  asked.fill(std::numeric_limits<std::int32_t>::max());
  std::copy_n(thresholds.begin(), size_, asked.begin());
#ifdef PRESSMARK_HAS_TILES
  if (kernels::uses_tiles()) {
    return find_above_by_tiles(bytes_.data(), codes.data(), count, asked.data(), hits.data());
  }
#endif
  return HWY_DYNAMIC_DISPATCH(find_above)(bytes_.data(), biases_.data(), codes.data(), count,
                                          asked.data(), hits.data());
}

}  // namespace pressmark::index
#endif  // HWY_ONCE
