// SPDX-License-Identifier: Apache-2.0
//
// 1. score = sum T(x - shift) c(x) / (|T| |c|) over the cells of a candidate c, T one of the
// query's
//    templates (dense_templates.cu): for each start, the best of 3 x 3 shifts by a cell around
//    where its point belongs; for alignment also of one step of turn and scale to either side,
//    first at a quarter of the resolution from all starts, then at half of it from the best three.
// 2. Templates: 2 planes of 2 side x 2 side int8; pyramids: 2 x 32 x 32 and 2 x 16 x 16 int8, n of
//    2560 bytes; starts: 32 bytes, in the order of their candidates.
// 3. A warp owns a start on one template: all nine shifts of it. side / 4 lanes share a row, four
//    cells each, and go down their part of the rows; a row of the template is read once for the
//    three rows of the candidate that meet it. A block owns 8 starts to screen them, a start to
//    align it, the best three of a candidate at half resolution.
// 4. Shared: some scores only.
// 5. Read per warp: 1.2 KB of a template and .5 KB of a candidate at a quarter, 4.4 and 2 KB at
//    half, mostly from the first and second cache; 72 and 288 instructions dp4a per lane: bound by
//    the latency of these reads unless thousands of starts come at once.
// 6. Sums of integers; scores by the CPU's operations: the CPU's numbers exactly. Of equal scores
//    the first in the CPU's order counts.
// 7. No paper.
#include "kernels/cuda/dense_alignment.hpp"

#include <algorithm>
#include <cassert>

#include "kernels/cuda/runtime/batches.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_alignment;

constexpr int kShifts = 3;              // tried per axis
constexpr int kNeighbours = 9;          // steps of turn and scale
constexpr int kScreeningThreads = 256;  // 8 starts
constexpr int kScreeningWarps = kScreeningThreads / 32;
constexpr int kSelectingThreads = 128;
constexpr int kNeighbourThreads = 32 * kNeighbours;
constexpr int kHalfTasks = kAlignedStarts * kNeighbours;
constexpr int kHalfThreads = 32 * kHalfTasks;
static_assert(kHalfTasks <= 32);  // one warp takes the best of them

template <int side>
__device__ const int* words_of(const DensePyramid& candidate) {
  const std::int8_t* d_values =
      side == kHalvedSide ? candidate.half.data() : candidate.quarter.data();
  return reinterpret_cast<const int*>(d_values);
}

// All of one candidate with the parts of one template that begin at column .. column + 2, row ..
// row
// + 2, and its sum of squares; in all lanes.
struct Products {
  int sums[kShifts * kShifts];
  int squares;
};

template <int side>
__device__ Products multiply(const int* d_template, int column, int row, const int* d_candidate,
                             int lane) {
  constexpr int kWords = side / 4;          // of a row of the candidate
  constexpr int kTemplateWords = side / 2;  // of one of the template
  constexpr int kRows = 2 * side * kWords / 32;
  const int word = lane % kWords, first_row = lane / kWords * kRows;  // among both planes' rows
  const int plane = first_row / side, first = first_row % side;
  const int* from =
      d_template + plane * side * side + (row + first) * kTemplateWords + column / 4 + word;
  const int* to = d_candidate + first_row * kWords + word;
  const auto bits = static_cast<unsigned>(column % 4 * 8);

  Products products{};
  int above = 0, current = 0;  // words of the candidate, two rows and one row back
  for (int y = 0; y < kRows + kShifts - 1; ++y) {
    const int rows[kShifts] = {y < kRows ? to[y * kWords] : 0, current, above};
    above = current;
    current = rows[0];
    products.squares = __dp4a(current, current, products.squares);
    // Six bytes from the column on. The third word is part of the row where it is needed.
    const auto low = static_cast<unsigned>(from[0]), middle = static_cast<unsigned>(from[1]);
    const unsigned high = bits == 24 ? static_cast<unsigned>(from[2]) : 0;
    const unsigned upper = __funnelshift_r(middle, high, bits);
    const unsigned lower = __funnelshift_r(low, middle, bits);
    for (int x = 0; x < kShifts; ++x) {
      const auto four =
          static_cast<int>(__funnelshift_r(lower, upper, static_cast<unsigned>(8 * x)));
      for (int i = 0; i < kShifts; ++i) {
        int& sum = products.sums[i * kShifts + x];
        sum = __dp4a(four, rows[i], sum);
      }
    }
    from += kTemplateWords;
  }
  for (int& sum : products.sums) sum = __reduce_add_sync(kWholeWarp, sum);
  products.squares = __reduce_add_sync(kWholeWarp, products.squares);
  return products;
}

// DenseTemplates::best_shift of the CPU, by a warp; in all lanes.
template <int side>
__device__ DenseStart best_shift(const TemplatesView& templates, const Pose* d_poses,
                                 const DensePyramid& candidate, const DenseStart& start, int turns,
                                 int scales, int lane) {
  const Laid<DenseStart> at = laid(start, turns, scales, side, d_poses);
  if (!at.reaches) return at.start;
  // Three shifts at either axis even where fewer count, all of them inside the template.
  const int column = std::min(at.column, side - 2), row = std::min(at.row, side - 2);
  const Products products = multiply<side>(templates.words + at.index * words_of_template(side),
                                           column, row, words_of<side>(candidate), lane);
  const float norms = templates.norms[at.index] * std::sqrt(static_cast<float>(products.squares));
  if (!(norms > 0)) return at.start;
  int best = 0, best_x = -1, best_y = 0;
  for (int y = 0; y < kShifts; ++y) {
    for (int x = 0; x < kShifts; ++x) {
      const int from_x = column + x - at.column, from_y = row + y - at.row;
      if (from_x < 0 || from_y < 0 || from_x >= at.columns || from_y >= at.rows) continue;
      const int sum = products.sums[y * kShifts + x];
      if (best_x >= 0 && sum <= best) continue;
      best = sum;
      best_x = from_x;
      best_y = from_y;
    }
  }
  return placed(at, side, at.column + best_x, at.row + best_y, best, norms);
}

// In the CPU's order: turns outside, scales inside.
constexpr int turns_of(int neighbour) {
  return neighbour / 3 - 1;
}
constexpr int scales_of(int neighbour) {
  return neighbour % 3 - 1;
}

__global__ void __launch_bounds__(kScreeningThreads)
    screen_starts(TemplatesView quarter, const Pose* d_poses, const DensePyramid* d_candidates,
                  const CandidateStart* d_starts, int count, DenseStart* d_tried) {
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const int i = static_cast<int>(blockIdx.x) * kScreeningWarps + warp;
  if (i >= count) return;  // a whole warp
  const DenseStart best = best_shift<kQuarteredSide>(
      quarter, d_poses, d_candidates[d_starts[i].candidate], d_starts[i].start, 0, 0, lane);
  if (lane == 0) d_tried[i] = best;
}

// How many of a candidate's starts rank before start i: better ones, and earlier ones as good.
__device__ int rank_of(const DenseStart* d_starts, int count, int i) {
  const float score = d_starts[i].score;
  int rank = 0;
  for (int j = 0; j < count; ++j) {
    const float other = d_starts[j].score;
    rank += other > score || (other == score && j < i) ? 1 : 0;
  }
  return rank;
}

__global__ void __launch_bounds__(kSelectingThreads)
    select_starts(const DenseStart* d_tried, const int* d_first, DenseStart* d_best) {
  constexpr int kMost = static_cast<int>(DenseAlignment::kScreenedStarts);
  const int first = d_first[blockIdx.x], count = d_first[blockIdx.x + 1] - first;
  DenseStart* const d_places = d_best + std::int64_t{blockIdx.x} * kMost;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += kSelectingThreads) {
    const int rank = rank_of(d_tried + first, count, i);
    if (rank < kMost) d_places[rank] = d_tried[first + i];
  }
}

struct NeighbourScores {
  float values[kNeighbours];
};

__global__ void __launch_bounds__(kNeighbourThreads)
    align_starts(TemplatesView quarter, const Pose* d_poses, const DensePyramid* d_candidates,
                 const CandidateStart* d_starts, DenseStart* d_tried) {
  auto& shared = shared_memory<NeighbourScores>();
  const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
  const CandidateStart& at = d_starts[blockIdx.x];
  const DenseStart tried =
      best_shift<kQuarteredSide>(quarter, d_poses, d_candidates[at.candidate], at.start,
                                 turns_of(warp), scales_of(warp), lane);
  if (lane == 0) shared.values[warp] = tried.score;
  __syncthreads();
  int best = 0;
  for (int i = 1; i < kNeighbours; ++i) {
    if (shared.values[i] > shared.values[best]) best = i;
  }
  if (warp == best && lane == 0) d_tried[blockIdx.x] = tried;
}

struct HalfScores {
  int starts[kAlignedStarts];
  float values[kHalfTasks];
};

__global__ void __launch_bounds__(kHalfThreads)
    align_best(TemplatesView half, const Pose* d_poses, const DensePyramid* d_candidates,
               const DenseStart* d_tried, const int* d_first, float* d_scores) {
  auto& shared = shared_memory<HalfScores>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int first = d_first[blockIdx.x], count = d_first[blockIdx.x + 1] - first;
  for (int i = thread; i < count; i += kHalfThreads) {
    const int rank = rank_of(d_tried + first, count, i);
    if (rank < kAlignedStarts) shared.starts[rank] = first + i;
  }
  __syncthreads();
  float score = 0;
  if (warp / kNeighbours < count) {
    const int neighbour = warp % kNeighbours;
    const DenseStart& start = d_tried[shared.starts[warp / kNeighbours]];
    score = best_shift<kHalvedSide>(half, d_poses, d_candidates[blockIdx.x], start,
                                    turns_of(neighbour), scales_of(neighbour), lane)
                .score;
  }
  if (lane == 0) shared.values[warp] = score;
  __syncthreads();
  if (warp != 0) return;
  float best = lane < kHalfTasks ? shared.values[lane] : 0.0f;
  best = warp_max(best);
  if (lane == 0) d_scores[blockIdx.x] = best;
}

}  // namespace

BatchOfStarts upload_starts(Lane& lane, std::span<const std::span<const DenseStart>> starts) {
  std::vector<CandidateStart> all;
  std::vector<int> first{0};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    for (const DenseStart& start : starts[i]) all.push_back({start, static_cast<int>(i)});
    first.push_back(static_cast<int>(all.size()));
  }
  return {lane.upload(all), lane.upload(first)};
}

DeviceBuffer<DenseStart> screen(Lane& lane, const AlignmentQuery& query,
                                const DensePyramid* d_candidates, const BatchOfStarts& starts) {
  constexpr std::size_t kMost = DenseAlignment::kScreenedStarts;
  const std::size_t count = starts.starts.size();
  DeviceBuffer<DenseStart> tried = lane.allocate<DenseStart>(count);
  launch(lane.stream(),
         {dim3(blocks_for(static_cast<std::int64_t>(count), kScreeningWarps)),
          dim3(kScreeningThreads)},
         screen_starts, query.quarter.view(), query.poses.data(), d_candidates,
         starts.starts.data(), static_cast<int>(count), tried.data());
  // Downloaded as a whole: places of candidates with fewer starts, too.
  DeviceBuffer<DenseStart> best = lane.allocate_zeros<DenseStart>(kMost * starts.candidates());
  launch(lane.stream(), {dim3(static_cast<unsigned>(starts.candidates())), dim3(kSelectingThreads)},
         select_starts, tried.data(), starts.first.data(), best.data());
  return best;
}

DeviceBuffer<float> align(Lane& lane, const AlignmentQuery& query, const DensePyramid* d_candidates,
                          const BatchOfStarts& starts) {
  const std::size_t count = starts.starts.size();
  DeviceBuffer<DenseStart> tried = lane.allocate<DenseStart>(count);
  launch(lane.stream(), {dim3(static_cast<unsigned>(count)), dim3(kNeighbourThreads)}, align_starts,
         query.quarter.view(), query.poses.data(), d_candidates, starts.starts.data(),
         tried.data());
  DeviceBuffer<float> scores = lane.allocate<float>(starts.candidates());
  launch(lane.stream(), {dim3(static_cast<unsigned>(starts.candidates())), dim3(kHalfThreads)},
         align_best, query.half.view(), query.poses.data(), d_candidates, tried.data(),
         starts.first.data(), scores.data());
  return scores;
}

namespace {

// 2.5 KB each, and their starts.
constexpr std::size_t kMostCandidates = 4096;

DeviceBuffer<DensePyramid> upload_pyramids(Lane& lane,
                                           std::span<const DensePyramid* const> candidates) {
  std::vector<std::span<const DensePyramid>> pyramids;
  pyramids.reserve(candidates.size());
  for (const DensePyramid* candidate : candidates) pyramids.emplace_back(candidate, 1);
  return lane.upload_joined<DensePyramid>(pyramids);
}

}  // namespace

DenseLocalSearch::DenseLocalSearch(LanePool& lanes, const DenseCode& query) : lanes_(lanes) {
  lanes.run([&](Lane& lane) {
    query_ = make_alignment_query(lane, lane.upload(std::span(&query, 1)).data());
    lane.synchronise();  // other lanes may read the templates now
  });
}

void DenseLocalSearch::screen(std::span<const DensePyramid* const> candidates,
                              std::span<const std::span<const DenseStart>> starts,
                              std::span<std::vector<DenseStart>> screened) const {
  assert(candidates.size() == starts.size() && candidates.size() == screened.size());
  in_batches(
      lanes_, candidates.size(), kMostCandidates,
      [&](Lane& lane, std::size_t first, std::size_t count) {
        const BatchOfStarts batch = upload_starts(lane, starts.subspan(first, count));
        const DeviceBuffer<DensePyramid> pyramids =
            upload_pyramids(lane, candidates.subspan(first, count));
        const DeviceBuffer<DenseStart> best = cuda::screen(lane, query_, pyramids.data(), batch);
        const std::span<const DenseStart> results = lane.download(best);
        lane.synchronise();
        for (std::size_t i = 0; i < count; ++i) {
          const auto of_candidate = results.subspan(i * kScreenedStarts)
                                        .first(std::min(starts[first + i].size(), kScreenedStarts));
          screened[first + i].assign(of_candidate.begin(), of_candidate.end());
        }
      });
}

void DenseLocalSearch::align(std::span<const DensePyramid* const> candidates,
                             std::span<const std::span<const DenseStart>> starts,
                             std::span<float> scores) const {
  assert(candidates.size() == starts.size() && candidates.size() == scores.size());
  in_batches(lanes_, candidates.size(), kMostCandidates,
             [&](Lane& lane, std::size_t first, std::size_t count) {
               const BatchOfStarts batch = upload_starts(lane, starts.subspan(first, count));
               const DeviceBuffer<DensePyramid> pyramids =
                   upload_pyramids(lane, candidates.subspan(first, count));
               const std::span<const float> results =
                   lane.download(cuda::align(lane, query_, pyramids.data(), batch));
               lane.synchronise();
               std::copy(results.begin(), results.end(),
                         scores.begin() + static_cast<std::ptrdiff_t>(first));
             });
}

}  // namespace pressmark::kernels::cuda
