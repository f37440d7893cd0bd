// SPDX-License-Identifier: Apache-2.0
//
// Device functions: dot products of a tile of codes (rows) with a tile of others (columns), of
// their even and odd parts apart (kernels/ops.hpp, match). Exact integers.
//
// A block of 256 threads owns 128 rows x 64 columns at a time, a thread 8 x 4 of them: for each
// four elements it reads three vectors of shared memory, 48 bytes, for 32 products dp4a. That is
// what the multipliers need to be the limit, and 64 sums of a thread leave registers for two blocks
// on a multiprocessor. The rows stay while several tiles of columns pass; the next one is on its
// way from device memory, a vector a thread, while products are made.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

inline constexpr int kTileThreads = 256;
inline constexpr int kTileRows = 128, kTileColumns = 64;
inline constexpr int kThreadRows = 8, kThreadColumns = 4;
inline constexpr int kThreadsPerRow = kTileColumns / kThreadColumns;
inline constexpr int kThreadsPerColumn = kTileRows / kThreadRows;
static_assert(kThreadsPerRow * kThreadsPerColumn == kTileThreads);

inline constexpr int kCodeWords = kLocalCodeSize / 4;     // of four elements
inline constexpr int kCodeVectors = kLocalCodeSize / 16;  // int4

// Word by word, so that a thread finds its codes' words side by side. Words [0, even_words) are
// even, [even_words, words) odd; one that holds elements of both comes twice, each time with zeros
// for the other part.
struct CodeTiles {
  alignas(16) int rows[kCodeWords + 1][kTileRows];
  alignas(16) int columns[kCodeWords + 1][kTileColumns];
};

struct CodeParts {
  int even_words, words;
};

// even_size: even.
__host__ __device__ constexpr CodeParts code_parts(int even_size) {
  return {(even_size + 3) / 4, kCodeWords + (even_size % 4 != 0 ? 1 : 0)};
}

// Elements of word `word` that belong to the even part.
__device__ __forceinline__ int even_mask(int word, int even_size) {
  const int elements = even_size - 4 * word;
  return elements >= 4 ? -1 : elements > 0 ? 0xffff : 0;
}

template <int kCodes>
__device__ __forceinline__ void store_word(int (*tile)[kCodes], int code, int word, int value,
                                           int even_size) {
  const int mask = even_mask(word, even_size);
  const int odd_word = word + (even_size % 4 != 0 ? 1 : 0);
  if (mask != 0) tile[word][code] = value & mask;
  if (mask != -1) tile[odd_word][code] = value & ~mask;
}

// The i-th vector of a tile of kCodes codes, those beyond `count` zero. Neighbouring lanes take
// neighbouring codes, which they store without conflicts; what is left of a sector another warp
// takes from the cache.
template <int kCodes>
__device__ __forceinline__ int4 fetch_vector(const int4* d_codes, int count, int i) {
  const int code = i % kCodes, vector = i / kCodes;
  return code < count ? d_codes[code * kCodeVectors + vector] : make_int4(0, 0, 0, 0);
}

template <int kCodes>
__device__ __forceinline__ void store_vector(int (*tile)[kCodes], const int4& four, int i,
                                             int even_size) {
  const int code = i % kCodes, word = i / kCodes * 4;
  store_word(tile, code, word, four.x, even_size);
  store_word(tile, code, word + 1, four.y, even_size);
  store_word(tile, code, word + 2, four.z, even_size);
  store_word(tile, code, word + 3, four.w, even_size);
}

__device__ __forceinline__ void load_rows(CodeTiles& tiles, const int4* d_codes, int count,
                                          int even_size) {
  for (int i = static_cast<int>(threadIdx.x); i < kTileRows * kCodeVectors; i += kTileThreads) {
    store_vector(tiles.rows, fetch_vector<kTileRows>(d_codes, count, i), i, even_size);
  }
}

// The running thread's part of a tile of columns.
static_assert(kTileColumns * kCodeVectors == kTileThreads);
__device__ __forceinline__ int4 fetch_columns(const int4* d_codes, int count) {
  return fetch_vector<kTileColumns>(d_codes, count, static_cast<int>(threadIdx.x));
}
__device__ __forceinline__ void store_columns(CodeTiles& tiles, const int4& four, int even_size) {
  store_vector(tiles.columns, four, static_cast<int>(threadIdx.x), even_size);
}

// Tiles of columns that a block goes through: more than one only where there are blocks enough for
// a large device, which runs two on each of its 132 multiprocessors at a time.
inline int columns_per_block(std::int64_t row_tiles, std::int64_t column_tiles) {
  constexpr std::int64_t kEnoughBlocks = 512, kMost = 8;
  return static_cast<int>(
      std::clamp(row_tiles * column_tiles / kEnoughBlocks, std::int64_t{1}, kMost));
}

// First row and column of the running thread.
__device__ __forceinline__ int thread_row() {
  return static_cast<int>(threadIdx.x) / kThreadsPerRow * kThreadRows;
}
__device__ __forceinline__ int thread_column() {
  return static_cast<int>(threadIdx.x) % kThreadsPerRow * kThreadColumns;
}

using ThreadProducts = int[kThreadRows][kThreadColumns];

// Adds the products over words [first, last) of the running thread's codes.
__device__ __forceinline__ void add_products(const CodeTiles& tiles, int first, int last,
                                             ThreadProducts& sums) {
  const int row = thread_row(), column = thread_column();
#pragma unroll 2
  for (int k = first; k < last; ++k) {
    const int4 upper = *reinterpret_cast<const int4*>(&tiles.rows[k][row]);
    const int4 lower = *reinterpret_cast<const int4*>(&tiles.rows[k][row + 4]);
    const int4 right = *reinterpret_cast<const int4*>(&tiles.columns[k][column]);
    const int a[kThreadRows] = {upper.x, upper.y, upper.z, upper.w,
                                lower.x, lower.y, lower.z, lower.w};
    const int b[kThreadColumns] = {right.x, right.y, right.z, right.w};
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) sums[i][j] = __dp4a(a[i], b[j], sums[i][j]);
    }
  }
}

// Keys of a row from all threads that own columns of it. Rows begin in different banks.
using RowKeys = int[kThreadsPerRow + 1];

template <int kKeys>
__device__ __forceinline__ int greatest(const int (&keys)[kKeys]) {
  int best = keys[0];
#pragma unroll
  for (int i = 1; i < kKeys - 1; ++i) best = std::max(best, keys[i]);
  return best;
}

// One code in registers.
struct CodeInParts {
  int even[kCodeWords], odd[kCodeWords];
};

__device__ __forceinline__ CodeInParts load_parts(const int4* d_code, int even_size) {
  CodeInParts code;
#pragma unroll
  for (int v = 0; v < kCodeVectors; ++v) {
    const int4 four = d_code[v];
    const int words[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int mask = even_mask(4 * v + i, even_size);
      code.even[4 * v + i] = words[i] & mask;
      code.odd[4 * v + i] = words[i] & ~mask;
    }
  }
  return code;
}

// Dot product of two codes, with the odd part negated or not.
__device__ __forceinline__ int product(const CodeInParts& code, const int4* d_other,
                                       bool is_inverted) {
  int even = 0, odd = 0;
#pragma unroll
  for (int v = 0; v < kCodeVectors; ++v) {
    const int4 four = d_other[v];
    const int words[4] = {four.x, four.y, four.z, four.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      even = __dp4a(code.even[4 * v + i], words[i], even);
      odd = __dp4a(code.odd[4 * v + i], words[i], odd);
    }
  }
  return is_inverted ? even - odd : even + odd;
}

}  // namespace pressmark::kernels::cuda
