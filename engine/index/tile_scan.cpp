// SPDX-License-Identifier: Apache-2.0
#include "engine/index/tile_scan.hpp"

#include <algorithm>
#include <cassert>

#include "engine/index/ivf_lists.hpp"
#include "kernels/byte_tiles.hpp"

#ifdef PRESSMARK_HAS_TILES
#include <immintrin.h>
#endif

namespace pressmark::index {
namespace {

// For fewer queries a tile is too empty.
constexpr std::size_t kLeastTiled = 5;

#ifdef PRESSMARK_HAS_TILES

constexpr std::size_t kTileQueries = 16;
constexpr std::size_t kTileBytes = 64;       // of a row of a tile
constexpr std::size_t kMostTileGroups = 16;  // rows of a tile
// Shorter tiles take as long to load, and other instructions do as well.
constexpr std::size_t kLeastTileGroups = 4;

// Groups of four values in one tile: as many as divide a code evenly. 0: no tile fits.
std::size_t tile_groups(std::size_t groups) {
  for (std::size_t size = kMostTileGroups; size >= kLeastTileGroups; --size) {
    if (groups % size == 0) return size;
  }
  return 0;
}

// Tiles 0 to 3 are sums, 4 and 5 queries, 6 and 7 codes.
kernels::TileShapes shapes_for(std::size_t groups) {
  kernels::TileShapes shapes;
  for (const std::size_t queries : {4, 5}) {
    shapes.row_bytes[queries] = static_cast<std::uint16_t>(4 * groups);
  }
  for (const std::size_t codes : {6, 7}) shapes.rows[codes] = static_cast<std::uint8_t>(groups);
  return shapes;
}

using Sums = std::array<std::array<std::int32_t, kRowsPerBlock>, kTileQueries>;

// Of two blocks of codes, and of one or two tiles of queries: sums[queries][block].
struct PairSums {
  alignas(64) Sums sums[2][2];
};

// Products of a pair of blocks with one or two tiles of queries, step by step.
template <bool kTwo>
struct PairProducts {
  const std::int8_t* queries;
  std::size_t stride;  // from query to query
  const std::uint8_t *first, *second;

  static void begin() {
    PRESSMARK_ZERO_TILE(0);
    PRESSMARK_ZERO_TILE(1);
    if constexpr (kTwo) {
      PRESSMARK_ZERO_TILE(2);
      PRESSMARK_ZERO_TILE(3);
    }
  }
  void add(std::size_t group) const {
    const std::size_t codes = group * kTileBytes;
    PRESSMARK_LOAD_TILE(4, queries + 4 * group, stride);
    PRESSMARK_LOAD_TILE(6, first + codes, kTileBytes);
    PRESSMARK_MULTIPLY_TILES(0, 4, 6);
    PRESSMARK_LOAD_TILE(7, second + codes, kTileBytes);
    PRESSMARK_MULTIPLY_TILES(1, 4, 7);
    if constexpr (kTwo) {
      PRESSMARK_LOAD_TILE(5, queries + kTileQueries * stride + 4 * group, stride);
      PRESSMARK_MULTIPLY_TILES(2, 5, 6);
      PRESSMARK_MULTIPLY_TILES(3, 5, 7);
    }
  }
  static void store(PairSums& to) {
    PRESSMARK_STORE_TILE(0, to.sums[0][0].data(), kTileBytes);
    PRESSMARK_STORE_TILE(1, to.sums[0][1].data(), kTileBytes);
    if constexpr (kTwo) {
      PRESSMARK_STORE_TILE(2, to.sums[1][0].data(), kTileBytes);
      PRESSMARK_STORE_TILE(3, to.sums[1][1].data(), kTileBytes);
    }
  }
};

#define PRESSMARK_AVX512 __attribute__((target("avx512f")))

// Scores of the rows of a block, as scan() computes them. The conversion has a mask, since GCC 12
// warns of what the one without leaves undefined.
PRESSMARK_AVX512 inline __m512 scores_of(const std::array<std::int32_t, kRowsPerBlock>& sums,
                                         __m512i bias, const float* scales) {
  const __m512i sum = _mm512_add_epi32(_mm512_load_si512(sums.data()), bias);
  return _mm512_mul_ps(_mm512_maskz_cvtepi32_ps(0xffff, sum), _mm512_loadu_ps(scales));
}

// Writes the rows of a block that `reach` says.
PRESSMARK_AVX512 inline std::size_t take_hits(__m512 scores, unsigned reach, std::size_t position,
                                              ScanHit* hits) {
  alignas(64) std::array<float, kRowsPerBlock> values;
  _mm512_store_ps(values.data(), scores);
  std::size_t found = 0;
  for (; reach != 0; reach &= reach - 1) {
    const auto lane = static_cast<std::size_t>(__builtin_ctz(reach));
    hits[found++] = {static_cast<std::uint32_t>(position + lane), values[lane]};
  }
  return found;
}

struct TiledQueries {
  std::size_t count, groups;
  const std::int8_t* bytes;
  const std::int32_t* biases;
  std::span<const float> thresholds;
  std::span<ScanHit* const> hits;
  std::span<std::size_t> found;
  std::span<const std::uint8_t> ahead;
};

// A pair of blocks whose sums are known. Of an odd number of blocks the last one stands alone.
struct SummedPair {
  const PairSums* sums = nullptr;  // null: none yet
  const float* scales = nullptr;
  std::size_t position = 0;
  bool is_alone = false;
};

// Hits of queries [first, end).
PRESSMARK_AVX512 inline void take_pair(const SummedPair& pair, const TiledQueries& asked,
                                       std::size_t first, std::size_t end) {
  const float* second_scales = pair.is_alone ? pair.scales : pair.scales + kRowsPerBlock;
  for (std::size_t q = first; q < end; ++q) {
    const Sums* sums = pair.sums->sums[q / kTileQueries];
    const __m512i bias = _mm512_set1_epi32(asked.biases[q]);
    const __m512 threshold = _mm512_set1_ps(asked.thresholds[q]);
    const __m512 scores = scores_of(sums[0][q % kTileQueries], bias, pair.scales);
    const __m512 second = scores_of(sums[1][q % kTileQueries], bias, second_scales);
    const __mmask16 reach = _mm512_cmp_ps_mask(scores, threshold, _CMP_GE_OQ);
    const __mmask16 second_reach = _mm512_cmp_ps_mask(second, threshold, _CMP_GE_OQ);
    if (__builtin_expect(_mm512_kortestz(reach, second_reach) != 0, 1)) continue;
    std::size_t& found = asked.found[q];
    found += take_hits(scores, reach, pair.position, asked.hits[q] + found);
    if (pair.is_alone) continue;
    found += take_hits(second, second_reach, pair.position + kRowsPerBlock, asked.hits[q] + found);
  }
}

// Into the second cache (locality 2) or the first (3), line by line.
template <int kLocality>
void ask_for(std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += kTileBytes) {
    __builtin_prefetch(bytes.data() + i, 0, kLocality);
  }
}

// While tiles of a pair are multiplied, sums of the pair before are compared with the thresholds.
template <bool kTwo>
PRESSMARK_AVX512 void scan_tiles(const CodeBlocks& blocks, const TiledQueries& asked) {
  const std::size_t at_once = tile_groups(asked.groups);
  const std::size_t steps = asked.groups / at_once, block_bytes = asked.groups * kTileBytes;
  const std::size_t pairs = (blocks.blocks + 1) / 2;
  // Each pair asks for a share of what comes later, in whole lines.
  const std::size_t share = (asked.ahead.size() / kTileBytes / pairs + 1) * kTileBytes;
  const kernels::TileShapes shapes = shapes_for(at_once);
  const kernels::TilesInUse in_use(shapes);
  std::array<PairSums, 2> sums;
  SummedPair before;
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    const std::size_t block = 2 * pair;
    const bool is_alone = block + 1 == blocks.blocks;
    const std::uint8_t* codes = blocks.codes + block * block_bytes;
    const std::size_t from = std::min(pair * share, asked.ahead.size());
    ask_for<2>(asked.ahead.subspan(from, std::min(share, asked.ahead.size() - from)));
    using Products = PairProducts<kTwo>;
    const Products products{asked.bytes, 4 * asked.groups, codes,
                            is_alone ? codes : codes + block_bytes};
    Products::begin();
    for (std::size_t step = 0; step < steps; ++step) {
      products.add(step * at_once);
      if (before.sums == nullptr) continue;
      take_pair(before, asked, asked.count * step / steps, asked.count * (step + 1) / steps);
    }
    Products::store(sums[pair % 2]);
    before = {&sums[pair % 2], blocks.scales + block * kRowsPerBlock, block * kRowsPerBlock,
              is_alone};
  }
  if (before.sums != nullptr) take_pair(before, asked, 0, asked.count);
}

#endif

}  // namespace

QueryGroup::QueryGroup(std::span<const Int8Query* const> queries) : size_(queries.size()) {
  assert(size_ > 0 && size_ <= kMost);
  std::copy(queries.begin(), queries.end(), queries_.begin());
  prepare_tiles();
}

QueryGroup::QueryGroup(std::span<const Int8Query> queries) : size_(queries.size()) {
  assert(size_ > 0 && size_ <= kMost);
  for (std::size_t q = 0; q < size_; ++q) queries_[q] = &queries[q];
  prepare_tiles();
}

void QueryGroup::prepare_tiles() {
#ifdef PRESSMARK_HAS_TILES
  const std::size_t groups = queries_.front()->groups(), bytes = 4 * groups;
  if (size_ < kLeastTiled || !kernels::uses_tiles() || tile_groups(groups) == 0) return;
  // Tiles are loaded whole; what fills them up is zero.
  bytes_.resize((size_ > kTileQueries ? 2 : 1) * kTileQueries * bytes);
  for (std::size_t q = 0; q < size_; ++q) {
    std::copy_n(queries_[q]->bytes(), bytes, bytes_.data() + q * bytes);
    biases_[q] = queries_[q]->bias();
  }
#endif
}

void QueryGroup::scan(const CodeBlocks& blocks, std::span<const float> thresholds,
                      std::span<ScanHit* const> hits, std::span<std::size_t> found,
                      [[maybe_unused]] std::span<const std::uint8_t> ahead) const {
  assert(thresholds.size() >= size_ && hits.size() >= size_ && found.size() >= size_);
  std::fill_n(found.begin(), size_, std::size_t{0});
#ifdef PRESSMARK_HAS_TILES
  if (!bytes_.empty()) {
    if (blocks.blocks == 0) return;
    const TiledQueries asked{
        size_, queries_.front()->groups(), bytes_.data(), biases_.data(), thresholds, hits, found,
        ahead};
    return size_ > kTileQueries ? scan_tiles<true>(blocks, asked)
                                : scan_tiles<false>(blocks, asked);
  }
#endif
  for (std::size_t first = 0; first < size_; first += kScannedTogether) {
    const std::size_t count = std::min(kScannedTogether, size_ - first);
    if (count == 1) {
      found[first] = index::scan(blocks, *queries_[first], thresholds[first], hits[first]);
      continue;
    }
    std::array<const Int8Query*, kScannedTogether> together{};
    std::array<float, kScannedTogether> reached{};
    std::array<ScanHit*, kScannedTogether> places{};
    for (std::size_t q = 0; q < kScannedTogether; ++q) {
      const std::size_t query = first + std::min(q, count - 1);  // the last one fills up
      together[q] = queries_[query];
      reached[q] = thresholds[query];
      places[q] = hits[query];
    }
    const auto counts = scan_together(blocks, together, reached, places);
    std::copy_n(counts.begin(), count, found.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

}  // namespace pressmark::index
