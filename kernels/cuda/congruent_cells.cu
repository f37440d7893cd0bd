// SPDX-License-Identifier: Apache-2.0
//
// 1. For each of 6 x 6 cells of the query and each of 7 x 7 shifts by whole grid cells: sum q
//    conj(c(A x + shift)) / sqrt(norms) over the cell's 10 x 10 points x, c bilinear; the best
//    shift of each cell, the first of equal ones (congruent_cells.hpp of kernels/math).
// 2. Codes: 2 x 64 x 64 int8 each, one query, n candidates one after the other; positions: n x 6
//    doubles; results: n x 36 x 8 bytes.
// 3. A block owns a row of cells of a pair, a thread one cell and shift, of which it goes through
//    all points; then a warp takes the best shift of a cell.
// 4. Shared: the candidate in words of two 16-bit parts, the row's points, turned; 41 KB, which
// four
//    blocks of a multiprocessor of 228 KB have, as many as by registers. 71 words a row of the
//    candidate are 7 modulo the banks, as 7 shifts are a row of theirs: neighbouring threads read
//    neighbouring banks.
// 5. 16 KB read (from the second cache but for a pair's first block), 48 bytes written per block;
//    294 x 100 points of about 60 instructions: bound by instructions.
// 6. Every sum is taken by one thread in the CPU's order: the CPU's numbers exactly.
// 7. Song, "Proposed congruent matching cells (CMC) method", NIST 2013; shifts alone, no turns.
#include <cassert>

#include "kernels/cuda/congruent_cells.hpp"
#include "kernels/cuda/field_tile.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/stages.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace kernels::congruent_cells;

constexpr int kItems = kCellsPerSide * kShifts;  // of a block
constexpr int kThreads = (kItems + 31) / 32 * 32;
constexpr int kWarps = kThreads / 32;
constexpr int kPitch = 71;
static_assert(kWarps >= kCellsPerSide && kShifts <= 64);

constexpr int kIntsOfACode = 2 * kDenseSide * kDenseSide / 4;

// A point of a cell: where it lies in the candidate, but for the shift, and what it holds.
struct alignas(16) Point {
  double x, y;
  double squared;
  FieldValue value;
};

struct CellRow {
  CodeTile<kPitch> candidate;
  Point points[kCellsPerSide * kPoints];
  double scores[kItems];
  int usable[kItems];
  int energies[kWarps];
};

// The query's row of cells, in the candidate's directions.
__device__ void place_points(const std::int8_t* d_query, const DensePosition& position, int row,
                             Point* points) {
  const Turn turn = turn_of(position.linear);
  for (int i = static_cast<int>(threadIdx.x); i < kCellsPerSide * kPoints; i += kThreads) {
    const int cell = row * kCellsPerSide + i / kPoints, point = i % kPoints;
    const int x = left_of(cell) + point % kCellSide, y = top_of(cell) + point / kCellSide;
    const Place place =
        place_of(position, static_cast<double>(static_cast<float>(x) - kCellsCentre),
                 static_cast<double>(static_cast<float>(y) - kCellsCentre));
    const std::int8_t* d_cell = d_query + y * kDenseSide + x;
    const FieldValue value = FieldValue{static_cast<float>(d_cell[0]),
                                        static_cast<float>(d_cell[kDenseSide * kDenseSide])} *
                             FieldValue{turn.real, turn.imaginary};
    points[i] = {place.x, place.y, static_cast<double>(norm(value)), value};
  }
}

// The thread's cell at the thread's shift.
__device__ void compare(CellRow& shared, double whole_energy, int item) {
  const int shift = item % kShifts;
  const double shift_x = shift_x_of(shift), shift_y = shift_y_of(shift);
  const Point* points = shared.points + item / kShifts * kPoints;
  double sum = 0, query_energy = 0, candidate_energy = 0;
  int inside = 0;
  for (int i = 0; i < kPoints; ++i) {
    const Point& point = points[i];
    query_energy += point.squared;
    const float x = static_cast<float>(point.x + shift_x) + kCellsCentre;
    const float y = static_cast<float>(point.y + shift_y) + kCellsCentre;
    if (!(x > -1 && y > -1 && x < kDenseSide && y < kDenseSide)) continue;
    const FieldValue d = shared.candidate.sample(x, y);
    sum += static_cast<double>(product(point.value, d));
    candidate_energy += static_cast<double>(norm(d));
    inside += is_inside(x, y) ? 1 : 0;
  }
  const double energies = query_energy * candidate_energy;
  shared.scores[item] = energies > 0 ? sum / std::sqrt(energies) : 0;
  shared.usable[item] = is_usable(query_energy, whole_energy, inside) ? 1 : 0;
}

// Of the warp's cell; in all lanes.
__device__ ShiftedCell best_shift(const CellRow& shared, int cell, int lane) {
  const double* scores = shared.scores + cell * kShifts;
  const int* usable = shared.usable + cell * kShifts;
  int shift = lane;
  double score = scores[lane];
  bool is_usable = usable[lane] != 0;
  if (const int other = lane + 32; other < kShifts) {
    is_usable = is_usable && usable[other] != 0;
    if (scores[other] > score) {
      score = scores[other];
      shift = other;
    }
  }
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const double other = __shfl_xor_sync(kWholeWarp, score, lanes);
    const int other_shift = __shfl_xor_sync(kWholeWarp, shift, lanes);
    if (other > score || (other == score && other_shift < shift)) {
      score = other;
      shift = other_shift;
    }
  }
  const bool all = __all_sync(kWholeWarp, is_usable ? 1 : 0) != 0;
  return {static_cast<float>(score), all ? shift : -1};
}

__global__ void __launch_bounds__(kThreads)
    shift_cells(const DenseCode* d_query, const DenseCode* d_candidates,
                const DensePosition* d_positions, ShiftedCell* d_results) {
  auto& shared = shared_memory<CellRow>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int row = static_cast<int>(blockIdx.x);
  const auto pair = std::int64_t{blockIdx.y};

  const int* d_words = reinterpret_cast<const int*>(d_query);
  int energy = 0;
  for (int i = thread; i < kIntsOfACode; i += kThreads) {
    energy = __dp4a(d_words[i], d_words[i], energy);
  }
  energy = warp_sum(energy);
  if (lane == 0) shared.energies[warp] = energy;
  shared.candidate.fill<kThreads>(reinterpret_cast<const std::int8_t*>(d_candidates + pair));
  place_points(reinterpret_cast<const std::int8_t*>(d_query), d_positions[pair], row,
               shared.points);
  __syncthreads();

  double whole_energy = 0;
  for (int i = 0; i < kWarps; ++i) whole_energy += shared.energies[i];
  if (thread < kItems) compare(shared, whole_energy, thread);
  __syncthreads();

  if (warp >= kCellsPerSide) return;
  const ShiftedCell best = best_shift(shared, warp, lane);
  if (lane == 0) d_results[pair * kCells + row * kCellsPerSide + warp] = best;
}

}  // namespace

DeviceBuffer<ShiftedCell> congruent_cells(Lane& lane, const DenseCode* d_query,
                                          const DenseCode* d_candidates,
                                          const DeviceBuffer<DensePosition>& positions) {
  assert(positions.size() <= 65'535);  // of a grid's second dimension
  DeviceBuffer<ShiftedCell> results = lane.allocate<ShiftedCell>(positions.size() * kCells);
  launch(lane.stream(),
         {dim3(kCellsPerSide, static_cast<unsigned>(positions.size())), dim3(kThreads)},
         shift_cells, d_query, d_candidates, positions.data(), results.data());
  return results;
}

void congruent_cells(Lane& lane, const DenseCode& query, std::span<const DenseCode> candidates,
                     std::span<const DenseMatch> matches,
                     std::span<std::vector<DenseCell>> outputs) {
  assert(candidates.size() == matches.size() && outputs.size() == matches.size());
  std::vector<DensePosition> positions;
  positions.reserve(matches.size());
  for (const DenseMatch& match : matches) positions.push_back(match.position);
  const DeviceBuffer<DenseCode> one = lane.upload(std::span(&query, 1)),
                                others = lane.upload(candidates);
  const DeviceBuffer<ShiftedCell> shifted =
      congruent_cells(lane, one.data(), others.data(), lane.upload(positions));
  const std::span<const ShiftedCell> results = lane.download(shifted);
  lane.synchronise();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].clear();
    for (int cell = 0; cell < kCells; ++cell) {
      const ShiftedCell& result = results[i * kCells + static_cast<std::size_t>(cell)];
      if (result.shift < 0) continue;
      outputs[i].push_back(cell_at<DenseCell>(cell, result.shift, result.score));
    }
    mark_agreeing<DenseCell>(outputs[i]);
  }
}

}  // namespace pressmark::kernels::cuda
