// SPDX-License-Identifier: Apache-2.0
//
// 1. The largest group of pairs that one affinity explains. Pair i alone proposes a similarity;
//    votes_i = #{j : error_ij <= reach_ij in px, sizes alike in ln, angles in rad}. The eight
//    hypotheses with most votes are refined: three times an affinity is fitted to those that agree,
//    each time within a smaller reach. That with most distinct places is returned.
// 2. Pairs: 32 bytes, all sets of a batch one after the other. What a pair proposes: place and
//    similarity of 16 bytes, shape of 8, each aligned to its size. Result: 56 bytes per set and the
//    indices of the agreeing pairs, where the set's pairs are.
// 3. describe_pairs: a thread owns a pair. count_votes: a warp owns 32 hypotheses of one set and a
//    stretch of its pairs, a lane one hypothesis; all lanes read the same pair at once.
//    refine_hypotheses: a block owns a set, a warp one of its eight hypotheses.
// 4. refine_hypotheses: 16 KB, for sums in a fixed order, whatever the size of the sets.
// 5. Per set of n pairs: 32 n bytes come in, 44 n are written and stay in the cache, 4 n go back.
//    n^2 votes at some 40 instructions (25 of float arithmetic and a square root) read 24 bytes a
//    warp each from the cache: bound by the issue of instructions. A refinement holds 4 n pairs
//    against an affinity, in double precision: it outweighs the votes of small sets.
// 6. The CPU's values exactly: the formulas are those of kernels/math, sums run over the chosen
//    pairs in their order, votes are integers. For the sums a few lanes of a warp work, one per
//    sum, which other warps' work hides.
// 7. Philbin et al., CVPR 2007, "fast spatial matching"; we score by place, size and angle, and
//    count places, not pairs.
#include "kernels/cuda/consensus.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

constexpr int kWarpSize = 32;
constexpr int kDescribeThreads = 256;
constexpr int kVoteWarps = 4;
// Pairs that a hypothesis is held against by one warp: few enough that a single set of some hundred
// pairs keeps several multiprocessors busy, enough that reading the hypotheses does not count.
constexpr int kVotePairs = 256;
constexpr int kRefineWarps = kRefinedHypotheses;
constexpr int kRefineThreads = kRefineWarps * kWarpSize;
// At a time on one multiprocessor: leaves a thread the 80 registers that it needs.
constexpr int kRefineBlocks = 3;
constexpr int kMoments = 7;

// What pairs propose.
struct DescribedPairs {
  PairPlace* places;
  PairShape* shapes;
  Similarity* similarities;
};

// One set's.
struct DescribedSet {
  int count;
  const PairPlace* places;
  const PairShape* shapes;
  const Similarity* similarities;
};

__device__ DescribedSet set_of(const DescribedPairs& pairs, const PairSet& set) {
  return {set.count, pairs.places + set.first, pairs.shapes + set.first,
          pairs.similarities + set.first};
}

// d_keypoints: query and hit of each pair in turn, as x, y, size and angle.
__global__ void __launch_bounds__(kDescribeThreads)
    describe_pairs(const float4* d_keypoints, std::int64_t count, DescribedPairs pairs) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kDescribeThreads + threadIdx.x;
  if (i >= count) return;
  const float4 q = d_keypoints[2 * i], h = d_keypoints[2 * i + 1];
  const Keypoint query{q.x, q.y, q.z, q.w}, hit{h.x, h.y, h.z, h.w};
  pairs.places[i] = place_of(query, hit);
  pairs.shapes[i] = shape_of(query, hit);
  pairs.similarities[i] = similarity_of(query, hit);
}

// Hypotheses of a set from one on, to be held against its pairs from one on.
struct VoteTile {
  int set, first_hypothesis, first_pair;
};

// Adds to d_votes, one count per pair, 0 at first. Hypotheses that scale too much get none.
__global__ void __launch_bounds__(kVoteWarps* kWarpSize)
    count_votes(const PairSet* d_sets, DescribedPairs pairs, const VoteTile* d_tiles, int tiles,
                int* d_votes) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const int tile =
      static_cast<int>(blockIdx.x) * kVoteWarps + static_cast<int>(threadIdx.x) / kWarpSize;
  if (tile >= tiles) return;
  const VoteTile at = d_tiles[tile];
  const PairSet place_of_set = d_sets[at.set];
  const DescribedSet set = set_of(pairs, place_of_set);
  const int hypothesis = at.first_hypothesis + lane;
  if (hypothesis >= set.count) return;
  const PairShape shape = set.shapes[hypothesis];
  if (std::fabs(shape.log_scale) > kMaxLogScale) return;
  const Similarity map = set.similarities[hypothesis];
  const PairPlace origin = set.places[hypothesis];
  const int end = std::min(at.first_pair + kVotePairs, set.count);
  int votes = 0;
  for (int i = at.first_pair; i < end; ++i) {
    const PairPlace place = set.places[i];
    const bool is_near = squared_error(map, place) <= squared_reach(origin, place);
    const bool is_like = is_alike(set.shapes[i], shape);
    votes += is_near & is_like ? 1 : 0;
  }
  if (votes > 0) atomicAdd(d_votes + place_of_set.first + hypothesis, votes);
}

// Reach of the three refinements in turn, squared.
struct Tightening {
  float squared_px[kTightening.size()];
};

struct RefineMemory {
  unsigned long long leaders[kRefinedHypotheses][kRefineWarps];
  // Values of 32 pairs, a row per sum; rows begin in different banks.
  double staged[kRefineWarps][kMoments][kWarpSize + 1];
  Affinity maps[kRefineWarps];
  int agreeing[kRefineWarps], places[kRefineWarps];
};

// The warp's hypothesis: that of its rank by votes, then by index; -1 where there are fewer. For a
// whole block.
__device__ int ranked_hypothesis(const int* d_votes, int count, RefineMemory& memory) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize,
            warp = static_cast<int>(threadIdx.x) / kWarpSize;
  unsigned long long last = ~0ull;
  int mine = -1;
  for (int rank = 0; rank < kRefinedHypotheses; ++rank) {
    unsigned long long best = 0;
    for (int i = static_cast<int>(threadIdx.x); i < count; i += kRefineThreads) {
      const int votes = d_votes[i];
      if (votes < kMinAgreeingPairs) continue;
      const unsigned long long key =
          static_cast<unsigned long long>(votes) << 32 | (0xffffffffu - static_cast<unsigned>(i));
      if (key < last && key > best) best = key;
    }
    best = warp_max(best);
    if (lane == 0) memory.leaders[rank][warp] = best;
    __syncthreads();
    best = 0;
    for (const unsigned long long leader : memory.leaders[rank]) {
      best = best < leader ? leader : best;
    }
    if (best == 0) break;
    if (rank == warp) mine = static_cast<int>(0xffffffffu - static_cast<unsigned>(best));
    last = best;
  }
  return mine;
}

// The following are for a whole warp; lists in device memory are the warp's own.

// How far off a pair may be: by the pair that a hypothesis rests on, or the same for all.
struct Reach {
  bool is_of_hypothesis;
  PairPlace origin;
  float squared_px;
};

// Lists the pairs that agree with `map`. Returns their number.
__device__ int choose_agreeing(const DescribedSet& set, const Affinity& map, const Reach& reach,
                               int* d_chosen) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  const PairShape shape = shape_of(map);
  int chosen = 0;
  for (int first = 0; first < set.count; first += kWarpSize) {
    const int i = first + lane;
    bool agrees = false;
    if (i < set.count) {
      const PairPlace place = set.places[i];
      const float squared_px =
          reach.is_of_hypothesis ? squared_reach(reach.origin, place) : reach.squared_px;
      agrees = squared_error(map, place) <= static_cast<double>(squared_px) &&
               is_alike(set.shapes[i], shape);
    }
    const unsigned agreeing = __ballot_sync(kWholeWarp, agrees);
    if (agrees) d_chosen[chosen + __popc(agreeing & ((1u << lane) - 1))] = i;
    chosen += __popc(agreeing);
  }
  __syncwarp();
  return chosen;
}

// Adds the first `used` values of row `lane` to `total`, in order, in the first `rows` lanes.
__device__ void add_staged(const double (&staged)[kMoments][kWarpSize + 1], int rows, int used,
                           double& total) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  __syncwarp();
  if (lane < rows) {
    for (int i = 0; i < used; ++i) total += staged[lane][i];
  }
  __syncwarp();
}

__device__ FittedAffinity fit_chosen(const DescribedSet& set, const int* d_chosen, int chosen,
                                     bool affine, double (&staged)[kMoments][kWarpSize + 1]) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  double total = 0;
  for (int first = 0; first < chosen; first += kWarpSize) {
    const int used = chosen - first < kWarpSize ? chosen - first : kWarpSize;
    if (lane < used) {
      const PairPlace place = set.places[d_chosen[first + lane]];
      staged[0][lane] = place.query_x, staged[1][lane] = place.query_y;
      staged[2][lane] = place.hit_x, staged[3][lane] = place.hit_y;
    }
    add_staged(staged, 4, used, total);
  }
  total /= static_cast<double>(chosen);
  PairSums means;
  means.x = __shfl_sync(kWholeWarp, total, 0), means.y = __shfl_sync(kWholeWarp, total, 1);
  means.u = __shfl_sync(kWholeWarp, total, 2), means.v = __shfl_sync(kWholeWarp, total, 3);

  total = 0;
  for (int first = 0; first < chosen; first += kWarpSize) {
    const int used = chosen - first < kWarpSize ? chosen - first : kWarpSize;
    if (lane < used) {
      const PairPlace place = set.places[d_chosen[first + lane]];
      const double x = place.query_x - means.x, y = place.query_y - means.y;
      const double u = place.hit_x - means.u, v = place.hit_y - means.v;
      staged[0][lane] = x * x, staged[1][lane] = x * y, staged[2][lane] = y * y;
      staged[3][lane] = x * u, staged[4][lane] = y * u;
      staged[5][lane] = x * v, staged[6][lane] = y * v;
    }
    add_staged(staged, kMoments, used, total);
  }
  PairMoments m;
  m.xx = __shfl_sync(kWholeWarp, total, 0), m.xy = __shfl_sync(kWholeWarp, total, 1);
  m.yy = __shfl_sync(kWholeWarp, total, 2), m.xu = __shfl_sync(kWholeWarp, total, 3);
  m.yu = __shfl_sync(kWholeWarp, total, 4), m.xv = __shfl_sync(kWholeWarp, total, 5);
  m.yv = __shfl_sync(kWholeWarp, total, 6);
  return fit_affinity(chosen, means, m, affine);
}

// Puts the affinity into `map` and the pairs that agree with it in the end into d_chosen; returns
// their number, 0 where there is no affinity.
__device__ int refine(const DescribedSet& set, int hypothesis, const Tightening& tightening,
                      double (&staged)[kMoments][kWarpSize + 1], Affinity& map, int* d_chosen) {
  map = affinity_of(set.similarities[hypothesis]);
  Reach reach{true, set.places[hypothesis], 0};
  for (int step = 0;; ++step) {
    const int chosen = choose_agreeing(set, map, reach, d_chosen);
    if (step == static_cast<int>(kTightening.size())) return chosen;
    if (chosen < kMinAgreeingPairs) return 0;
    const FittedAffinity fitted = fit_chosen(set, d_chosen, chosen, step > 0, staged);
    if (!fitted.found) return 0;
    map = fitted.map;
    reach = {false, {}, tightening.squared_px[step]};
  }
}

// Chosen pairs that are at another place than all counted before them. Each lane holds one of 32
// pairs against the places counted before these, then the 32 against each other in order.
__device__ int count_places(const DescribedSet& set, const int* d_chosen, int chosen,
                            PairPlace* d_counted) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  int counted = 0;
  for (int first = 0; first < chosen; first += kWarpSize) {
    PairPlace place{};
    bool is_other = first + lane < chosen;
    if (is_other) place = set.places[d_chosen[first + lane]];
    for (int i = 0; i < counted; ++i) is_other &= !is_same_place(place, d_counted[i]);
    unsigned others = __ballot_sync(kWholeWarp, is_other);
    for (unsigned left = others; left != 0;) {
      const int at = __ffs(static_cast<int>(left)) - 1;
      const PairPlace one{
          __shfl_sync(kWholeWarp, place.query_x, at), __shfl_sync(kWholeWarp, place.query_y, at),
          __shfl_sync(kWholeWarp, place.hit_x, at), __shfl_sync(kWholeWarp, place.hit_y, at)};
      if (lane > at && is_other) is_other = !is_same_place(place, one);
      others = __ballot_sync(kWholeWarp, is_other);
      left = others & ~((2u << at) - 1);
    }
    if (is_other) d_counted[counted + __popc(others & ((1u << lane) - 1))] = place;
    counted += __popc(others);
    __syncwarp();
  }
  return counted;
}

// d_chosen, d_counted: room for eight lists of each set, where eight times its pairs would be.
__global__ void __launch_bounds__(kRefineThreads, kRefineBlocks)
    refine_hypotheses(const PairSet* d_sets, DescribedPairs pairs, const int* d_votes,
                      Tightening tightening, int* d_chosen, PairPlace* d_counted,
                      FoundConsensus* d_found, int* d_agreeing) {
  auto& memory = shared_memory<RefineMemory>();
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize,
            warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const PairSet place_of_set = d_sets[blockIdx.x];
  const DescribedSet set = set_of(pairs, place_of_set);
  const std::int64_t first_list = kRefinedHypotheses * place_of_set.first;

  const int hypothesis = ranked_hypothesis(d_votes + place_of_set.first, set.count, memory);
  const std::int64_t list = first_list + std::int64_t{warp} * set.count;
  Affinity map{};
  int agreeing = 0;
  if (hypothesis >= 0) {
    agreeing = refine(set, hypothesis, tightening, memory.staged[warp], map, d_chosen + list);
  }
  if (lane == 0) {
    memory.maps[warp] = map;
    memory.agreeing[warp] = agreeing;
  }
  __syncthreads();

  // One map has one list of pairs: where good hypotheses end in the same one, the first counts. One
  // that came to nothing may have left its map on the way there.
  bool is_new = agreeing >= kMinAgreeingPairs;
  for (int i = 0; i < warp; ++i) {
    bool is_equal = memory.agreeing[i] >= kMinAgreeingPairs;
    for (std::size_t k = 0; k < map.size(); ++k) is_equal &= memory.maps[i][k] == map[k];
    is_new &= !is_equal;
  }
  const int places = is_new ? count_places(set, d_chosen + list, agreeing, d_counted + list) : 0;
  if (lane == 0) memory.places[warp] = places;
  __syncthreads();

  int best = -1, most_places = kMinAgreeingPairs - 1;
  for (int i = 0; i < kRefineWarps; ++i) {
    if (memory.places[i] <= most_places) continue;
    best = i;
    most_places = memory.places[i];
  }
  if (threadIdx.x == 0) {
    d_found[blockIdx.x] =
        best < 0 ? FoundConsensus{{1, 0, 0, 0, 1, 0}, 0, 0}
                 : FoundConsensus{memory.maps[best], most_places, memory.agreeing[best]};
  }
  if (best < 0) return;
  const int* const d_best = d_chosen + first_list + std::int64_t{best} * set.count;
  for (int i = static_cast<int>(threadIdx.x); i < memory.agreeing[best]; i += kRefineThreads) {
    d_agreeing[place_of_set.first + i] = d_best[i];
  }
}

std::vector<VoteTile> vote_tiles(const std::vector<PairSet>& sets) {
  std::vector<VoteTile> tiles;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    const int count = sets[s].count;
    if (count < kMinAgreeingPairs) continue;
    for (int hypothesis = 0; hypothesis < count; hypothesis += kWarpSize) {
      for (int pair = 0; pair < count; pair += kVotePairs) {
        tiles.push_back({static_cast<int>(s), hypothesis, pair});
      }
    }
  }
  return tiles;
}

}  // namespace

PairSets upload_pairs(Lane& lane, std::span<const std::vector<KeypointPair>> pairs) {
  PairSets result;
  std::vector<KeypointPair> all;
  for (const std::vector<KeypointPair>& set : pairs) {
    result.sets.push_back({static_cast<std::int64_t>(all.size()), static_cast<int>(set.size())});
    all.insert(all.end(), set.begin(), set.end());
  }
  result.device_sets = lane.upload(result.sets);
  result.pairs = lane.upload(all);
  return result;
}

ConsensusOfSets find_consensus(Lane& lane, const PairSets& sets, float threshold_px) {
  static_assert(sizeof(KeypointPair) == 2 * sizeof(float4));
  const std::size_t count = sets.pairs.size();
  DeviceBuffer<PairPlace> places = lane.allocate<PairPlace>(count);
  DeviceBuffer<PairShape> shapes = lane.allocate<PairShape>(count);
  DeviceBuffer<Similarity> similarities = lane.allocate<Similarity>(count);
  const DescribedPairs pairs{places.data(), shapes.data(), similarities.data()};
  const auto all = static_cast<std::int64_t>(count);
  launch(lane.stream(), {dim3(blocks_for(all, kDescribeThreads)), dim3(kDescribeThreads)},
         describe_pairs, reinterpret_cast<const float4*>(sets.pairs.data()), all, pairs);

  const std::vector<VoteTile> tiles = vote_tiles(sets.sets);
  const DeviceBuffer<VoteTile> device_tiles = lane.upload(tiles);
  DeviceBuffer<int> votes = lane.allocate_zeros<int>(count);
  const auto tile_count = static_cast<int>(tiles.size());
  launch(lane.stream(), {dim3(blocks_for(tile_count, kVoteWarps)), dim3(kVoteWarps * kWarpSize)},
         count_votes, sets.device_sets.data(), pairs, device_tiles.data(), tile_count,
         votes.data());

  Tightening tightening{};
  for (std::size_t i = 0; i < kTightening.size(); ++i) {
    const float reach_px = kTightening[i] * threshold_px;
    tightening.squared_px[i] = reach_px * reach_px;
  }
  DeviceBuffer<int> chosen = lane.allocate<int>(kRefinedHypotheses * count);
  DeviceBuffer<PairPlace> counted = lane.allocate<PairPlace>(kRefinedHypotheses * count);
  // Copied to the host as a whole.
  ConsensusOfSets result{lane.allocate<FoundConsensus>(sets.sets.size()),
                         lane.allocate_zeros<int>(count)};
  launch(lane.stream(), {dim3(static_cast<unsigned>(sets.sets.size())), dim3(kRefineThreads)},
         refine_hypotheses, sets.device_sets.data(), pairs, votes.data(), tightening, chosen.data(),
         counted.data(), result.found.data(), result.agreeing.data());
  return result;
}

void find_consensus(Lane& lane, std::span<const std::vector<KeypointPair>> pairs,
                    float threshold_px, std::span<Consensus> outputs) {
  assert(pairs.size() == outputs.size());
  const PairSets sets = upload_pairs(lane, pairs);
  const ConsensusOfSets results = find_consensus(lane, sets, threshold_px);
  const std::span<const FoundConsensus> found = lane.download(results.found);
  const std::span<const int> agreeing = lane.download(results.agreeing);
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto of_set = agreeing.subspan(static_cast<std::size_t>(sets.sets[i].first),
                                         static_cast<std::size_t>(found[i].agreeing));
    outputs[i] = {found[i].places, found[i].hit_from_query, {of_set.begin(), of_set.end()}};
  }
}

}  // namespace pressmark::kernels::cuda
