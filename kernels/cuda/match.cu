// SPDX-License-Identifier: Apache-2.0
//
// 1. Mutual nearest neighbours of int8 codes under two hypotheses: s(q, c) = even +- odd, the dot
//    products of the codes' parts (127^2 for equal codes). q and c match where each is the other's
//    greatest s, ties to the lowest index, and where d(q, c) <= ratio d(q, r), r the greatest s of
//    the candidate's keypoints more than 10 px from c; d: Euclidean distance of unit-length codes.
// 2. Query: n x 64 bytes and n keypoints, n <= 4096; candidates: the same one after the other, each
//    at most 4096. Results by candidate, hypothesis and query index, without gaps.
// 3. compare_tiles: a block owns 128 query codes and goes through up to 8 tiles of 64 codes of one
//    candidate each (code_tiles.hpp); it leaves each query code's best in each tile, each candidate
//    code's best of all. test_matches: a
//    warp owns one query code with one candidate under one hypothesis. The rival is sought among
//    the tiles' bests; only tiles whose best lies within 10 px are compared again, two candidate
//    codes a lane: the match's own one, and seldom another. gather_matches: a thread per warp of
//    test_matches.
// 4. 38.3 KiB of shared memory a block, tiles and their bests: two blocks on a multiprocessor, as
//    registers allow.
// 5. For n x m codes: n m products of 64 bytes, 16 or 17 instructions dp4a and 10 others each; n m
//    / 8 bytes of tiles' bests are written and read. Bound by dp4a, 64 a clock on a multiprocessor.
// 6. A similarity and its index are packed in one integer, so that one maximum finds both in any
//    order. Integers, and distances in double precision: the CPU's results exactly.
// 7. Mishkin, Matas and Perdoch, CVIU 2015: the test against the first geometrically inconsistent
//    neighbour.
#include "kernels/cuda/match.hpp"

#include <thrust/scan.h>

#include <cassert>
#include <limits>

#include "kernels/cuda/code_tiles.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/runtime/thrust_policy.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"
#include "kernels/math/code_distance.hpp"

namespace pressmark::kernels::cuda {
namespace {

// A key is similarity << 12 | (4095 - index): the greatest is of the lowest index among equals.
constexpr int kIndexBits = 12;
constexpr int kHighestIndex = (1 << kIndexBits) - 1;
static_assert(kMaxKeypoints == kHighestIndex + 1);
// Less than any similarity of two codes, and safe to shift by kIndexBits.
constexpr int kLeast = -(1 << 18);
constexpr int kNoKey = std::numeric_limits<int>::min();
// Makes keys that compare as unsigned ones: 0 is less than all.
constexpr unsigned kSignBit = 1u << 31;

constexpr int kTestThreads = 256, kTestWarps = kTestThreads / 32;
constexpr int kGatherThreads = 256;
// Of one candidate, that each lane looks after.
constexpr int kTilesPerLane = static_cast<int>(kMaxKeypoints) / kTileColumns / 32;

// Up to kTileColumns codes of one candidate.
struct CandidateTile {
  std::int64_t first = 0;    // among all codes
  int index = 0, count = 0;  // in the candidate
};

// What test_matches reads of a candidate.
struct Candidate {
  std::int64_t first = 0;
  int count = 0, first_tile = 0;
};

// Tiles' bests: [hypothesis][tile][query code, filled up to whole tiles]. Candidates' bests:
// [hypothesis][code], with kSignBit.
struct Bests {
  int* d_rows;
  unsigned* d_columns;
  int tiles, padded_queries;
  std::int64_t codes;

  __device__ int* rows(int hypothesis, int tile) const {
    return d_rows + (std::int64_t{hypothesis} * tiles + tile) * padded_queries;
  }
  __device__ unsigned* columns(int hypothesis) const { return d_columns + hypothesis * codes; }
};

__device__ int index_of(int key) {
  return kHighestIndex - (key & kHighestIndex);
}

struct CompareMemory {
  CodeTiles tiles;
  RowKeys rows[2][kTileRows];
  int columns[2][kTileColumns][kThreadsPerColumn + 1];
};

__global__ void __launch_bounds__(kTileThreads, 2)
    compare_tiles(const int4* d_query, int queries, const int4* d_codes,
                  const CandidateTile* d_tiles, int tiles_per_block, int even_size, Bests bests) {
  auto& memory = shared_memory<CompareMemory>();
  const int first_tile = static_cast<int>(blockIdx.x) * tiles_per_block;
  const int end_tile = std::min(first_tile + tiles_per_block, bests.tiles);
  const int first_query = static_cast<int>(blockIdx.y) * kTileRows;
  CandidateTile candidate = d_tiles[first_tile];
  int4 coming = fetch_columns(d_codes + candidate.first * kCodeVectors, candidate.count);
  load_rows(memory.tiles, d_query + first_query * kCodeVectors, queries - first_query, even_size);

  const CodeParts parts = code_parts(even_size);
  const int row = thread_row(), column = thread_column();
  const int query_bits = kHighestIndex - (first_query + row);
  for (int tile = first_tile; tile < end_tile; ++tile) {
    store_columns(memory.tiles, coming, even_size);
    // Also: the bests of the tile before have been read.
    __syncthreads();
    const CandidateTile own = candidate;
    if (tile + 1 < end_tile) {
      candidate = d_tiles[tile + 1];
      coming = fetch_columns(d_codes + candidate.first * kCodeVectors, candidate.count);
    }

    ThreadProducts even, odd;
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) {
        // Codes of zeros beyond the last one get the least similarity.
        const bool exists = first_query + row + i < queries && column + j < own.count;
        even[i][j] = exists ? 0 : kLeast;
        odd[i][j] = 0;
      }
    }
    add_products(memory.tiles, 0, parts.even_words, even);
    add_products(memory.tiles, parts.even_words, parts.words, odd);

    const int candidate_bits = kHighestIndex - (own.index + column);
    int best_of_column[2][kThreadColumns];
#pragma unroll
    for (int j = 0; j < kThreadColumns; ++j) best_of_column[0][j] = best_of_column[1][j] = kNoKey;
#pragma unroll
    for (int i = 0; i < kThreadRows; ++i) {
      int best[2] = {kNoKey, kNoKey};
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) {
        const int shifted[2] = {(even[i][j] + odd[i][j]) << kIndexBits, (even[i][j] - odd[i][j])
                                                                            << kIndexBits};
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          best[h] = std::max(best[h], shifted[h] + (candidate_bits - j));
          best_of_column[h][j] = std::max(best_of_column[h][j], shifted[h] + (query_bits - i));
        }
      }
#pragma unroll
      for (int h = 0; h < 2; ++h) memory.rows[h][row + i][column / kThreadColumns] = best[h];
    }
#pragma unroll
    for (int h = 0; h < 2; ++h) {
#pragma unroll
      for (int j = 0; j < kThreadColumns; ++j) {
        memory.columns[h][column + j][row / kThreadRows] = best_of_column[h][j];
      }
    }
    // Also: the tile's codes have been read.
    __syncthreads();

    const int thread = static_cast<int>(threadIdx.x);
    static_assert(kTileThreads == 2 * kTileRows && kTileThreads >= 2 * kTileColumns);
    const int own_row = thread % kTileRows, of_row = thread / kTileRows;
    bests.rows(of_row, tile)[first_query + own_row] = greatest(memory.rows[of_row][own_row]);
    const int own_column = thread % kTileColumns, of_column = thread / kTileColumns;
    if (of_column < 2 && own_column < own.count) {
      const int key = greatest(memory.columns[of_column][own_column]);
      atomicMax(bests.columns(of_column) + own.first + own_column,
                static_cast<unsigned>(key) ^ kSignBit);
    }
  }
}

__device__ bool is_elsewhere(const Keypoint& a, const Keypoint& b) {
  const float dx = a.x_px - b.x_px, dy = a.y_px - b.y_px;
  return dx * dx + dy * dy > kSamePlacePx * kSamePlacePx;
}

// Greatest similarity of the lane's codes of one tile elsewhere than `place`.
__device__ int best_elsewhere(const CodeInParts& code, const Candidate& candidate, int tile,
                              const int4* d_codes, const Keypoint* d_keypoints,
                              const Keypoint& place, bool is_inverted) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  int best = kLeast;
#pragma unroll
  for (int i = 0; i < kTileColumns / 32; ++i) {
    const int index = tile * kTileColumns + i * 32 + lane;
    if (index >= candidate.count) continue;
    const std::int64_t at = candidate.first + index;
    if (!is_elsewhere(d_keypoints[at], place)) continue;
    best = std::max(best, product(code, d_codes + at * kCodeVectors, is_inverted));
  }
  return best;
}

// A place for each query code with each candidate under each hypothesis: [candidate][hypothesis]
// [query]. flags: 1 where there is a match, and a 0 after the last one.
__global__ void __launch_bounds__(kTestThreads)
    test_matches(const int4* d_query, int queries, const int4* d_codes, const Keypoint* d_keypoints,
                 const Candidate* d_candidates, Bests bests, int even_size, float ratio,
                 CodeMatch* d_places, int* d_flags) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int query = static_cast<int>(blockIdx.x) * kTestWarps + static_cast<int>(threadIdx.x) / 32;
  if (query >= queries) return;
  const auto hypothesis = static_cast<int>(blockIdx.y);
  const Candidate candidate = d_candidates[blockIdx.z];
  const std::int64_t place = (std::int64_t{blockIdx.z} * gridDim.y + blockIdx.y) * queries + query;
  if (lane == 0 && query == queries - 1 && blockIdx.y == gridDim.y - 1 &&
      blockIdx.z == gridDim.z - 1) {
    d_flags[place + 1] = 0;
  }

  const int tiles = (candidate.count + kTileColumns - 1) / kTileColumns;
  int keys[kTilesPerLane], best = kNoKey;
#pragma unroll
  for (int t = 0; t < kTilesPerLane; ++t) {
    const int tile = t * 32 + lane;
    keys[t] = tile < tiles ? bests.rows(hypothesis, candidate.first_tile + tile)[query] : kNoKey;
    best = std::max(best, keys[t]);
  }
  best = warp_max(best);
  bool matches = best != kNoKey;
  if (matches) {
    const unsigned column = bests.columns(hypothesis)[candidate.first + index_of(best)];
    matches = index_of(static_cast<int>(column ^ kSignBit)) == query;
  }
  int rival = kLeast;
  if (matches && ratio < 1) {
    const Keypoint found = d_keypoints[candidate.first + index_of(best)];
    const CodeInParts code = load_parts(d_query + query * kCodeVectors, even_size);
    for (int t = 0; t < kTilesPerLane; ++t) {
      bool is_near = false;
      if (keys[t] != kNoKey) {
        is_near = !is_elsewhere(d_keypoints[candidate.first + index_of(keys[t])], found);
        if (!is_near) rival = std::max(rival, keys[t] >> kIndexBits);
      }
      unsigned near = __ballot_sync(kWholeWarp, is_near);
      for (; near != 0; near &= near - 1) {
        const int tile = t * 32 + __ffs(static_cast<int>(near)) - 1;
        rival = std::max(rival, best_elsewhere(code, candidate, tile, d_codes, d_keypoints, found,
                                               hypothesis == 1));
      }
    }
    rival = warp_max(rival);
  }
  if (lane > 0) return;
  const double squared = squared_code_distance(best >> kIndexBits);
  if (rival > kLeast && is_beaten(squared, rival, ratio)) matches = false;
  d_flags[place] = matches ? 1 : 0;
  if (matches) d_places[place] = {query, index_of(best), static_cast<float>(std::sqrt(squared))};
}

// ranks: of each place, and the number of matches after them.
__global__ void __launch_bounds__(kGatherThreads)
    gather_matches(const CodeMatch* d_places, const int* d_flags, const int* d_ranks, int places,
                   int queries, CodeMatch* d_matches, int* d_offsets) {
  const int place = static_cast<int>(blockIdx.x * kGatherThreads + threadIdx.x);
  if (place > places) return;
  if (place % queries == 0) d_offsets[place / queries] = d_ranks[place];
  if (d_flags[place] != 0) d_matches[d_ranks[place]] = d_places[place];
}

}  // namespace

DeviceMatches match(Lane& lane, const CodeSets& query, const CodeSets& candidates, int even_size,
                    float ratio) {
  assert(query.size() == 1 && candidates.size() > 0);
  assert(even_size % 2 == 0 && even_size >= 0 && even_size <= kLocalCodeSize);
  const int queries = query.sets[0].count;
  assert(queries > 0 && queries <= static_cast<int>(kMaxKeypoints));
  std::vector<CandidateTile> tiles;
  std::vector<Candidate> table;
  std::size_t most_matches = 0;
  for (const CodeSet& set : candidates.sets) {
    assert(set.count <= static_cast<int>(kMaxKeypoints));
    table.push_back({set.first, set.count, static_cast<int>(tiles.size())});
    for (int index = 0; index < set.count; index += kTileColumns) {
      tiles.push_back({set.first + index, index, std::min(kTileColumns, set.count - index)});
    }
    most_matches += 2 * static_cast<std::size_t>(std::min(queries, set.count));
  }
  const DeviceBuffer<CandidateTile> device_tiles = lane.upload(tiles);
  const DeviceBuffer<Candidate> device_table = lane.upload(table);

  const unsigned query_tiles = blocks_for(queries, kTileRows);
  const int padded_queries = static_cast<int>(query_tiles) * kTileRows;
  DeviceBuffer<int> rows =
      lane.allocate<int>(2 * tiles.size() * static_cast<std::size_t>(padded_queries));
  DeviceBuffer<unsigned> columns =
      lane.allocate_zeros<unsigned>(2 * static_cast<std::size_t>(candidates.count));
  const Bests bests{rows.data(), columns.data(), static_cast<int>(tiles.size()), padded_queries,
                    candidates.count};
  const int per_block = columns_per_block(query_tiles, bests.tiles);
  launch(lane.stream(), {dim3(blocks_for(bests.tiles, per_block), query_tiles), dim3(kTileThreads)},
         compare_tiles, query.code_rows(), queries, candidates.code_rows(), device_tiles.data(),
         per_block, even_size, bests);

  const std::size_t places = 2 * candidates.size() * static_cast<std::size_t>(queries);
  assert(places < std::size_t{1} << 31);
  DeviceBuffer<CodeMatch> found = lane.allocate<CodeMatch>(places);
  DeviceBuffer<int> flags = lane.allocate<int>(places + 1), ranks = lane.allocate<int>(places + 1);
  launch(lane.stream(),
         {dim3(blocks_for(queries, kTestWarps), 2, static_cast<unsigned>(candidates.size())),
          dim3(kTestThreads)},
         test_matches, query.code_rows(), queries, candidates.code_rows(),
         candidates.keypoints.data(), device_table.data(), bests, even_size, ratio, found.data(),
         flags.data());

  run_in_stream(lane, [&](const auto& policy) {
    thrust::exclusive_scan(policy, flags.data(), flags.data() + flags.size(), ranks.data());
  });
  DeviceMatches result{lane.allocate<CodeMatch>(most_matches),
                       lane.allocate<int>(2 * candidates.size() + 1)};
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(places) + 1, kGatherThreads)),
          dim3(kGatherThreads)},
         gather_matches, found.data(), flags.data(), ranks.data(), static_cast<int>(places),
         queries, result.matches.data(), result.offsets.data());
  return result;
}

void match(Lane& lane, const CodesView& query, std::span<const CodesView> candidates, int even_size,
           float ratio, std::span<SignedMatches> outputs) {
  assert(outputs.size() == candidates.size());
  for (SignedMatches& output : outputs) {
    output.same.clear();
    output.inverted.clear();
  }
  if (candidates.empty() || query.keypoints.empty()) return;
  const CodeSets of_query = upload_codes(lane, {&query, 1}),
                 of_candidates = upload_codes(lane, candidates);
  const DeviceMatches found = match(lane, of_query, of_candidates, even_size, ratio);
  // Of all places few hold matches: how many is worth waiting for.
  const std::span<const int> offsets = lane.download(found.offsets);
  lane.synchronise();
  const std::span<const CodeMatch> matches =
      lane.download(found.matches.data(), static_cast<std::size_t>(offsets.back()));
  lane.synchronise();
  const auto range = [&](std::size_t item) {
    const auto first = static_cast<std::size_t>(offsets[item]);
    return matches.subspan(first, static_cast<std::size_t>(offsets[item + 1]) - first);
  };
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::span<const CodeMatch> same = range(2 * i), inverted = range(2 * i + 1);
    outputs[i].same.assign(same.begin(), same.end());
    outputs[i].inverted.assign(inverted.begin(), inverted.end());
  }
}

}  // namespace pressmark::kernels::cuda
