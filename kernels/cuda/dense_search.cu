// SPDX-License-Identifier: Apache-2.0
//
// 1. max over shifts s of c(s) / (|Q| |D|), c(s) = sum_x <Q(x - s), D(x)>, for each scale, each
//    turn by i pi / 16, i < 16, of a query Q, and each turned by pi more: with X, Y the spectra of
//    real and imaginary parts, Z1 = conj(Qx) Dx + conj(Qy) Dy and Z2 = Qx Dx + Qy Dy, the real and
//    the imaginary parts of the inverse transform of Z1 + i Z2. Then, for the best of them, the
//    shift with a vertex between cells.
// 2. Spectra as in dense_spectra.hpp, of 48 x 25 elements of 16 bytes: the query's four turns side
//    by side, the candidates' one after the other. Products: a float for each candidate, scale and
//    turn, in the order in which the CPU goes through them (product_index).
// 3. correlate(): a block owns two candidates, four turns and one scale: eight transforms. Four
//    lanes for turns, two for candidates and four for rows make a warp: it reads 4 x 4 elements of
//    the query and 4 x 2 of the candidates per frequency, each element once per block. A thread
//    owns one row, all 48 values in its registers, then one column. Rows ky and -ky come from the
//    same products: lanes 16 apart exchange halves. peak(): a block owns one candidate.
// 4. 101 KB for the 33 columns of eight transforms that shifts within reach need: two blocks per
//    multiprocessor of compute capability 9.0, one of 8.0. Transforms lie side by side in it, and
//    the two rows of half a warp are neighbours: no conflicts of banks.
// 5. Per transform 19 KB / 2 of the query's and 19 KB / 4 of the candidate's spectra from the
// second
//    cache, about 110,000 operations: 2 MB and 16 million for the 144 transforms of a pair. Bound
//    by arithmetic, which has no fused operations.
// 6. The CPU's operations in its order: its bits but for the norms' (dense_spectra.cu); maxima do
//    not depend on order. Ties: the first in the CPU's order.
// 7. kernels/cpu/dense_search.cpp, which goes through eight turns at a time.
#include "kernels/cuda/dense_search.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/fft48.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_search;

constexpr int kTurnTile = 4, kCandidateTile = 2;
constexpr int kTile = kTurnTile * kCandidateTile;  // transforms of a block
constexpr int kWarps = 6;
constexpr int kThreads = 32 * kWarps;
constexpr int kBlocks = 2;  // per multiprocessor: 168 registers hold a transform and its loads
constexpr int kColumns = 2 * kReach + 1;
constexpr int kRowRounds = kPeriod * kTile / kThreads;
constexpr int kColumnTasks = kColumns * kTile;
constexpr int kColumnRounds = (kColumnTasks + kThreads - 1) / kThreads;
static_assert(kPeriod * kTile % kThreads == 0 && kThreads % kTile == 0 && kTile == 8);

constexpr int kPeakThreads = 64, kPeakBlocks = 6;
constexpr int kWindow = 2 * kReach + 3;
constexpr int kPeakRow = kWindow;  // odd: 16 neighbouring rows fall into all banks

// Sequence of scales, groups of eight turns, eight turns and the same turned by pi.
__host__ __device__ constexpr int product_index(int scale, int turns, int turn, bool by_pi) {
  return scale * 2 * turns + turn / 8 * 16 + (by_pi ? 8 : 0) + turn % 8;
}

struct Products {
  ComplexValue here, mirrored;  // Z1 + i Z2 at k and at -k
};

__device__ __forceinline__ Products multiply(const float4& q, const float4& d) {
  const float rr = q.x * d.x + q.z * d.z, ii = q.y * d.y + q.w * d.w;
  const float ri = q.x * d.y + q.z * d.w, ir = q.y * d.x + q.w * d.z;
  const float z1r = rr + ii, z1i = ri - ir, z2r = rr - ii, z2i = ri + ir;
  return {{z1r - z2i, z1i + z2r}, {z1r + z2i, z2r - z1i}};
}

// Shift, modulo the period, of a column or row of the window.
template <int kWindowReach>
__device__ constexpr int shift_of(int column) {
  return column <= kWindowReach ? column : column + kPeriod - 2 * kWindowReach - 1;
}

struct CorrelateShared {
  float maxima[kWarps][kTile][2];
};

// d_products: candidates x (2 * turns * scales).
__global__ void __launch_bounds__(kThreads, kBlocks)
    correlate(const float4* d_query, const float4* d_candidates, int candidates, int shrinks,
              int turns, int scales, float* d_products) {
  float2* const columns = dynamic_shared_memory<float2>();
  CorrelateShared& shared = shared_memory<CorrelateShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  const int groups = turns / kTurnTile, parts = scales * groups;
  const int part = static_cast<int>(blockIdx.x % static_cast<unsigned>(parts));
  const int first = static_cast<int>(blockIdx.x / static_cast<unsigned>(parts)) * kCandidateTile;
  const int scale = part / groups, group = part % groups;

  const int lane = thread % 32, warp = thread / 32;
  const int tile = thread % kTile, turn = tile % kTurnTile;
  // An odd last candidate is worked on twice.
  const int candidate = std::min(first + tile / kTurnTile, candidates - 1);
  const float4* query =
      d_query + std::int64_t{query_shrink(scale) * groups + group} * kTurnTile * kSpectrumElements +
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
        x[kPeriod - kx] = {__shfl_sync(0xffffffffu, products.mirrored.im, other),
                           __shfl_sync(0xffffffffu, products.mirrored.re, other)};
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
    best_re = fmaxf(best_re, __shfl_xor_sync(0xffffffffu, best_re, apart));
    best_im = fmaxf(best_im, __shfl_xor_sync(0xffffffffu, best_im, apart));
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
  d_products[std::int64_t{candidate} * (2 * turns * scales) +
             product_index(scale, turns, group * kTurnTile + turn, by_pi != 0)] = best;
}

// What the places of a reduction compete by: the larger value; ties: the lower order.
struct Contender {
  float value;
  int order;
};

__device__ __forceinline__ bool beats(const Contender& a, const Contender& b) {
  return a.value > b.value || (a.value == b.value && a.order < b.order);
}

struct PeakShared {
  Contender contenders[kPeakThreads / 32];
  float values[kWindow][kWindow];
  float2 columns[kPeriod * kPeakRow];
};

// Of the block; every thread gets it.
__device__ __forceinline__ Contender best_of(Contender best, PeakShared& shared) {
  for (int apart = 16; apart > 0; apart /= 2) {
    const Contender other{__shfl_xor_sync(0xffffffffu, best.value, apart),
                          __shfl_xor_sync(0xffffffffu, best.order, apart)};
    if (beats(other, best)) best = other;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared.contenders[threadIdx.x / 32] = best;
  __syncthreads();
  const Contender &a = shared.contenders[0], &b = shared.contenders[1];
  return beats(b, a) ? b : a;
}

__global__ void __launch_bounds__(kPeakThreads, kPeakBlocks)
    peak(const float4* d_query, const float* d_query_norms, const float4* d_candidates,
         const float* d_candidate_norms, const float* d_products, DensePeak* d_peaks) {
  PeakShared& shared = shared_memory<PeakShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  const std::int64_t candidate = blockIdx.x;

  constexpr int kProducts = 2 * kTurns * kScales;
  Contender best{-2, 0};
  for (int i = thread; i < kProducts; i += kPeakThreads) {
    const int scale = i / (2 * kTurns), turn = i / 16 % (kTurns / 8) * 8 + i % 8;
    const float score = score_of(d_products[candidate * kProducts + i],
                                 d_query_norms[query_shrink(scale) * kTurns + turn],
                                 d_candidate_norms[candidate * kShrinks + candidate_shrink(scale)]);
    if (score > best.value) best = {score, i};
  }
  best = best_of(best, shared);
  const int scale = best.order / (2 * kTurns), in_scale = best.order % (2 * kTurns);
  const int turn = in_scale / 16 * 8 + in_scale % 8;
  const bool by_pi = in_scale / 8 % 2 != 0;

  // The correlations around it once more, one cell further than is searched.
  const float4* query =
      d_query + (query_shrink(scale) * kTurns + turn) / kTurnTile * kTurnTile * kSpectrumElements +
      turn % kTurnTile;
  const float4* spectrum =
      d_candidates + (candidate * kShrinks + candidate_shrink(scale)) * kSpectrumElements;
  ComplexValue x[kPeriod], result[kPeriod];
  if (thread < kPeriod) {
    const int here = thread * kHalf, there = (kPeriod - thread) % kPeriod * kHalf;
#pragma unroll
    for (int kx = 0; kx < kHalf; ++kx) {
      x[kx] = swapped(multiply(query[(here + kx) * kTurnTile], spectrum[here + kx]).here);
      if (kx == 0 || kx == kHalf - 1) continue;
      x[kPeriod - kx] =
          swapped(multiply(query[(there + kx) * kTurnTile], spectrum[there + kx]).mirrored);
    }
    fft48(x, result);
#pragma unroll
    for (int column = 0; column < kWindow; ++column) {
      const ComplexValue& value = result[shift_of<kReach + 1>(column)];
      shared.columns[thread * kPeakRow + column] = make_float2(value.re, value.im);
    }
  }
  __syncthreads();
  if (thread < kWindow) {
#pragma unroll
    for (int y = 0; y < kPeriod; ++y) {
      const float2 value = shared.columns[y * kPeakRow + thread];
      x[y] = {value.x, value.y};
    }
    fft48(x, result);
    const int column = (thread + kReach + 1) % kWindow;
#pragma unroll
    for (int row = 0; row < kWindow; ++row) {
      const ComplexValue& value = result[shift_of<kReach + 1>(row)];
      shared.values[(row + kReach + 1) % kWindow][column] = by_pi ? value.re : value.im;
    }
  }
  __syncthreads();

  // The middle comes first, then row by row.
  constexpr int kMiddle = kReach + 1;
  Contender highest{shared.values[kMiddle][kMiddle], -1};
  for (int i = thread; i < kColumns * kColumns; i += kPeakThreads) {
    const Contender other{shared.values[i / kColumns + 1][i % kColumns + 1], i};
    if (beats(other, highest)) highest = other;
  }
  highest = best_of(highest, shared);
  if (thread != 0) return;
  const int px = highest.order < 0 ? kMiddle : highest.order % kColumns + 1;
  const int py = highest.order < 0 ? kMiddle : highest.order / kColumns + 1;
  d_peaks[candidate] = {
      best.value,
      scale,
      turn + (by_pi ? kTurns : 0),
      px,
      py,
      vertex(shared.values[py][px - 1], highest.value, shared.values[py][px + 1]),
      vertex(shared.values[py - 1][px], highest.value, shared.values[py + 1][px])};
}

constexpr int kHalfTurns = 8;  // and as many turned by pi

__global__ void __launch_bounds__(128)
    score_members(const float* d_products, const float* d_code_norms, const float* d_member_norms,
                  int count, float* d_scores) {
  const auto member = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (member >= count) return;
  float best = 0;
  for (int i = 0; i < 2 * kHalfTurns; ++i) {
    best = fmaxf(best, score_of(d_products[member * 2 * kHalfTurns + i],
                                d_code_norms[i % kHalfTurns], d_member_norms[member]));
  }
  d_scores[member] = best;
}

DeviceBuffer<float> correlate_all(Lane& lane, const DenseSpectra& query,
                                  const DenseSpectra& candidates, std::size_t count, int turns,
                                  int scales) {
  const int parts = scales * turns / kTurnTile;
  const std::size_t pairs = (count + kCandidateTile - 1) / kCandidateTile;
  DeviceBuffer<float> products =
      lane.allocate<float>(count * static_cast<std::size_t>(2 * turns * scales));
  launch(lane.stream(),
         {dim3(static_cast<unsigned>(pairs * static_cast<std::size_t>(parts))), dim3(kThreads),
          sizeof(float2) * kPeriod * kColumnTasks},
         correlate, query.values.data(), candidates.values.data(), static_cast<int>(count),
         candidates.fields, turns, scales, products.data());
  return products;
}

const std::vector<Pose>& poses() {
  static const std::vector<Pose> all = [] {
    std::vector<Pose> made;
    for (int i = 0; i < kScales * 2 * kTurns; ++i) {
      made.push_back(pose_of(i / (2 * kTurns), i % (2 * kTurns)));
    }
    return made;
  }();
  return all;
}

}  // namespace

DenseSpectra prepare_query(Lane& lane, const DenseCode* query) {
  return transform_fields(lane, query, 1, field_turns(kShrinks, kTurns), kTurnTile);
}

DenseSpectra prepare_candidates(Lane& lane, const DenseCode* codes, std::size_t count) {
  return transform_fields(lane, codes, count, field_turns(kShrinks, 1), 1);
}

DeviceBuffer<DensePeak> find_peaks(Lane& lane, const DenseSpectra& query,
                                   const DenseSpectra& candidates, std::size_t count) {
  assert(query.fields == kShrinks * kTurns && candidates.fields == kShrinks);
  const DeviceBuffer<float> products =
      correlate_all(lane, query, candidates, count, kTurns, kScales);
  DeviceBuffer<DensePeak> peaks = lane.allocate<DensePeak>(count);
  launch(lane.stream(), {dim3(static_cast<unsigned>(count)), dim3(kPeakThreads)}, peak,
         query.values.data(), query.norms.data(), candidates.values.data(), candidates.norms.data(),
         products.data(), peaks.data());
  return peaks;
}

DenseSpectra prepare_half_turns(Lane& lane, const DenseCode* code) {
  return transform_fields(lane, code, 1, field_turns(1, kHalfTurns), kTurnTile);
}

DenseSpectra prepare_members(Lane& lane, const DenseCode* codes, std::size_t count) {
  return transform_fields(lane, codes, count, field_turns(1, 1), 1);
}

DeviceBuffer<float> best_scores(Lane& lane, const DenseSpectra& code, const DenseSpectra& members,
                                std::size_t count) {
  assert(code.fields == kHalfTurns && members.fields == 1);
  const DeviceBuffer<float> products = correlate_all(lane, code, members, count, kHalfTurns, 1);
  DeviceBuffer<float> scores = lane.allocate<float>(count);
  constexpr unsigned kScoreThreads = 128;
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(count), kScoreThreads)), dim3(kScoreThreads)},
         score_members, products.data(), code.norms.data(), members.norms.data(),
         static_cast<int>(count), scores.data());
  return scores;
}

void search_dense(Lane& lane, const DenseSpectra& query, std::span<const DenseCode> candidates,
                  std::span<DenseMatch> matches) {
  assert(candidates.size() == matches.size());
  // The device works on one part while the host copies the next one: 8 KB per candidate, and the
  // spectra of one part alone, 96 KB each, are in memory.
  constexpr std::size_t kPart = 1024;
  std::vector<std::span<const DensePeak>> peaks;
  for (std::size_t first = 0; first < candidates.size(); first += kPart) {
    const std::size_t count = std::min(kPart, candidates.size() - first);
    const DeviceBuffer<DenseCode> codes = lane.upload(candidates.subspan(first, count));
    const DenseSpectra spectra = prepare_candidates(lane, codes.data(), count);
    peaks.push_back(lane.download(find_peaks(lane, query, spectra, count)));
  }
  lane.synchronise();
  auto match = matches.begin();
  for (const std::span<const DensePeak> part : peaks) {
    for (const DensePeak& at : part) {
      const Pose& pose = poses()[static_cast<std::size_t>(at.scale * 2 * kTurns + at.turn)];
      *match++ = {at.score,
                  {pose.linear, pose.shift(at.x, at.vertex_x), pose.shift(at.y, at.vertex_y)}};
    }
  }
}

CohortStatistics cohort_statistics(Lane& lane, const DenseSpectra& members, std::size_t count,
                                   const DenseCode& code) {
  const DeviceBuffer<DenseCode> uploaded = lane.upload(std::span(&code, 1));
  const DenseSpectra spectra = prepare_half_turns(lane, uploaded.data());
  const std::span<const float> scores = lane.download(best_scores(lane, spectra, members, count));
  lane.synchronise();
  double sum = 0, squared = 0;
  for (const float score : scores) {
    sum += static_cast<double>(score);
    squared += static_cast<double>(score) * static_cast<double>(score);
  }
  return statistics_of(sum, squared, count);
}

}  // namespace pressmark::kernels::cuda
