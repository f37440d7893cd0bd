// SPDX-License-Identifier: Apache-2.0
//
// 1. The `budget` smallest of each image's extrema by the order of key_word(), sorted.
// 2. In: records of each image in any order. Out: images x budget records, by rank.
// 3. Selection: a block of 1024 owns an image: radix selection by digits of 8 bits from the front,
//    until the digits seen so far tell exactly which records belong. Ranking: grid x 256 selected
//    records, y images; a thread counts the records that come before its own.
// 4. Shared memory: a histogram of 1 KB; 1 KB of responses.
// 5. Selection: responses decide within four digits, for each of which every record is read (in
//    sectors of 32 bytes): some 100 KB an image from the cache, bound by latency. Ranking: budget^2
//    comparisons, two instructions each; others' whole records are read only where responses are
//    equal.
// 6. A total order: the CPU's bits. Atomics count, or append what is ranked afterwards.
// 7. No paper. Sorting all records of a batch at once would need their number on the host.
#include <algorithm>
#include <cassert>

#include "kernels/cuda/keypoints.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kSelectThreads = 1024, kRankThreads = 256;
constexpr int kDigitBits = 8, kDigits = 1 << kDigitBits, kDigitsPerWord = 32 / kDigitBits;
constexpr int kKeyWords = 6;

// An extremum's key, compared word by word: those that come first have the smaller one. Responses
// and places are positive: their bits order them.
__device__ unsigned key_word(const Extremum& extremum, int word) {
  switch (word) {
    case 0:
      return ~__float_as_uint(extremum.response);
    case 1:
      return static_cast<unsigned>(extremum.octave);
    case 2:
      return __float_as_uint(extremum.y);
    case 3:
      return __float_as_uint(extremum.x);
    case 4:
      return __float_as_uint(extremum.scale);
    default:
      return static_cast<unsigned>(extremum.level);
  }
}

// What is known of the last selected record's key: the digits before `digit`.
struct Selection {
  int histogram[kDigits];
  unsigned key[kKeyWords];  // zeros after the known digits
  int needed;               // of the records that share the known digits
  int sharing;              // those records
  int appended, appended_sharing;
};

// -1: the known digits put the record among the selected; 1: not; 0: it shares them.
__device__ int compare_known(const Selection& selection, int digit, const Extremum& extremum) {
  for (int d = 0; d < digit; d += kDigitsPerWord) {
    const int word = d / kDigitsPerWord, known = std::min(digit - d, int{kDigitsPerWord});
    const unsigned mask = ~0u << (32 - known * kDigitBits);
    const unsigned own = key_word(extremum, word) & mask, last = selection.key[word];
    if (own != last) return own < last ? -1 : 1;
  }
  return 0;
}

__device__ int digit_of(unsigned word, int digit) {
  const int shift = 32 - kDigitBits * (digit % kDigitsPerWord + 1);
  return static_cast<int>((word >> shift) & (kDigits - 1));
}

// By the first warp: the digit at which the histogram's running sum reaches `needed`.
__device__ void choose_digit(Selection& selection, int digit) {
  constexpr int kPerLane = kDigits / 32;
  const int lane = static_cast<int>(threadIdx.x), needed = selection.needed;
  int own = 0;
  for (int k = 0; k < kPerLane; ++k) own += selection.histogram[lane * kPerLane + k];
  int through = own;
  for (int step = 1; step < 32; step *= 2) {
    const int before = __shfl_up_sync(kWholeWarp, through, static_cast<unsigned>(step));
    if (lane >= step) through += before;
  }
  // Every lane has read `needed` before one changes it.
  __syncwarp();
  if (through - own >= needed || through < needed) return;
  int before = through - own;
  for (int k = lane * kPerLane;; ++k) {
    const int here = selection.histogram[k];
    if (before + here < needed) {
      before += here;
      continue;
    }
    const int shift = 32 - kDigitBits * (digit % kDigitsPerWord + 1);
    selection.key[digit / kDigitsPerWord] |= static_cast<unsigned>(k) << shift;
    selection.needed = needed - before;
    selection.sharing = here;
    return;
  }
}

__global__ void __launch_bounds__(kSelectThreads)
    select_strongest(const Extremum* d_extrema, const std::int64_t* d_first, const int* d_found,
                     int budget, Extremum* d_selected, int* d_counts) {
  const int image = static_cast<int>(blockIdx.x), found = d_found[image];
  const auto thread = static_cast<int>(threadIdx.x);
  const Extremum* d_own = d_extrema + d_first[image];
  Extremum* d_target = d_selected + std::int64_t{image} * budget;
  auto& selection = shared_memory<Selection>();
  if (thread == 0) {
    for (unsigned& word : selection.key) word = 0;
    selection.needed = budget;
    selection.sharing = found;
    selection.appended = selection.appended_sharing = 0;
    d_counts[image] = std::min(found, budget);
  }
  __syncthreads();
  int digit = 0;
  if (found > budget) {
    for (; digit < kKeyWords * kDigitsPerWord && selection.sharing > selection.needed; ++digit) {
      for (int d = thread; d < kDigits; d += kSelectThreads) selection.histogram[d] = 0;
      __syncthreads();
      for (int i = thread; i < found; i += kSelectThreads) {
        const Extremum& extremum = d_own[i];
        if (compare_known(selection, digit, extremum) != 0) continue;
        atomicAdd(&selection.histogram[digit_of(key_word(extremum, digit / kDigitsPerWord), digit)],
                  1);
      }
      __syncthreads();
      if (thread < 32) choose_digit(selection, digit);
      __syncthreads();
    }
  }
  for (int i = thread; i < found; i += kSelectThreads) {
    const Extremum extremum = d_own[i];
    const int side = compare_known(selection, digit, extremum);
    // Where more share all digits than are needed, they are the same in every way.
    if (side > 0 || (side == 0 && atomicAdd(&selection.appended_sharing, 1) >= selection.needed)) {
      continue;
    }
    d_target[atomicAdd(&selection.appended, 1)] = extremum;
  }
}

__device__ bool precedes(const Extremum& a, const Extremum& b) {
  for (int word = 0; word < kKeyWords; ++word) {
    const unsigned of_a = key_word(a, word), of_b = key_word(b, word);
    if (of_a != of_b) return of_a < of_b;
  }
  return false;
}

struct Responses {
  float values[kRankThreads];
};

__global__ void __launch_bounds__(kRankThreads)
    rank_selected(const Extremum* d_selected, const int* d_counts, int budget, Extremum* d_ranked) {
  const auto image = static_cast<int>(blockIdx.y), count = d_counts[image];
  const auto thread = static_cast<int>(threadIdx.x);
  const int first = static_cast<int>(blockIdx.x) * kRankThreads, index = first + thread;
  if (first >= count) return;
  const Extremum* d_own = d_selected + std::int64_t{image} * budget;
  auto& responses = shared_memory<Responses>();
  const Extremum own = d_own[std::min(index, count - 1)];
  int rank = 0;
  for (int from = 0; from < count; from += kRankThreads) {
    __syncthreads();
    if (from + thread < count) responses.values[thread] = d_own[from + thread].response;
    __syncthreads();
    const int here = std::min(int{kRankThreads}, count - from);
    for (int k = 0; k < here; ++k) {
      const float other = responses.values[k];
      if (other > own.response) {
        ++rank;
      } else if (other == own.response && from + k != index) {
        const Extremum& record = d_own[from + k];
        // Those that are the same in every way, by index.
        if (precedes(record, own) || (!precedes(own, record) && from + k < index)) ++rank;
      }
    }
  }
  if (index < count) d_ranked[std::int64_t{image} * budget + rank] = own;
}

}  // namespace

RankedExtrema rank_extrema(Lane& lane, const FoundExtrema& found, int budget) {
  const std::size_t images = found.counts.size();
  const std::size_t slots = images * static_cast<std::size_t>(budget);
  RankedExtrema ranked;
  ranked.images = static_cast<int>(images);
  ranked.budget = budget;
  ranked.counts = lane.allocate<int>(images);
  ranked.extrema = lane.allocate<Extremum>(slots);
  if (slots == 0) {
    ranked.counts = lane.allocate_zeros<int>(images);
    return ranked;
  }
  DeviceBuffer<Extremum> selected = lane.allocate<Extremum>(slots);
  launch(lane.stream(), {dim3(static_cast<unsigned>(images)), dim3(kSelectThreads)},
         select_strongest, found.extrema.data(), found.first.data(), found.counts.data(), budget,
         selected.data(), ranked.counts.data());
  launch(
      lane.stream(),
      {dim3(blocks_for(budget, kRankThreads), static_cast<unsigned>(images)), dim3(kRankThreads)},
      rank_selected, selected.data(), ranked.counts.data(), budget, ranked.extrema.data());
  return ranked;
}

}  // namespace pressmark::kernels::cuda
