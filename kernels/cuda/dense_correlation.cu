// SPDX-License-Identifier: Apache-2.0
//
// 1. max over shifts s of c(s) = sum_x <Q(x - s), D(x)>, for each scale, each turn by i pi / 16 of
//    a query Q, and each turned by pi more: kernels/math/dense_search.hpp.
// 2. Spectra as in dense_spectra.hpp, of 48 x 48 elements of 4 bytes: the query's eight turns side
//    by side, the candidates' one after the other. Out: an int for each candidate, scale and turn.
// 3. A block owns two candidates, eight turns and one scale: sixteen transforms; y of the grid:
//    queries. Four lanes for pairs of turns, two for candidates and four for rows make a warp: it
//    reads 4 x 4 elements of 8 bytes of the query and 4 x 2 of the candidates per frequency, each
//    element of the query once per block. A thread owns one row of two turns, all values in 96
//    registers, then one column.
// 4. 101 KB for the 33 columns of sixteen transforms that shifts within reach need: two blocks per
//    multiprocessor of compute capability 9.0, one of 8.0. Transforms lie side by side in it.
// 5. Per pair of transforms 18 KB of the query's and 9 KB of the candidate's spectra, twice, from
// the
//    second cache, and 230,000 instructions: 17 million for the 72 pairs of a search. Device memory
//    gives a candidate's spectra once, 46 KB. Bound by arithmetic of integers.
// 6. The CPU's numbers: integers. Maxima do not depend on order.
// 7. kernels/cpu/dense_correlation.cpp.
#include "kernels/cuda/dense_correlation.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/shift_transform.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_search;

constexpr int kCandidateTile = 2;
constexpr int kTile = kTurnPairs * kCandidateTile;  // pairs of transforms of a block
constexpr int kWarps = 6;
constexpr int kThreads = 32 * kWarps;
constexpr int kBlocks = 2;  // per multiprocessor: 168 registers hold a transform and its loads
constexpr int kFirst = kMiddle - kReach, kColumns = 2 * kReach + 1;
constexpr int kRowsAtOnce = kThreads / kTile, kRowRounds = kPeriod / kRowsAtOnce;
constexpr int kColumnTasks = kColumns * kTile;
constexpr int kColumnRounds = (kColumnTasks + kThreads - 1) / kThreads;
static_assert(kThreads % kTile == 0 && kPeriod % kRowsAtOnce == 0 && kTile == 8);

// Of a pair of turns: first, second, and both turned by pi.
constexpr int kMaxima = 4;
struct Maxima {
  int maxima[kWarps][kTile][kMaxima];
};

// Words of two int16 each: of two turns, and of both parts of a candidate's spectrum.
__device__ __forceinline__ int low(int word) {
  return static_cast<std::int16_t>(word);
}
__device__ __forceinline__ int high(int word) {
  return word >> 16;
}
__device__ __forceinline__ SignalPair multiply(const int2& query, int candidate) {
  using shift_transform::product;
  const int real = low(candidate), imaginary = high(candidate);
  return pair_of(product(low(query.x), real) + product(low(query.y), imaginary),
                 product(high(query.x), real) + product(high(query.y), imaginary));
}

// d_query: query_fields spectra for each query. d_products: queries x candidates x (2 * turns *
// scales).
__global__ void __launch_bounds__(kThreads, kBlocks)
    multiply_tiles(const int2* d_query, int query_fields, const int* d_candidates, int candidates,
                   int shrinks, int turns, int scales, int* d_products) {
  int2* const columns = dynamic_shared_memory<int2>();
  Maxima& shared = shared_memory<Maxima>();
  const auto thread = static_cast<int>(threadIdx.x);
  const int groups = turns / kTurnTile, parts = scales * groups;
  const int part = static_cast<int>(blockIdx.x % static_cast<unsigned>(parts));
  const int first = static_cast<int>(blockIdx.x / static_cast<unsigned>(parts)) * kCandidateTile;
  const int scale = part / groups, group = part % groups;

  const int lane = thread % 32, warp = thread / 32;
  const int tile = thread % kTile, turn_pair = tile % kTurnPairs;
  // An odd last candidate is worked on twice.
  const int candidate = std::min(first + tile / kTurnPairs, candidates - 1);
  const std::int64_t query_group =
      std::int64_t{blockIdx.y} * (query_fields / kTurnTile) + query_shrink(scale) * groups + group;
  const int2* query = d_query + query_group * kFrequencies * kTurnPairs + turn_pair;
  const int* spectrum =
      d_candidates + (std::int64_t{candidate} * shrinks + candidate_shrink(scale)) * kFrequencies;

  int best[kMaxima] = {0, 0, 0, 0};
  // Rows and columns share the code of the transform: it has to fit the instruction caches.
#pragma unroll 1
  for (int round = 0; round < kRowRounds + kColumnRounds; ++round) {
    ComplexPair x[3][16], result[kPeriod];
    const bool along_x = round < kRowRounds;
    const int ky = round * kRowsAtOnce + thread / kTile;
    const int task = (round - kRowRounds) * kThreads + thread;
    if (along_x) {
      const int2* q = query + ky * kPeriod * kTurnPairs;
      const int* d = spectrum + ky * kPeriod;
      const int* opposite = spectrum + (kPeriod - ky) % kPeriod * kPeriod;
#pragma unroll
      for (int i = 0; i < kPeriod; ++i) {
        const int kx = shift_transform::input_of(i / 16, i % 16);
        const int2 values = q[kx * kTurnPairs];
        x[i / 16][i % 16] = {multiply(values, d[kx]),
                             multiply(values, opposite[(kPeriod - kx) % kPeriod])};
      }
    } else {
      if (round == kRowRounds) __syncthreads();
      if (task >= kColumnTasks) break;
#pragma unroll
      for (int i = 0; i < kPeriod; ++i) {
        const int2 value = columns[shift_transform::input_of(i / 16, i % 16) * kColumnTasks + task];
        x[i / 16][i % 16] = {{value.x}, {value.y}};
      }
    }
    transform_shifts(x, result);
    if (along_x) {
      int2* to = columns + ky * kColumnTasks + tile;
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
        const ComplexPair& value = result[kFirst + column];
        to[column * kTile] = make_int2(value.re.word, value.im.word);
      }
    } else {
#pragma unroll
      for (int row = 0; row < kColumns; ++row) {
        const ComplexPair& value = result[kFirst + row];
        best[0] = std::max(best[0], first_of(value.re));
        best[1] = std::max(best[1], second_of(value.re));
        best[2] = std::max(best[2], first_of(value.im));
        best[3] = std::max(best[3], second_of(value.im));
      }
    }
  }

  for (int i = 0; i < kMaxima; ++i) {
    for (int apart = kTile; apart < 32; apart *= 2) {
      best[i] = std::max(best[i], __shfl_xor_sync(kWholeWarp, best[i], apart));
    }
    if (lane < kTile) shared.maxima[warp][tile][i] = best[i];
  }
  __syncthreads();
  if (thread >= kMaxima * kTile || first + tile / kTurnPairs >= candidates) return;
  const int which = thread / kTile;
  int largest = 0;
  for (int i = 0; i < kWarps; ++i) largest = std::max(largest, shared.maxima[i][tile][which]);
  const int turn = group * kTurnTile + 2 * turn_pair + which % 2 + which / 2 * turns;
  d_products[(std::int64_t{blockIdx.y} * candidates + candidate) * (2 * turns * scales) +
             product_index(scale, turns, turn)] = largest;
}

}  // namespace

DeviceBuffer<int> largest_products(Lane& lane, const DenseSpectra& query, std::size_t queries,
                                   const DenseSpectra& candidates, std::size_t count, int turns,
                                   int scales) {
  assert(turns % kTurnTile == 0);
  const int parts = scales * turns / kTurnTile;
  const std::size_t pairs = (count + kCandidateTile - 1) / kCandidateTile;
  DeviceBuffer<int> products =
      lane.allocate<int>(queries * count * static_cast<std::size_t>(2 * turns * scales));
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(pairs * static_cast<std::size_t>(parts)),
               static_cast<unsigned>(queries)),
          dim3(kThreads), sizeof(int2) * kPeriod * kColumnTasks},
         multiply_tiles, reinterpret_cast<const int2*>(query.values.data()), query.fields,
         reinterpret_cast<const int*>(candidates.values.data()), static_cast<int>(count),
         candidates.fields, turns, scales, products.data());
  return products;
}

}  // namespace pressmark::kernels::cuda
