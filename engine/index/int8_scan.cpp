// SPDX-License-Identifier: Apache-2.0
#include "engine/index/int8_scan.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#include "engine/index/ivf_lists.hpp"
#include "kernels/byte_products.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/index/int8_scan.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::index {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using IntTag = hn::CappedTag<std::int32_t, kRowsPerBlock>;
using Ints = hn::Vec<IntTag>;
constexpr std::size_t kLanes = hn::MaxLanes(IntTag());
constexpr std::size_t kVectors = kRowsPerBlock / kLanes;  // per block
constexpr std::size_t kVectorBytes = 4 * kLanes;
constexpr std::size_t kGroupBytes = 4 * kRowsPerBlock;

// Sums of products of codes and of four values of a query, in each of as many rows as there are
// lanes. The even and the odd bytes of codes are multiplied apart, as numbers of 16 bits.
struct WidenedProducts {
  struct Group {
    hn::Vec<hn::Repartition<std::int16_t, IntTag>> even, odd;
  };
  static HWY_INLINE Group load(const Int8Query& query, std::size_t group) {
    const hn::Repartition<std::int16_t, IntTag> narrow;
    const std::int32_t* pairs = query.pairs() + 2 * group;
    return {hn::BitCast(narrow, hn::Set(IntTag(), pairs[0])),
            hn::BitCast(narrow, hn::Set(IntTag(), pairs[1]))};
  }
  static HWY_INLINE Ints add(Ints sum, const std::uint8_t* codes, const Group& group) {
    const hn::Repartition<std::uint16_t, IntTag> wide;
    const hn::Repartition<std::int16_t, IntTag> narrow;
    const auto bytes = hn::BitCast(wide, hn::LoadU(hn::Repartition<std::uint8_t, IntTag>(), codes));
    const auto even = hn::BitCast(narrow, hn::And(bytes, hn::Set(wide, 0xff)));
    const auto odd = hn::BitCast(narrow, hn::ShiftRight<8>(bytes));
    auto unused = hn::Zero(IntTag());
    sum = hn::ReorderWidenMulAccumulate(IntTag(), even, group.even, sum, unused);
    return hn::ReorderWidenMulAccumulate(IntTag(), odd, group.odd, sum, unused);
  }
};

#if HWY_TARGET == HWY_AVX3
// The same by one instruction, which not all processors with AVX-512 have. Highway's own target for
// it would let the compiler use others that fewer have; so it is written out, and asked for below.
struct VnniProducts {
  struct Group {
    Ints values;
  };
  static HWY_INLINE Group load(const Int8Query& query, std::size_t group) {
    std::int32_t values;
    std::memcpy(&values, query.bytes() + 4 * group, sizeof(values));
    return {hn::Set(IntTag(), values)};
  }
  static HWY_INLINE Ints add(Ints sum, const std::uint8_t* codes, const Group& group) {
    const auto bytes = hn::LoadU(hn::Repartition<std::uint8_t, IntTag>(), codes);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(bytes.raw), "v"(group.values.raw));
    return sum;
  }
};
#endif

// Registers for sums; the rest holds codes and values of queries. Where few rows and queries leave
// some, groups are added to several sums in turn, so that additions need not wait for each other.
constexpr std::size_t kSums = 8;
constexpr std::size_t kMostChains = 4;
// Lists are too short for the processor's own prefetching, and a core waits for few lines at a
// time; into its second cache it fetches more of them.
constexpr std::size_t kBytesAhead = 8192;

template <typename Products, std::size_t kQueries>
HWY_INLINE void scan_all(const CodeBlocks& blocks, const Int8Query* const* queries,
                         const float* thresholds, ScanHit* const* hits, std::size_t* found) {
  constexpr std::size_t kColumns = kQueries * kVectors;
  constexpr std::size_t kChains = std::clamp<std::size_t>(kSums / kColumns, 1, kMostChains);
  const IntTag tag;
  const hn::RebindToFloat<IntTag> float_tag;
  const std::size_t groups = queries[0]->groups();
  const std::size_t block_bytes = groups * kGroupBytes;
  const std::size_t blocks_ahead = std::max<std::size_t>(1, kBytesAhead / block_bytes);
  const std::uint8_t* codes = blocks.codes;
  for (std::size_t block = 0; block < blocks.blocks; ++block, codes += block_bytes) {
    Ints sums[kChains * kColumns];
    for (auto& sum : sums) sum = hn::Zero(tag);
    const std::uint8_t* ahead = codes + blocks_ahead * block_bytes;
    if (block + blocks_ahead >= blocks.blocks) {
      ahead = blocks.next == nullptr
                  ? codes
                  : blocks.next + (block + blocks_ahead - blocks.blocks) * block_bytes;
    }
    const auto add_group = [&](std::size_t group, std::size_t chain) HWY_ATTR {
      const std::uint8_t* at = codes + group * kGroupBytes;
      __builtin_prefetch(ahead + group * kGroupBytes, 0, 2);
      for (std::size_t q = 0; q < kQueries; ++q) {
        const auto values = Products::load(*queries[q], group);
        for (std::size_t v = 0; v < kVectors; ++v) {
          Ints& sum = sums[(chain * kQueries + q) * kVectors + v];
          sum = Products::add(sum, at + v * kVectorBytes, values);
        }
      }
    };
    std::size_t group = 0;
    for (; group + kChains <= groups; group += kChains) {
      for (std::size_t chain = 0; chain < kChains; ++chain) add_group(group + chain, chain);
    }
    for (; group < groups; ++group) add_group(group, 0);

    for (std::size_t q = 0; q < kQueries; ++q) {
      const auto bias = hn::Set(tag, queries[q]->bias());
      const auto threshold = hn::Set(float_tag, thresholds[q]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        Ints sum = hn::Add(sums[q * kVectors + v], bias);
        for (std::size_t chain = 1; chain < kChains; ++chain) {
          sum = hn::Add(sum, sums[(chain * kQueries + q) * kVectors + v]);
        }
        const std::size_t position = block * kRowsPerBlock + v * kLanes;
        const auto scores =
            hn::Mul(hn::ConvertTo(float_tag, sum), hn::LoadU(float_tag, blocks.scales + position));
        const auto reach = hn::Ge(scores, threshold);
        if (hn::AllFalse(float_tag, reach)) continue;
        HWY_ALIGN float values[kLanes];
        HWY_ALIGN std::uint8_t bits[8] = {};
        hn::Store(scores, float_tag, values);
        hn::StoreMaskBits(float_tag, reach, bits);
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          if ((bits[lane / 8] >> lane % 8 & 1) == 0) continue;
          hits[q][found[q]++] = {static_cast<std::uint32_t>(position + lane), values[lane]};
        }
      }
    }
  }
}

template <std::size_t kQueries>
void scan_queries(const CodeBlocks& blocks, const Int8Query* const* queries,
                  const float* thresholds, ScanHit* const* hits, std::size_t* found) {
#if HWY_TARGET == HWY_AVX3
  if (kernels::uses_byte_products()) {
    scan_all<VnniProducts, kQueries>(blocks, queries, thresholds, hits, found);
    return;
  }
#endif
  scan_all<WidenedProducts, kQueries>(blocks, queries, thresholds, hits, found);
}

void scan_one(const CodeBlocks& blocks, const Int8Query* const* queries, const float* thresholds,
              ScanHit* const* hits, std::size_t* found) {
  scan_queries<1>(blocks, queries, thresholds, hits, found);
}

void scan_four(const CodeBlocks& blocks, const Int8Query* const* queries, const float* thresholds,
               ScanHit* const* hits, std::size_t* found) {
  scan_queries<kScannedTogether>(blocks, queries, thresholds, hits, found);
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::index
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::index {
namespace {

HWY_EXPORT(scan_one);
HWY_EXPORT(scan_four);

constexpr float kMostStep = 127;

}  // namespace

float encode_int8(std::span<const float> row, std::span<std::int8_t> code) {
  assert(code.size() >= row.size());
  // Magnitudes are ordered as the integers of their bits, what is not finite above all others; so
  // the compiler may use vectors.
  constexpr std::uint32_t kMagnitude = 0x7fffffff, kInfinity = 0x7f800000;
  std::uint32_t bits = 0;
  for (const float value : row) {
    bits = std::max(bits, std::bit_cast<std::uint32_t>(value) & kMagnitude);
  }
  std::fill(code.begin(), code.end(), std::int8_t{0});
  const float scale = std::bit_cast<float>(bits) / kMostStep;
  if (bits >= kInfinity || !(scale > 0)) return 0;  // also values too small to be divided by
  for (std::size_t d = 0; d < row.size(); ++d) {
    const float step = std::rint(row[d] / scale);
    code[d] = static_cast<std::int8_t>(std::clamp(step, -kMostStep, kMostStep));
  }
  return scale;
}

Int8Query::Int8Query(std::span<const float> query) : bytes_(code_size(query.size())) {
  scale_ = encode_int8(query, bytes_);
  pairs_.reserve(bytes_.size() / 2);
  const auto pair = [](std::int8_t low, std::int8_t high) {
    return static_cast<std::int32_t>(
        static_cast<std::uint32_t>(static_cast<std::uint16_t>(std::int16_t{low})) |
        static_cast<std::uint32_t>(static_cast<std::uint16_t>(std::int16_t{high})) << 16);
  };
  for (std::size_t i = 0; i < bytes_.size(); i += 4) {
    pairs_.push_back(pair(bytes_[i], bytes_[i + 2]));
    pairs_.push_back(pair(bytes_[i + 1], bytes_[i + 3]));
  }
  for (const std::int8_t value : bytes_) bias_ -= std::int32_t{kZeroCode} * value;
}

std::size_t scan(const CodeBlocks& blocks, const Int8Query& query, float threshold, ScanHit* hits) {
  const Int8Query* queries = &query;
  std::size_t found = 0;
  HWY_DYNAMIC_DISPATCH(scan_one)(blocks, &queries, &threshold, &hits, &found);
  return found;
}

std::array<std::size_t, kScannedTogether> scan_together(
    const CodeBlocks& blocks, const std::array<const Int8Query*, kScannedTogether>& queries,
    const std::array<float, kScannedTogether>& thresholds,
    const std::array<ScanHit*, kScannedTogether>& hits) {
  std::array<std::size_t, kScannedTogether> found{};
  HWY_DYNAMIC_DISPATCH(scan_four)
  (blocks, queries.data(), thresholds.data(), hits.data(), found.data());
  return found;
}

}  // namespace pressmark::index
#endif  // HWY_ONCE
