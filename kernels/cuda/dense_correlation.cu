// SPDX-License-Identifier: Apache-2.0
//
// 1. max over shifts s of c(s) = sum_x <Q(x - s), D(x)>, for each scale, each turn by i pi / 16 of
// a
//    query Q, and each turned by pi more: kernels/cuda/dense_correlation.hpp.
// 2. Spectra as in dense_spectra.hpp, of 48 x 25 elements of 16 bytes: the query's four turns side
//    by side, the candidates' one after the other. Out: a float for each candidate, scale and turn,
//    in the order in which the CPU goes through them.
// 3. A block owns two candidates, four turns and one scale: eight transforms; y of the grid:
//    queries. Four lanes for turns, two for candidates and four for rows make a warp: it reads 4 x
//    4 elements of the query and 4 x 2 of the candidates per frequency, each element once per
//    block. A thread owns one row, all 48 values in its registers, then one column. Rows ky and -ky
//    come from the same products: lanes 16 apart exchange halves.
// 4. 101 KB for the 33 columns of eight transforms that shifts within reach need: two blocks per
//    multiprocessor of compute capability 9.0, one of 8.0. Transforms lie side by side in it, and
//    the two rows of half a warp are neighbours: no conflicts of banks.
// 5. Per transform 9.6 KB of the query's and 4.8 KB of the candidate's spectra, from the second
//    cache, and 96,000 operations: 2.1 MB and 14 million for the 144 transforms of a pair. Device
//    memory gives a candidate's spectra once, 96 KB. Bound by arithmetic, which has no fused
//    operations: nine of ten instructions are sums and products.
// 6. The CPU's operations in its order: its bits. Maxima do not depend on order.
// 7. kernels/cpu/dense_search.cpp, which goes through eight turns at a time.
#include "kernels/cuda/dense_correlation.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_search;

constexpr int kCandidateTile = 2;
constexpr int kTile = kTurnTile * kCandidateTile;  // transforms of a block
constexpr int kWarps = 6;
constexpr int kThreads = 32 * kWarps;
constexpr int kBlocks = 2;  // per multiprocessor: 168 registers hold a transform and its loads
constexpr int kColumns = 2 * kReach + 1;
constexpr int kRowRounds = kPeriod * kTile / kThreads;
constexpr int kColumnTasks = kColumns * kTile;
constexpr int kColumnRounds = (kColumnTasks + kThreads - 1) / kThreads;
static_assert(kPeriod * kTile % kThreads == 0 && kThreads % kTile == 0 && kTile == 8);

struct Maxima {
  float maxima[kWarps][kTile][2];
};

// d_query: query_fields spectra for each query. d_products: queries x candidates x (2 * turns *
// scales).
__global__ void __launch_bounds__(kThreads, kBlocks)
    correlate_tiles(const float4* d_query, int query_fields, const float4* d_candidates,
                    int candidates, int shrinks, int turns, int scales, float* d_products) {
  float2* const columns = dynamic_shared_memory<float2>();
  Maxima& shared = shared_memory<Maxima>();
  const auto thread = static_cast<int>(threadIdx.x);
  const int groups = turns / kTurnTile, parts = scales * groups;
  const int part = static_cast<int>(blockIdx.x % static_cast<unsigned>(parts));
  const int first = static_cast<int>(blockIdx.x / static_cast<unsigned>(parts)) * kCandidateTile;
  const int scale = part / groups, group = part % groups;

  const int lane = thread % 32, warp = thread / 32;
  const int tile = thread % kTile, turn = tile % kTurnTile;
  // An odd last candidate is worked on twice.
  const int candidate = std::min(first + tile / kTurnTile, candidates - 1);
  const float4* query = d_query + std::int64_t{blockIdx.y} * query_fields * kSpectrumElements +
                        (query_shrink(scale) * groups + group) * kTurnTile * kSpectrumElements +
                        turn;
  const float4* spectrum =
      d_candidates +
      (std::int64_t{candidate} * shrinks + candidate_shrink(scale)) * kSpectrumElements;

  float best_re = 0, best_im = 0;
  // Rows and columns share the code of the transform: it has to fit the instruction caches.
#pragma unroll 1
  for (int round = 0; round < kRowRounds + kColumnRounds; ++round) {
    ComplexValue x[kPeriod], result[kPeriod];
    const bool along_x = round < kRowRounds;
    // Of four rows of a warp two are neighbours and the others what they become at -ky; 0 and 24
    // are their own.
    const int pair = 2 * (round * kWarps + warp) + lane / kTile % 2;
    const int mirrored = pair == 0 ? kPeriod / 2 : kPeriod - pair;
    const int ky = lane < 16 ? pair : mirrored;
    const int task = (round - kRowRounds) * kThreads + thread;
    if (along_x) {
      const int other = pair == 0 ? lane : lane ^ 16;
      const float4* q = query + ky * kHalf * kTurnTile;
      const float4* d = spectrum + ky * kHalf;
#pragma unroll
      for (int kx = 0; kx < kHalf; ++kx) {
        const Products products = multiply(q[kx * kTurnTile], d[kx]);
        x[kx] = swapped(products.here);
        if (kx == 0 || kx == kHalf - 1) continue;
        x[kPeriod - kx] = {__shfl_sync(kWholeWarp, products.mirrored.im, other),
                           __shfl_sync(kWholeWarp, products.mirrored.re, other)};
      }
    } else {
      if (round == kRowRounds) __syncthreads();
      if (task >= kColumnTasks) break;
#pragma unroll
      for (int y = 0; y < kPeriod; ++y) {
        const float2 value = columns[y * kColumnTasks + task];
        x[y] = {value.x, value.y};
      }
    }
    fft48(x, result);
    // Parts stay swapped in between.
    if (along_x) {
      float2* to = columns + ky * kColumnTasks + tile;
#pragma unroll
      for (int column = 0; column < kColumns; ++column) {
        const ComplexValue& value = result[shift_of<kReach>(column)];
        to[column * kTile] = make_float2(value.re, value.im);
      }
    } else {
#pragma unroll
      for (int row = 0; row < kColumns; ++row) {
        const ComplexValue& value = result[shift_of<kReach>(row)];
        best_re = fmaxf(best_re, value.im);
        best_im = fmaxf(best_im, value.re);
      }
    }
  }

  for (int apart = kTile; apart < 32; apart *= 2) {
    best_re = fmaxf(best_re, __shfl_xor_sync(kWholeWarp, best_re, apart));
    best_im = fmaxf(best_im, __shfl_xor_sync(kWholeWarp, best_im, apart));
  }
  if (lane < kTile) {
    shared.maxima[warp][tile][0] = best_re;
    shared.maxima[warp][tile][1] = best_im;
  }
  __syncthreads();
  if (thread >= 2 * kTile) return;
  const int by_pi = thread / kTile;
  float best = 0;
  for (int i = 0; i < kWarps; ++i) best = fmaxf(best, shared.maxima[i][tile][by_pi]);
  if (first + tile / kTurnTile >= candidates) return;
  d_products[(std::int64_t{blockIdx.y} * candidates + candidate) * (2 * turns * scales) +
             product_index(scale, turns, group * kTurnTile + turn, by_pi != 0)] = best;
}

}  // namespace

DeviceBuffer<float> largest_correlations(Lane& lane, const DenseSpectra& query, std::size_t queries,
                                         const DenseSpectra& candidates, std::size_t count,
                                         int turns, int scales) {
  const int parts = scales * turns / kTurnTile;
  const std::size_t pairs = (count + kCandidateTile - 1) / kCandidateTile;
  DeviceBuffer<float> products =
      lane.allocate<float>(queries * count * static_cast<std::size_t>(2 * turns * scales));
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(pairs * static_cast<std::size_t>(parts)),
               static_cast<unsigned>(queries)),
          dim3(kThreads), sizeof(float2) * kPeriod * kColumnTasks},
         correlate_tiles, query.values.data(), query.fields, candidates.values.data(),
         static_cast<int>(count), candidates.fields, turns, scales, products.data());
  return products;
}

}  // namespace pressmark::kernels::cuda
