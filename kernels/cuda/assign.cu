// SPDX-License-Identifier: Apache-2.0
//
// 1. The words w that are nearest to a code c under two hypotheses, by |w|^2 - 2 (even +- odd), the
//    squared distance less |c|^2 (units of 1 / 127^2); ties: lowest word.
// 2. Codes: n x 64 bytes; words: up to 65536 x 64 bytes and their squared lengths. Results: code by
//    code, 1 to 16 words of 16 bits, one array for each hypothesis.
// 3. find_nearest_of_groups: a block owns 128 codes and goes through up to 8 groups of 64 words
//    (code_tiles.hpp); it leaves each code's nearest word of each group. select_words: a warp owns
//    one code under one hypothesis. The `nearest` words lie in the `nearest` groups whose nearest
//    words are nearest: only those groups are compared again, two words a lane. A lane keeps one
//    word of the sorted list.
// 4. 29.8 KiB of shared memory a block: tiles, and the codes' nearest words.
// 5. For n codes and m words: n m products of 64 bytes, 16 or 17 instructions dp4a and 6 others
//    each; n m / 8 bytes are written and read; then 2 n `nearest` x 64 products again. Bound by
//    dp4a, 64 a clock on a multiprocessor.
// 6. Integers under a total order: the CPU's words exactly, for all codes.
// 7. No paper.
#include "kernels/cuda/assign.hpp"

#include <cassert>
#include <limits>

#include "kernels/cuda/code_sets.hpp"
#include "kernels/cuda/code_tiles.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kGroup = kTileColumns;  // words
// Nearness is 2 c . w - |w|^2: in [-3 * 2^20, 2^20] for any codes, so that a word of a group fits
// beside it. A key is nearness << 6 | (63 - word of the group): the greatest is of the lowest word
// among equals.
constexpr int kGroupBits = 6;
static_assert(kGroup == 1 << kGroupBits);
// The squared length of words beyond the last: farther than any code, and safe to shift.
constexpr int kFarthest = 1 << 24;

constexpr int kNormThreads = 256;
constexpr int kSelectThreads = 256, kSelectWarps = kSelectThreads / 32;
constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
// Codes at once: 2 x 4 bytes of scratch for each and every group, 256 MiB for 65536 words.
constexpr std::int64_t kMostCodes = 32'768;

__global__ void __launch_bounds__(kNormThreads)
    square_words(const int4* d_words, int words, std::int32_t* d_norms) {
  const int word = static_cast<int>(blockIdx.x) * kNormThreads + static_cast<int>(threadIdx.x);
  if (word >= words) return;
  int squared = 0;
#pragma unroll
  for (int v = 0; v < kCodeVectors; ++v) {
    const int4 four = d_words[word * kCodeVectors + v];
    squared = __dp4a(four.x, four.x, squared);
    squared = __dp4a(four.y, four.y, squared);
    squared = __dp4a(four.z, four.z, squared);
    squared = __dp4a(four.w, four.w, squared);
  }
  d_norms[word] = squared;
}

struct NearestMemory {
  CodeTiles tiles;
  RowKeys keys[2][kTileRows];
};

// d_keys: [hypothesis][group][code, filled up to whole tiles].
__global__ void __launch_bounds__(kTileThreads, 2)
    find_nearest_of_groups(const int4* d_codes, int codes, const int4* d_words,
                           const std::int32_t* d_norms, int words, int groups_per_block,
                           int even_size, int* d_keys) {
  auto& memory = shared_memory<NearestMemory>();
  const int groups = (words + kGroup - 1) / kGroup;
  const int first_group = static_cast<int>(blockIdx.x) * groups_per_block;
  const int end_group = std::min(first_group + groups_per_block, groups);
  const int first_code = static_cast<int>(blockIdx.y) * kTileRows;
  const std::int64_t padded_codes = std::int64_t{gridDim.y} * kTileRows;
  int4 coming =
      fetch_columns(d_words + first_group * kGroup * kCodeVectors, words - first_group * kGroup);
  load_rows(memory.tiles, d_codes + first_code * kCodeVectors, codes - first_code, even_size);

  const CodeParts parts = code_parts(even_size);
  const int row = thread_row(), column = thread_column();
  for (int group = first_group; group < end_group; ++group) {
    store_columns(memory.tiles, coming, even_size);
    // Also: the keys of the group before have been read.
    __syncthreads();
    const int next_word = (group + 1) * kGroup;
    if (group + 1 < end_group) {
      coming = fetch_columns(d_words + next_word * kCodeVectors, words - next_word);
    }
    int bits[kThreadColumns];  // what a key is beside the product
#pragma unroll
    for (int j = 0; j < kThreadColumns; ++j) {
      const int word = group * kGroup + column + j;
      const int norm = word < words ? d_norms[word] : kFarthest;
      bits[j] = kGroup - 1 - (column + j) - (norm << kGroupBits);
    }

    ThreadProducts even, odd;
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) even[i][j] = odd[i][j] = 0;
    }
    add_products(memory.tiles, 0, parts.even_words, even);
    add_products(memory.tiles, parts.even_words, parts.words, odd);

#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) {
      int best[2] = {std::numeric_limits<int>::min(), std::numeric_limits<int>::min()};
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) {
        best[0] = std::max(best[0], ((even[i][j] + odd[i][j]) << (kGroupBits + 1)) + bits[j]);
        best[1] = std::max(best[1], ((even[i][j] - odd[i][j]) << (kGroupBits + 1)) + bits[j]);
      }
      memory.keys[0][row + i][column / kThreadColumns] = best[0];
      memory.keys[1][row + i][column / kThreadColumns] = best[1];
    }
    // Also: the group's words have been read.
    __syncthreads();
    static_assert(kTileThreads == 2 * kTileRows);
    const int own_row = static_cast<int>(threadIdx.x) % kTileRows;
    const int hypothesis = static_cast<int>(threadIdx.x) / kTileRows;
    d_keys[(std::int64_t{hypothesis} * groups + group) * padded_codes + first_code + own_row] =
        greatest(memory.keys[hypothesis][own_row]);
  }
}

// Nearness of a word among all: the greatest is of the lowest word among equals.
__device__ std::int64_t nearness_of(int nearness, int word) {
  return (std::int64_t{nearness} << 16) | (kMaxWords - 1 - word);
}
__device__ int word_of(std::int64_t nearness) {
  return kMaxWords - 1 - static_cast<int>(nearness & (kMaxWords - 1));
}
static_assert(kMaxWords == 1 << 16);

// The greatest values that a warp has seen, sorted: lane i holds the i-th.
struct WarpList {
  int kept;  // at most 32
  std::int64_t own = kNone, least = kNone;

  __device__ void take(std::int64_t value) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    unsigned coming = __ballot_sync(kWholeWarp, value > least);
    for (; coming != 0; coming &= coming - 1) {
      const std::int64_t next = __shfl_sync(kWholeWarp, value, __ffs(static_cast<int>(coming)) - 1);
      if (next <= least) continue;
      const int place = __popc(__ballot_sync(kWholeWarp, own > next));
      const std::int64_t before = __shfl_up_sync(kWholeWarp, own, 1u);
      if (lane >= place) own = lane == place ? next : before;
      least = __shfl_sync(kWholeWarp, own, kept - 1);
    }
  }
};

__global__ void __launch_bounds__(kSelectThreads)
    select_words(const int4* d_codes, int codes, const int4* d_words, const std::int32_t* d_norms,
                 int words, int even_size, const int* d_keys, int padded_codes, int nearest,
                 std::uint16_t* d_same, std::uint16_t* d_inverted) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int code = static_cast<int>(blockIdx.x) * kSelectWarps + static_cast<int>(threadIdx.x) / 32;
  if (code >= codes) return;
  const bool is_inverted = blockIdx.y == 1;
  const int groups = (words + kGroup - 1) / kGroup;
  const int* const keys = d_keys + std::int64_t{blockIdx.y} * groups * padded_codes + code;
  WarpList of_groups{nearest};
  for (int first = 0; first < groups; first += 32) {
    std::int64_t value = kNone;
    if (first + lane < groups) {
      const int group = first + lane;
      const int key = keys[std::int64_t{group} * padded_codes];
      value = nearness_of(key >> kGroupBits, group * kGroup + kGroup - 1 - (key & (kGroup - 1)));
    }
    of_groups.take(value);
  }

  WarpList found{nearest};
  if (nearest == 1) {
    found = of_groups;
  } else {
    const CodeInParts own = load_parts(d_codes + code * kCodeVectors, even_size);
    for (int g = 0; g < std::min(nearest, groups); ++g) {
      const std::int64_t best = __shfl_sync(kWholeWarp, of_groups.own, g);
      if (best <= found.least) break;  // nor are the groups after this one nearer
      const int first = word_of(best) / kGroup * kGroup;
#pragma unroll
      for (int i = 0; i < kGroup / 32; ++i) {
        const int word = first + i * 32 + lane;
        std::int64_t value = kNone;
        if (word < words) {
          const int dot = product(own, d_words + word * kCodeVectors, is_inverted);
          value = nearness_of(2 * dot - d_norms[word], word);
        }
        found.take(value);
      }
    }
  }
  std::uint16_t* const to = is_inverted ? d_inverted : d_same;
  if (lane < nearest) {
    to[std::int64_t{code} * nearest + lane] = static_cast<std::uint16_t>(word_of(found.own));
  }
}

const int4* rows(const DeviceBuffer<std::int8_t>& codes) {
  return reinterpret_cast<const int4*>(codes.data());
}

}  // namespace

DeviceVocabulary upload_vocabulary(Lane& lane, const Vocabulary& vocabulary) {
  assert(vocabulary.words >= 1 && vocabulary.words <= kMaxWords);
  assert(vocabulary.centroids.size() ==
         static_cast<std::size_t>(vocabulary.words) * kLocalCodeSize);
  DeviceVocabulary result{vocabulary.words, lane.upload(vocabulary.centroids),
                          lane.allocate<std::int32_t>(static_cast<std::size_t>(vocabulary.words))};
  launch(lane.stream(), {dim3(blocks_for(result.words, kNormThreads)), dim3(kNormThreads)},
         square_words, rows(result.centroids), result.words, result.norms.data());
  return result;
}

DeviceAssignment assign(Lane& lane, const DeviceBuffer<std::int8_t>& codes,
                        const DeviceVocabulary& vocabulary, int even_size, int nearest) {
  assert(even_size % 2 == 0 && even_size >= 0 && even_size <= kLocalCodeSize);
  assert(nearest >= 1 && nearest <= kMaxNearestWords && nearest <= vocabulary.words);
  const auto total = static_cast<std::int64_t>(codes.size() / kLocalCodeSize);
  const auto assigned = static_cast<std::size_t>(total * nearest);
  DeviceAssignment result{lane.allocate<std::uint16_t>(assigned),
                          lane.allocate<std::uint16_t>(assigned)};
  const unsigned groups = blocks_for(vocabulary.words, kGroup);
  const unsigned most_tiles = blocks_for(std::min(total, kMostCodes), kTileRows);
  DeviceBuffer<int> keys =
      lane.allocate<int>(2 * std::size_t{groups} * most_tiles * std::size_t{kTileRows});
  // Once, but for batches of more codes than scratch is meant for.
  for (std::int64_t first = 0; first < total; first += kMostCodes) {
    const auto count = static_cast<int>(std::min(kMostCodes, total - first));
    const unsigned tiles = blocks_for(count, kTileRows);
    const int4* const own = rows(codes) + first * kCodeVectors;
    const int per_block = columns_per_block(tiles, groups);
    launch(lane.stream(), {dim3(blocks_for(groups, per_block), tiles), dim3(kTileThreads)},
           find_nearest_of_groups, own, count, rows(vocabulary.centroids), vocabulary.norms.data(),
           vocabulary.words, per_block, even_size, keys.data());
    launch(lane.stream(), {dim3(blocks_for(count, kSelectWarps), 2), dim3(kSelectThreads)},
           select_words, own, count, rows(vocabulary.centroids), vocabulary.norms.data(),
           vocabulary.words, even_size, keys.data(), static_cast<int>(tiles) * kTileRows, nearest,
           result.same.data() + first * nearest, result.inverted.data() + first * nearest);
  }
  return result;
}

void assign(Lane& lane, std::span<const std::span<const std::int8_t>> codes,
            const Vocabulary& vocabulary, int even_size, int nearest,
            std::span<WordAssignment> outputs) {
  assert(outputs.size() == codes.size());
  const CodeSets uploaded = upload_codes(lane, codes);
  const DeviceVocabulary words = upload_vocabulary(lane, vocabulary);
  const DeviceAssignment found = assign(lane, uploaded.codes, words, even_size, nearest);
  const std::span<const std::uint16_t> same = lane.download(found.same),
                                       inverted = lane.download(found.inverted);
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto first = static_cast<std::size_t>(uploaded.sets[i].first * nearest);
    const auto count = static_cast<std::size_t>(uploaded.sets[i].count * nearest);
    const auto copy = [&](std::span<const std::uint16_t> all, std::vector<std::uint16_t>& output) {
      const std::span<const std::uint16_t> own = all.subspan(first, count);
      output.assign(own.begin(), own.end());
    };
    copy(same, outputs[i].same);
    copy(inverted, outputs[i].inverted);
  }
}

}  // namespace pressmark::kernels::cuda
