// SPDX-License-Identifier: Apache-2.0
//
// 1. score(A) = sum q(A x) conj(c(x)) / sqrt(norms) over the cells x of a candidate c that the
// query
//    q covers (dense_refine.hpp of kernels/math), q bilinear and turned; climbed by coordinates of
//    the affinity A: 48 steps at most, each to the better of a parameter a step up, else a step
//    down, else nowhere.
// 2. Codes: 2 x 64 x 64 int8 each, one query, n candidates one after the other; starts: n x 6
//    floats; results: n x 32 bytes.
// 3. A block owns a pair and its whole ascent, half of its warps the step up, the other half the
//    step down; a warp 8 columns, 8 x 4 cells at a time, a lane one of these. The first warp adds
//    up, decides and lays out the next step.
// 4. Shared: both fields in words of two 16-bit parts, 38 KB; registers limit a multiprocessor to
// two
//    blocks. 72 words a row: cells of 8 x 4 are read without conflicts where the affinity is near a
//    turn by a multiple of pi / 2, by two or three turns elsewhere.
// 5. 16 KB read, 32 bytes written per pair; up to 97 x 4096 cells of about 75 instructions: bound
// by
//    instructions.
// 6. Sums over a fixed tree of doubles; the CPU's is another one. They differ by 1e-15, which shows
//    once in 1e7 correlations when they are rounded to float; else the CPU's numbers exactly. A
//    position may then differ by one step in the last round, .01 or .2 cells.
// 7. No paper.
#include <cassert>

#include "kernels/cuda/dense_refine.hpp"
#include "kernels/cuda/field_tile.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_refine;

// Two warps to each scheduler for either trial; two blocks fit beside each other by registers.
constexpr int kThreads = 512;
constexpr int kWarps = kThreads / 32;
constexpr int kTrials = 2;
constexpr int kTrialWarps = kWarps / kTrials;
constexpr int kTileColumns = 8, kTileRows = 4;
constexpr int kPitch = 72;
static_assert(kTrialWarps * kTileColumns == kDenseSide);

struct Sums {
  double product, query, candidate;
};

struct Ascending {
  CodeTile<kPitch> query, candidate;
  Map trials[kTrials];
  Sums sums[kWarps];
  int query_energies[kWarps], candidate_energies[kWarps];
  int is_finished;
};

// Of the warp's columns, in all lanes.
__device__ Sums correlate(const Ascending& shared, const Map& map, int first_column, int lane) {
  // 4 x 4 cells to half a warp, side by side.
  const int x = first_column + lane % 4 + lane / 16 * 4;
  const float dx = static_cast<float>(x) - kCentre;
  const float left_x = kCentre + map.xx * dx, left_y = kCentre + map.yx * dx;
  const FieldValue turn{map.turn_real, map.turn_imaginary};
  Sums sums{0, 0, 0};
  for (int y = lane / 4 % 4; y < kDenseSide; y += kTileRows) {
    const float dy = static_cast<float>(y) - kCentre;
    const float query_x = left_x + map.xy * dy + map.x;
    const float query_y = left_y + map.yy * dy + map.y;
    if (!covers(query_x, query_y)) continue;
    const FieldValue q = shared.query.sample(query_x, query_y) * turn;
    const FieldValue d = shared.candidate.at(x, y);
    sums.product += static_cast<double>(product(q, d));
    sums.query += static_cast<double>(norm(q));
    sums.candidate += static_cast<double>(norm(d));
  }
  return {warp_sum(sums.product), warp_sum(sums.query), warp_sum(sums.candidate)};
}

// Where the ascent stands, in the registers of one warp: lane i holds parameter i and its step.
struct Ascent {
  float parameter, step;
  float score = 0;
  int tried = kParameters;  // the parameter that is moved; kParameters: none yet
  int round = 0, pass = 0;
  bool moved = false;

  // The step up for even lanes, down for odd ones.
  __device__ Map trial(int lane) const {
    const float sign = lane % kTrials == 0 ? 1.0f : -1.0f;
    Parameters trial;
    for (int i = 0; i < kParameters; ++i) {
      const float value = __shfl_sync(kWholeWarp, parameter, i);
      const float change = sign * __shfl_sync(kWholeWarp, step, i);
      trial[static_cast<std::size_t>(i)] = i == tried ? value + change : value;
    }
    return map_of(trial);
  }

  // Takes what the trials scored; whether there is another one.
  __device__ bool advance(float up, float down, int lane) {
    if (tried == kParameters) {  // both are the start
      score = up;
      tried = kParameters - 1;  // shifts first
      return true;
    }
    if (up > score || down > score) {
      const float sign = up > score ? 1.0f : -1.0f;
      score = up > score ? up : down;
      if (lane == tried) parameter += sign * step;
      moved = true;
    }
    if (--tried >= 0) return true;
    tried = kParameters - 1;
    if (moved && pass + 1 < kPasses) {
      ++pass;
    } else {
      pass = 0;
      ++round;
      step *= 0.5f;
    }
    moved = false;
    return round < kRounds;
  }
};

__global__ void __launch_bounds__(kThreads, 2)
    ascend(const DenseCode* d_query, const DenseCode* d_candidates, const Parameters* d_starts,
           RefinedMatch* d_results) {
  auto& shared = shared_memory<Ascending>();
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int query_energy =
      warp_sum(shared.query.fill<kThreads>(reinterpret_cast<const std::int8_t*>(d_query)));
  const int candidate_energy = warp_sum(shared.candidate.fill<kThreads>(
      reinterpret_cast<const std::int8_t*>(d_candidates + blockIdx.x)));

  const float* d_start = reinterpret_cast<const float*>(d_starts + blockIdx.x);
  Ascent ascent{};
  if (lane < kParameters) {
    ascent.parameter = d_start[lane];
    ascent.step = first_step(lane);
  }
  if (warp == 0) {
    const Map start = ascent.trial(lane);
    if (lane < kTrials) shared.trials[lane] = start;
  }
  if (lane == 0) {
    shared.query_energies[warp] = query_energy;
    shared.candidate_energies[warp] = candidate_energy;
  }
  if (threadIdx.x == 0) shared.is_finished = 0;
  __syncthreads();
  double query_whole = 0, candidate_whole = 0;
  for (int i = 0; i < kWarps; ++i) {
    query_whole += shared.query_energies[i];
    candidate_whole += shared.candidate_energies[i];
  }

  const bool is_compared = query_whole > 0 && candidate_whole > 0;
  while (is_compared && shared.is_finished == 0) {
    const Map map = shared.trials[warp / kTrialWarps];
    const Sums sums = correlate(shared, map, warp % kTrialWarps * kTileColumns, lane);
    if (lane == 0) shared.sums[warp] = sums;
    __syncthreads();
    if (warp == 0) {
      const int trial = lane % kTrials;
      Sums all{0, 0, 0};
      for (int i = 0; i < kTrialWarps; ++i) {
        const Sums& part = shared.sums[trial * kTrialWarps + i];
        all.product += part.product;
        all.query += part.query;
        all.candidate += part.candidate;
      }
      const double norms = squared_norms(shared.trials[trial], all.query, all.candidate,
                                         query_whole, candidate_whole);
      const auto score = static_cast<float>(all.product / std::sqrt(norms));
      const float up = __shfl_sync(kWholeWarp, score, 0), down = __shfl_sync(kWholeWarp, score, 1);
      const bool goes_on = ascent.advance(up, down, lane);
      const Map next = ascent.trial(lane);
      __syncwarp();  // all lanes have read the trials before
      if (lane < kTrials) shared.trials[lane] = next;
      if (lane == 0) shared.is_finished = goes_on ? 0 : 1;
    }
    __syncthreads();
  }

  if (warp != 0) return;
  RefinedMatch& result = d_results[blockIdx.x];
  if (lane < kParameters) result.parameters[static_cast<std::size_t>(lane)] = ascent.parameter;
  if (lane == 0) {
    result.score = ascent.score;
    result.is_compared = is_compared ? 1 : 0;
  }
}

}  // namespace

DeviceBuffer<RefinedMatch> refine_dense(Lane& lane, const DenseCode* d_query,
                                        const DenseCode* d_candidates,
                                        const DeviceBuffer<Parameters>& starts) {
  DeviceBuffer<RefinedMatch> results = lane.allocate<RefinedMatch>(starts.size());
  launch(lane.stream(), {dim3(static_cast<unsigned>(starts.size())), dim3(kThreads)}, ascend,
         d_query, d_candidates, starts.data(), results.data());
  return results;
}

void refine_dense(Lane& lane, const DenseCode& query, std::span<const DenseCode> candidates,
                  std::span<DenseMatch> matches) {
  assert(candidates.size() == matches.size());
  std::vector<Parameters> starts;
  starts.reserve(matches.size());
  for (const DenseMatch& match : matches) {
    const auto& [linear, shift_x, shift_y] = match.position;
    starts.push_back(parameters_of({linear, shift_x, shift_y}));
  }
  const DeviceBuffer<DenseCode> one = lane.upload(std::span(&query, 1)),
                                others = lane.upload(candidates);
  const DeviceBuffer<RefinedMatch> refined =
      refine_dense(lane, one.data(), others.data(), lane.upload(starts));
  const std::span<const RefinedMatch> results = lane.download(refined);
  lane.synchronise();
  for (std::size_t i = 0; i < matches.size(); ++i) {
    matches[i].score = results[i].score;
    if (results[i].is_compared == 0) continue;
    const Position reached = position_of(results[i].parameters);
    matches[i].position = {reached.linear, reached.shift_x, reached.shift_y};
  }
}

}  // namespace pressmark::kernels::cuda
