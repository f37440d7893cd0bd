// SPDX-License-Identifier: Apache-2.0
//
// 1. Of a query with each candidate: the scale and the turn of the largest product of spectra
//    (dense_correlation.cu), the correlations there in floats, and their maximum with the vertex of
//    a parabola through the neighbours along each axis. For a cohort: the best score of each
//    member.
// 2. Spectra as in dense_spectra.hpp. Out: DensePeak, or a float, for each candidate.
// 3. peak(): a block of 64 threads owns a candidate; first they share its 288 products, then a
//    thread owns one row, then one column of the best one's transform, then they share the shifts.
//    score_members(): a thread owns a member, y of the grid a code.
// 4. 18 KB: the transform's columns within reach and one cell beyond, and their correlations.
// 5. 28 KB of spectra from the second cache, 150,000 operations per candidate: a fiftieth of
//    dense_correlation.cu.
// 6. The CPU's operations in its order: its bits. Ties: the first in the order of product_index.
// 7. kernels/cpu/dense_search.cpp, kernels/cpu/dense_window.cpp.
#include "kernels/cuda/dense_search.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/dense_correlation.hpp"
#include "kernels/cuda/fft48.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_search;

constexpr int kPeakThreads = 64, kPeakBlocks = 6;
constexpr int kWindow = 2 * kReach + 3;
constexpr int kPeakRow = kWindow;  // odd: 16 neighbouring rows fall into all banks

constexpr int kFirst = kMiddle - kReach - 1, kColumns = 2 * kReach + 1;

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
    const Contender other{__shfl_xor_sync(kWholeWarp, best.value, apart),
                          __shfl_xor_sync(kWholeWarp, best.order, apart)};
    if (beats(other, best)) best = other;
  }
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared.contenders[threadIdx.x / 32] = best;
  __syncthreads();
  const Contender &a = shared.contenders[0], &b = shared.contenders[1];
  return beats(b, a) ? b : a;
}

__global__ void __launch_bounds__(kPeakThreads, kPeakBlocks)
    peak(const std::int16_t* d_query, const std::int16_t* d_candidates, const int* d_products,
         DensePeak* d_peaks) {
  PeakShared& shared = shared_memory<PeakShared>();
  const auto thread = static_cast<int>(threadIdx.x);
  const std::int64_t candidate = blockIdx.x;

  constexpr int kProducts = 2 * kTurns * kScales;
  Contender best{-1, 0};
  for (int i = thread; i < kProducts; i += kPeakThreads) {
    const auto product = static_cast<float>(d_products[candidate * kProducts + i]);
    if (product > best.value) best = {product, i};
  }
  best = best_of(best, shared);
  const int scale = best.order / (2 * kTurns), in_scale = best.order % (2 * kTurns);
  const int turn = in_scale / 16 * 8 + in_scale % 8;
  const bool by_pi = in_scale / 8 % 2 != 0;

  // The correlations around it once more, one cell further than is searched.
  const std::int64_t query_field = query_shrink(scale) * kTurns + turn;
  const std::int64_t candidate_field = candidate * kShrinks + candidate_shrink(scale);
  const auto at_query = [&](int k, int part) {
    return static_cast<float>(d_query[index_in_query(query_field, k, part)]);
  };
  const auto at_candidate = [&](int k, int part) {
    return static_cast<float>(d_candidates[index_in_candidate(candidate_field, k, part)]);
  };
  ComplexValue x[kPeriod], result[kPeriod];
  if (thread < kPeriod) {
    const int row = thread * kPeriod, mirrored = (kPeriod - thread) % kPeriod * kPeriod;
#pragma unroll
    for (int kx = 0; kx < kPeriod; ++kx) {
      const int here = row + kx, opposite = mirrored + (kPeriod - kx) % kPeriod;
      const float real = at_query(here, 0), imaginary = at_query(here, 1);
      x[kx] = swapped({real * at_candidate(here, 0) + imaginary * at_candidate(here, 1),
                       real * at_candidate(opposite, 0) + imaginary * at_candidate(opposite, 1)});
    }
    fft48(x, result);
#pragma unroll
    for (int column = 0; column < kWindow; ++column) {
      const ComplexValue& value = result[kFirst + column];
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
#pragma unroll
    for (int row = 0; row < kWindow; ++row) {
      const ComplexValue& value = result[kFirst + row];
      shared.values[row][thread] = by_pi ? value.re : value.im;
    }
  }
  __syncthreads();

  // The middle comes first, then row by row.
  constexpr int kNoShift = kReach + 1;
  Contender highest{shared.values[kNoShift][kNoShift], -1};
  for (int i = thread; i < kColumns * kColumns; i += kPeakThreads) {
    const Contender other{shared.values[i / kColumns + 1][i % kColumns + 1], i};
    if (beats(other, highest)) highest = other;
  }
  highest = best_of(highest, shared);
  if (thread != 0) return;
  const int px = highest.order < 0 ? kNoShift : highest.order % kColumns + 1;
  const int py = highest.order < 0 ? kNoShift : highest.order / kColumns + 1;
  d_peaks[candidate] = {
      score_of_correlation(highest.value),
      scale,
      turn + (by_pi ? kTurns : 0),
      px,
      py,
      vertex(shared.values[py][px - 1], highest.value, shared.values[py][px + 1]),
      vertex(shared.values[py - 1][px], highest.value, shared.values[py + 1][px])};
}

constexpr int kHalfTurns = 8;  // and as many turned by pi

__global__ void __launch_bounds__(128)
    score_members(const int* d_products, int count, float* d_scores) {
  const auto member = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (member >= count) return;
  const std::int64_t pair = std::int64_t{blockIdx.y} * count + member;
  int best = 0;
  for (int i = 0; i < 2 * kHalfTurns; ++i) {
    best = std::max(best, d_products[pair * 2 * kHalfTurns + i]);
  }
  d_scores[pair] = score_of_product(best);
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
  return transform_fields(lane, query, 1, field_turns(kShrinks, kTurns), FieldRole::kQuery);
}

DenseSpectra prepare_candidates(Lane& lane, const DenseCode* codes, std::size_t count) {
  return transform_fields(lane, codes, count, field_turns(kShrinks, 1), FieldRole::kCandidate);
}

DeviceBuffer<DensePeak> find_peaks(Lane& lane, const DenseSpectra& query,
                                   const DenseSpectra& candidates, std::size_t count) {
  assert(query.fields == kShrinks * kTurns && candidates.fields == kShrinks);
  const DeviceBuffer<int> products =
      largest_products(lane, query, 1, candidates, count, kTurns, kScales);
  DeviceBuffer<DensePeak> peaks = lane.allocate<DensePeak>(count);
  launch(lane.stream(), {dim3(static_cast<unsigned>(count)), dim3(kPeakThreads)}, peak,
         query.values.data(), candidates.values.data(), products.data(), peaks.data());
  return peaks;
}

DenseSpectra prepare_half_turns(Lane& lane, const DenseCode* codes, std::size_t count) {
  return transform_fields(lane, codes, count, field_turns(1, kHalfTurns), FieldRole::kQuery);
}

DenseSpectra prepare_members(Lane& lane, const DenseCode* codes, std::size_t count) {
  return transform_fields(lane, codes, count, field_turns(1, 1), FieldRole::kCandidate);
}

DeviceBuffer<float> best_scores(Lane& lane, const DenseSpectra& half_turns, std::size_t codes,
                                const DenseSpectra& members, std::size_t count) {
  assert(half_turns.fields == kHalfTurns && members.fields == 1);
  const DeviceBuffer<int> products =
      largest_products(lane, half_turns, codes, members, count, kHalfTurns, 1);
  DeviceBuffer<float> scores = lane.allocate<float>(codes * count);
  constexpr unsigned kScoreThreads = 128;
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(count), kScoreThreads),
               static_cast<unsigned>(codes)),
          dim3(kScoreThreads)},
         score_members, products.data(), static_cast<int>(count), scores.data());
  return scores;
}

void search_dense(Lane& lane, const DenseSpectra& query, std::span<const DenseCode> candidates,
                  std::span<DenseMatch> matches) {
  assert(candidates.size() == matches.size());
  // The device works on one part while the host copies the next one: 8 KB per candidate, and the
  // spectra of one part alone, 46 KB each, are in memory.
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

CohortStatistics statistics_of(std::span<const float> scores) {
  double sum = 0, squared = 0;
  for (const float score : scores) {
    sum += static_cast<double>(score);
    squared += static_cast<double>(score) * static_cast<double>(score);
  }
  return dense_search::statistics_of(sum, squared, scores.size());
}

CohortStatistics cohort_statistics(Lane& lane, const DenseSpectra& members, std::size_t count,
                                   const DenseCode& code) {
  const DeviceBuffer<DenseCode> uploaded = lane.upload(std::span(&code, 1));
  const DenseSpectra spectra = prepare_half_turns(lane, uploaded.data(), 1);
  const std::span<const float> scores =
      lane.download(best_scores(lane, spectra, 1, members, count));
  lane.synchronise();
  return statistics_of(scores);
}

}  // namespace pressmark::kernels::cuda
