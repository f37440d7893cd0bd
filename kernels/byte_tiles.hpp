// SPDX-License-Identifier: Apache-2.0
//
// Tiles of bytes that are multiplied by one instruction (AMX of x86-64 Linux): whether the
// processor has them, and the few instructions, written out, so that a file needs no other options
// than the rest. Compilers use no tile registers by themselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pressmark::kernels {

// Whether tiles are used. The first call asks the system to let this process use them.
// Thread-safe.
bool uses_tiles();

// For tests and benchmarks: without them, or again with them; returns whether they are used.
// Affects all threads; results are the same either way.
bool allow_tiles(bool allowed);

#if defined(__x86_64__) && defined(__linux__)
#define PRESSMARK_HAS_TILES

// Of the eight tiles, as the processor reads them: all of 16 rows of 64 bytes.
struct TileShapes {
  static constexpr std::size_t kRows = 16, kRowBytes = 64;

  TileShapes() {
    row_bytes.fill(kRowBytes);
    row_bytes_unused.fill(0);
    rows.fill(kRows);
    rows_unused.fill(0);
  }

  std::uint8_t palette = 1, start_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 8> row_bytes, row_bytes_unused;
  std::array<std::uint8_t, 8> rows, rows_unused;
};
static_assert(sizeof(TileShapes) == 64);

// Tile registers are a thread's own; in use they make each switch between threads dearer.
class TilesInUse {
 public:
  explicit TilesInUse(const TileShapes& shapes) {
    asm volatile("ldtilecfg %0" : : "m"(shapes) : "memory");
  }
  ~TilesInUse() { asm volatile("tilerelease" : : : "memory"); }
  TilesInUse(const TilesInUse&) = delete;
  TilesInUse& operator=(const TilesInUse&) = delete;
};

// Tiles by their numbers. stride: bytes from row to row.
#define PRESSMARK_LOAD_TILE(tile, address, stride)                   \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile                    \
               :                                                     \
               : "r"(address), "r"(static_cast<std::size_t>(stride)) \
               : "memory")
#define PRESSMARK_STORE_TILE(tile, address, stride)                  \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)"                \
               :                                                     \
               : "r"(address), "r"(static_cast<std::size_t>(stride)) \
               : "memory")
#define PRESSMARK_ZERO_TILE(tile) asm volatile("tilezero %%tmm" #tile : : :)
// sums[m][n] += rows[m][4 k + i] * columns[k][4 n + i]: signed bytes with unsigned ones, or signed
// ones.
#define PRESSMARK_MULTIPLY_TILES(sums, rows, columns) \
  asm volatile("tdpbsud %%tmm" #columns ", %%tmm" #rows ", %%tmm" #sums : : :)
#define PRESSMARK_MULTIPLY_SIGNED_TILES(sums, rows, columns) \
  asm volatile("tdpbssd %%tmm" #columns ", %%tmm" #rows ", %%tmm" #sums : : :)

#endif

}  // namespace pressmark::kernels
