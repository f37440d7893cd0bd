// SPDX-License-Identifier: Apache-2.0
//
// While tiles are multiplied, the sums of the step before are compared: a step is 16 codes of the
// query with 32 of the candidate.
//
// Keys are made positive, so that, read as floating-point numbers, they keep their order: these
// processors find the larger of two numbers at twice the rate of two integers.
#include "kernels/cpu/tiled_match.hpp"

#ifdef PRESSMARK_HAS_TILES
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/math/code_distance.hpp"

// Processors with tiles have these. Loops over the rows of a tile are unrolled whole, so that what
// they hold stays in registers.
#define PRESSMARK_TILED __attribute__((target("avx512f,avx512bw,avx512vbmi2")))

namespace pressmark::kernels::cpu {
namespace {

constexpr std::size_t kTile = TileShapes::kRows, kStep = 2 * kTile;  // codes
constexpr std::size_t kTileBytes = kTile * TileShapes::kRowBytes;
static_assert(kLocalCodeSize == static_cast<int>(TileShapes::kRowBytes));

// What sums start with. Shifted by 12 bits its upper half is gone and -kLeast remains: keys are
// between 0 and 2^31. The upper half keeps the sums themselves positive.
constexpr std::int32_t kBias = (1 << 30) - kLeast;
// For places without a code: loses to all, and is no denormal number when shifted.
constexpr std::int32_t kNobody = (1 << 30) + (1 << 11);

std::size_t padded_to(std::size_t count, std::size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

struct alignas(64) Sums {
  std::array<std::array<std::int32_t, kTile>, kTile> rows;
};

// What the sums of a tile start with that holds `rows` x `columns` codes.
void set_biases(std::size_t rows, std::size_t columns, Sums& biases) {
  for (std::size_t r = 0; r < kTile; ++r) {
    for (std::size_t c = 0; c < kTile; ++c) {
      biases.rows[r][c] = r < rows && c < columns ? kBias : kNobody;
    }
  }
}

// Exchanges, of all 2 x 2 squares of kDistance x kDistance values, the two off the diagonal.
template <int kDistance>
PRESSMARK_TILED inline void exchange(__m512i (&rows)[kTile]) {
  alignas(64) std::array<std::int32_t, kTile> upper_from, lower_from;
  for (int i = 0; i < static_cast<int>(kTile); ++i) {
    const int other = i ^ kDistance, second = static_cast<int>(kTile);
    upper_from[static_cast<std::size_t>(i)] = (i & kDistance) != 0 ? second + other : i;
    lower_from[static_cast<std::size_t>(i)] = (i & kDistance) != 0 ? second + i : other;
  }
  const __m512i to_upper = _mm512_load_si512(upper_from.data());
  const __m512i to_lower = _mm512_load_si512(lower_from.data());
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kTile; ++i) {
    if ((i & kDistance) != 0) continue;
    const __m512i upper = rows[i], lower = rows[i + kDistance];
    rows[i] = _mm512_permutex2var_epi32(upper, to_upper, lower);
    rows[i + kDistance] = _mm512_permutex2var_epi32(upper, to_lower, lower);
  }
}

PRESSMARK_TILED inline void transpose(__m512i (&rows)[kTile]) {
  exchange<1>(rows);
  exchange<2>(rows);
  exchange<4>(rows);
  exchange<8>(rows);
}

// 16 codes, row by row, become 16 groups of four values of each.
PRESSMARK_TILED void turn_codes(const std::int8_t* from, std::int8_t* to) {
  __m512i rows[kTile];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kTile; ++i) rows[i] = _mm512_loadu_si512(from + i * kLocalCodeSize);
  transpose(rows);
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kTile; ++i) _mm512_store_si512(to + i * kLocalCodeSize, rows[i]);
}

PRESSMARK_TILED inline __m512 larger(__m512 a, __m512i b) {
  return _mm512_maskz_max_ps(0xffff, a, _mm512_castsi512_ps(b));
}

// similarity << 12 | key, whose bits stand at its upper end.
PRESSMARK_TILED inline __m512i keyed(__m512i similarity, __m512i key) {
  return _mm512_shldi_epi32(similarity, key, kIndexBits);
}

// The best of one hypothesis so far: of 16 rows, lane by lane, and of two blocks of columns.
struct BestOfStep {
  std::int32_t* rows;
  std::int32_t* columns;
};

PRESSMARK_TILED inline void take_best(const Sums* sums, const std::int32_t* row_keys,
                                      const std::int32_t* column_keys, const BestOfStep& best) {
  const __m512i first_key = _mm512_load_si512(column_keys);
  const __m512i second_key = _mm512_load_si512(column_keys + kTile);
  __m512 first_column = _mm512_load_ps(best.columns);
  __m512 second_column = _mm512_load_ps(best.columns + kTile);
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kTile; ++r) {
    const __m512i row_key = _mm512_set1_epi32(row_keys[r]);
    const __m512i first = _mm512_load_si512(sums[0].rows[r].data());
    const __m512i second = _mm512_load_si512(sums[1].rows[r].data());
    first_column = larger(first_column, keyed(first, row_key));
    second_column = larger(second_column, keyed(second, row_key));
    const __m512 row = larger(_mm512_load_ps(best.rows + r * kTile), keyed(first, first_key));
    _mm512_store_ps(best.rows + r * kTile, larger(row, keyed(second, second_key)));
  }
  _mm512_store_ps(best.columns, first_column);
  _mm512_store_ps(best.columns + kTile, second_column);
}

// The largest of each of 16 rows.
PRESSMARK_TILED void take_largest(const std::int32_t* rows, std::int32_t* largest) {
  __m512i lanes[kTile];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kTile; ++r) lanes[r] = _mm512_load_si512(rows + r * kTile);
  transpose(lanes);
  __m512 all = _mm512_castsi512_ps(lanes[0]);
#pragma GCC unroll 16
  for (std::size_t r = 1; r < kTile; ++r) all = larger(all, lanes[r]);
  _mm512_store_ps(largest, all);
}

// 4095 - index at the upper end.
AlignedVector<std::int32_t> upper_keys(std::size_t count) {
  AlignedVector<std::int32_t> keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t key = static_cast<std::uint32_t>(kIndexMask) - static_cast<unsigned>(i);
    keys[i] = static_cast<std::int32_t>(key << (32 - kIndexBits));
  }
  return keys;
}

// Rows of up to 16 pairs while their rivals are looked for.
struct RivalRows {
  alignas(64) std::array<std::int8_t, kTileBytes> codes{};
  std::array<std::int32_t, kTile> thresholds;  // what is less similar is no rival
  std::array<float, kTile> xs{}, ys{};         // of the row's best candidate
  alignas(64) std::array<std::array<std::int32_t, kTile>, kTile> best;
};

PRESSMARK_TILED inline __mmask16 is_far(__m512 x, __m512 y, __m512 from_x, __m512 from_y) {
  const __m512 dx = _mm512_sub_ps(x, from_x), dy = _mm512_sub_ps(y, from_y);
  const __m512 squared = _mm512_add_ps(_mm512_mul_ps(dx, dx), _mm512_mul_ps(dy, dy));
  return _mm512_cmp_ps_mask(squared, _mm512_set1_ps(kSamePlacePx * kSamePlacePx), _CMP_GT_OQ);
}

PRESSMARK_TILED inline void take_rivals(const Sums* sums, const float* xs, const float* ys,
                                        RivalRows& rows) {
  for (std::size_t r = 0; r < kTile; ++r) {
    const __m512i threshold = _mm512_set1_epi32(rows.thresholds[r]);
    const __m512i first = _mm512_load_si512(sums[0].rows[r].data());
    const __m512i second = _mm512_load_si512(sums[1].rows[r].data());
    const __mmask16 first_reach = _mm512_cmpge_epi32_mask(first, threshold);
    const __mmask16 second_reach = _mm512_cmpge_epi32_mask(second, threshold);
    if (__builtin_expect(_mm512_kortestz(first_reach, second_reach) != 0, 1)) continue;
    const __m512 x = _mm512_set1_ps(rows.xs[r]), y = _mm512_set1_ps(rows.ys[r]);
    const __mmask16 first_far = is_far(_mm512_load_ps(xs), _mm512_load_ps(ys), x, y);
    const __mmask16 second_far =
        is_far(_mm512_load_ps(xs + kTile), _mm512_load_ps(ys + kTile), x, y);
    __m512i best = _mm512_load_si512(rows.best[r].data());
    best = _mm512_mask_max_epi32(best, first_reach & first_far, best, first);
    best = _mm512_mask_max_epi32(best, second_reach & second_far, best, second);
    _mm512_store_si512(rows.best[r].data(), best);
  }
}

// The least similarity, or a little less, by which a rival beats a pair: is_beaten() solved for it.
std::int32_t rival_threshold(std::int32_t similarity, float ratio) {
  const double squared = squared_code_distance(similarity);
  if (!(squared > 0)) return std::numeric_limits<std::int32_t>::max();
  const double share = squared / (2.0 * ratio * ratio);
  // With a ratio near 0 nothing could be a rival.
  return static_cast<std::int32_t>(std::max(127.0 * 127.0 * (1 - share) - 2, -1.0 * (1 << 20)));
}

}  // namespace

bool TiledCodes::is_possible() {
  static const bool has_instructions =
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
  return has_instructions && uses_tiles();
}

TiledCodes::TiledCodes(const CodesView& query, const CodesView& candidate, int even_size)
    : queries_(query.keypoints.size()),
      candidates_(candidate.keypoints.size()),
      padded_queries_(padded_to(queries_, kTile)),
      padded_candidates_(padded_to(candidates_, kStep)),
      same_(padded_queries_ * kLocalCodeSize, 0),
      columns_(padded_candidates_ * kLocalCodeSize),
      xs_(padded_candidates_, std::numeric_limits<float>::quiet_NaN()),
      ys_(xs_) {
  std::copy(query.codes.begin(), query.codes.end(), same_.begin());
  inverted_ = same_;
  int least = 0;
  for (std::size_t i = 0; i < inverted_.size(); i += kLocalCodeSize) {
    std::int8_t* code = &inverted_[i];
    for (int d = even_size; d < kLocalCodeSize; ++d) {
      least = std::min<int>(least, code[d]);
      code[d] = static_cast<std::int8_t>(-code[d]);
    }
  }
  is_negatable_ = least > std::numeric_limits<std::int8_t>::min();
  for (std::size_t i = 0; i < candidates_; ++i) {
    xs_[i] = candidate.keypoints[i].x_px;
    ys_[i] = candidate.keypoints[i].y_px;
  }
  std::array<std::int8_t, kTileBytes> last{};
  for (std::size_t i = 0; i < padded_candidates_; i += kTile) {
    const std::size_t from = std::min(i, candidates_), count = std::min(kTile, candidates_ - from);
    const std::int8_t* codes = candidate.codes.data() + from * kLocalCodeSize;
    if (count < kTile) {
      last.fill(0);
      std::copy_n(codes, count * kLocalCodeSize, last.begin());
      codes = last.data();
    }
    turn_codes(codes, &columns_[i * kLocalCodeSize]);
  }
}

PRESSMARK_TILED void TiledCodes::find_best(Keys& same, Keys& inverted) const {
  const auto row_keys = upper_keys(padded_queries_), column_keys = upper_keys(padded_candidates_);
  const std::size_t steps = padded_candidates_ / kStep;
  const TileShapes shapes;
  const TilesInUse in_use(shapes);
  Sums biases[3];  // of all tiles but the last two, and of those
  Sums sums[2][4];
  alignas(64) std::array<std::int32_t, kTile * kTile> best_same, best_inverted;
  for (std::size_t q = 0; q < padded_queries_; q += kTile) {
    const std::size_t rows = std::min(kTile, queries_ - q);
    const std::size_t last = candidates_ - (steps - 1) * kStep;
    set_biases(rows, kTile, biases[0]);
    set_biases(rows, last, biases[1]);
    set_biases(rows, last > kTile ? last - kTile : 0, biases[2]);
    best_same.fill(0);
    best_inverted.fill(0);
    PRESSMARK_LOAD_TILE(4, &same_[q * kLocalCodeSize], kLocalCodeSize);
    PRESSMARK_LOAD_TILE(5, &inverted_[q * kLocalCodeSize], kLocalCodeSize);
    const auto take = [&](std::size_t step) PRESSMARK_TILED {
      const std::size_t c = step * kStep;
      const Sums* found = sums[step % 2];
      take_best(found, &row_keys[q], &column_keys[c], {best_same.data(), &same.columns[c]});
      take_best(found + 2, &row_keys[q], &column_keys[c],
                {best_inverted.data(), &inverted.columns[c]});
    };
    for (std::size_t step = 0; step < steps; ++step) {
      const Sums* first = step + 1 < steps ? &biases[0] : &biases[1];
      const Sums* second = step + 1 < steps ? &biases[0] : &biases[2];
      const std::int8_t* columns = &columns_[step * kStep * kLocalCodeSize];
      PRESSMARK_LOAD_TILE(6, columns, kLocalCodeSize);
      PRESSMARK_LOAD_TILE(7, columns + kTileBytes, kLocalCodeSize);
      PRESSMARK_LOAD_TILE(0, first, kLocalCodeSize);
      PRESSMARK_LOAD_TILE(1, second, kLocalCodeSize);
      PRESSMARK_LOAD_TILE(2, first, kLocalCodeSize);
      PRESSMARK_LOAD_TILE(3, second, kLocalCodeSize);
      PRESSMARK_MULTIPLY_SIGNED_TILES(0, 4, 6);
      PRESSMARK_MULTIPLY_SIGNED_TILES(1, 4, 7);
      PRESSMARK_MULTIPLY_SIGNED_TILES(2, 5, 6);
      PRESSMARK_MULTIPLY_SIGNED_TILES(3, 5, 7);
      if (step > 0) take(step - 1);
      Sums* to = sums[step % 2];
      PRESSMARK_STORE_TILE(0, to, kLocalCodeSize);
      PRESSMARK_STORE_TILE(1, to + 1, kLocalCodeSize);
      PRESSMARK_STORE_TILE(2, to + 2, kLocalCodeSize);
      PRESSMARK_STORE_TILE(3, to + 3, kLocalCodeSize);
    }
    take(steps - 1);
    take_largest(best_same.data(), &same.rows[q]);
    take_largest(best_inverted.data(), &inverted.rows[q]);
  }
}

std::vector<MutualPair> TiledCodes::mutual_pairs() const {
  Keys same{AlignedVector<std::int32_t>(padded_queries_),
            AlignedVector<std::int32_t>(padded_candidates_, 0)};
  Keys inverted = same;
  find_best(same, inverted);
  // Every one is written, and overwritten unless it is mutual: which are is not to be foreseen.
  std::vector<MutualPair> pairs(2 * queries_ + 1);
  std::size_t count = 0;
  for (const bool is_inverted : {false, true}) {
    const Keys& keys = is_inverted ? inverted : same;
    for (std::size_t q = 0; q < queries_; ++q) {
      const std::size_t c = index_of(keys.rows[q]);
      pairs[count] = {q, c, (keys.rows[q] >> kIndexBits) + kLeast, kLeast, is_inverted};
      count += static_cast<std::size_t>(index_of(keys.columns[c]) == q);
    }
  }
  pairs.resize(count);
  return pairs;
}

PRESSMARK_TILED void TiledCodes::add_rivals_of_tile(float ratio,
                                                    std::span<MutualPair> pairs) const {
  RivalRows rows;
  rows.thresholds.fill(std::numeric_limits<std::int32_t>::max());
  for (auto& lanes : rows.best) lanes.fill(kLeast);
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    const MutualPair& pair = pairs[r];
    const auto& codes = pair.inverted ? inverted_ : same_;
    std::memcpy(&rows.codes[r * kLocalCodeSize], &codes[pair.query * kLocalCodeSize],
                kLocalCodeSize);
    rows.thresholds[r] = rival_threshold(pair.similarity, ratio);
    rows.xs[r] = xs_[pair.candidate];
    rows.ys[r] = ys_[pair.candidate];
  }
  Sums sums[2][2];
  PRESSMARK_LOAD_TILE(4, rows.codes.data(), kLocalCodeSize);
  for (std::size_t c = 0; c < padded_candidates_; c += kStep) {
    const std::int8_t* columns = &columns_[c * kLocalCodeSize];
    PRESSMARK_LOAD_TILE(6, columns, kLocalCodeSize);
    PRESSMARK_LOAD_TILE(7, columns + kTileBytes, kLocalCodeSize);
    PRESSMARK_ZERO_TILE(0);
    PRESSMARK_ZERO_TILE(1);
    PRESSMARK_MULTIPLY_SIGNED_TILES(0, 4, 6);
    PRESSMARK_MULTIPLY_SIGNED_TILES(1, 4, 7);
    const std::size_t step = c / kStep;
    if (step > 0) take_rivals(sums[(step - 1) % 2], &xs_[c - kStep], &ys_[c - kStep], rows);
    PRESSMARK_STORE_TILE(0, &sums[step % 2][0], kLocalCodeSize);
    PRESSMARK_STORE_TILE(1, &sums[step % 2][1], kLocalCodeSize);
  }
  const std::size_t last = padded_candidates_ - kStep;
  take_rivals(sums[last / kStep % 2], &xs_[last], &ys_[last], rows);
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    pairs[r].rival = *std::max_element(rows.best[r].begin(), rows.best[r].end());
  }
}

void TiledCodes::add_rivals(float ratio, std::span<MutualPair> pairs) const {
  const TileShapes shapes;
  const TilesInUse in_use(shapes);
  for (std::size_t first = 0; first < pairs.size(); first += kTile) {
    add_rivals_of_tile(ratio, pairs.subspan(first, std::min(kTile, pairs.size() - first)));
  }
}

}  // namespace pressmark::kernels::cpu
#endif
