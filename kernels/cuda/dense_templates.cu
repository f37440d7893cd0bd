// SPDX-License-Identifier: Apache-2.0
//
// 1. T_i(x) = turn_i sum f(R_i x): a code's field f at a half or a quarter of its resolution,
//    bilinear, in 32 turns and 9 scales i, on twice its side, as int8 at 127 for its largest part.
// 2. Code: 2 x 64 x 64 int8; templates: 288 x 2 x (2 side)^2 int8, norms: 288 floats, for side 32
//    and 16.
// 3. A block owns a template and the one turned by pi, which is the same array turned around; a
//    thread every 256th cell, then every 256th word of four cells.
// 4. Shared: the field with a border and the template before rounding; 42 KB for side 32.
// 5. 8 KB read, 2 x 8 KB written per block for side 32; up to four samples of about 40 instructions
//    per cell: bound by instructions, once per query.
// 6. The CPU's operations in its order (what is averaged is exact), the largest part does not
// depend
//    on any, squares are integers: the CPU's numbers exactly.
// 7. No paper.
#include "kernels/cuda/dense_templates.hpp"

#include "kernels/cuda/field_tile.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_alignment;

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

template <int side>
struct Turning {
  static constexpr int kPitch = side + 3;  // odd: columns of cells lie in different banks

  FieldValue field[(side + 2) * kPitch];
  FieldValue cells[4 * side * side];
  float largest[kWarps];
  int squares[kWarps];
};

// Means of the code's cells, zeros around.
template <int side>
__device__ void reduce(const std::int8_t* d_code, FieldValue* field) {
  constexpr int kPitch = Turning<side>::kPitch, kMerged = kDenseSide / side;
  constexpr float kShare = 1.0f / (kMerged * kMerged);
  for (int i = static_cast<int>(threadIdx.x); i < (side + 2) * kPitch; i += kThreads) {
    const int x = i % kPitch - 1, y = i / kPitch - 1;
    int real = 0, imaginary = 0;
    if (x >= 0 && y >= 0 && x < side && y < side) {
      for (int j = 0; j < kMerged * kMerged; ++j) {
        const int cell = (y * kMerged + j / kMerged) * kDenseSide + x * kMerged + j % kMerged;
        real += d_code[cell];
        imaginary += d_code[cell + kDenseSide * kDenseSide];
      }
    }
    field[i] = {kShare * static_cast<float>(real), kShare * static_cast<float>(imaginary)};
  }
}

template <int side>
__device__ FieldValue cell_of(const FieldValue* field, const Pose& pose, int x, int y) {
  constexpr float kCentre = 0.5f * (side - 1);
  const float first = first_of(side, pose.step);
  FieldValue sum{0, 0};
  for (int i = 0; i < pose.samples * pose.samples; ++i) {
    const float px =
        static_cast<float>(x) + first + pose.step * static_cast<float>(i % pose.samples);
    const float py =
        static_cast<float>(y) + first + pose.step * static_cast<float>(i / pose.samples);
    const float from_x = kCentre + pose.cosine * px + pose.sine * py;
    const float from_y = kCentre - pose.sine * px + pose.cosine * py;
    if (!(from_x > -1 && from_y > -1 && from_x < side && from_y < side)) continue;
    sum = sum + bilinear(from_x, from_y, [field](int column, int row) {
            return field[(row + 1) * Turning<side>::kPitch + column + 1];
          });
  }
  return FieldValue{pose.turn_real, pose.turn_imaginary} * sum;
}

// Four values as int8, the first one lowest; `reversed` the other way round.
struct Packed {
  unsigned word, reversed;
};
__device__ Packed pack(const float (&values)[4], float factor) {
  Packed packed{0, 0};
  for (int i = 0; i < 4; ++i) {
    const int rounded = static_cast<int>(std::nearbyint(values[i] * factor));
    const unsigned byte = static_cast<unsigned>(rounded) & 0xffu;
    packed.word |= byte << (8 * i);
    packed.reversed |= byte << (24 - 8 * i);
  }
  return packed;
}

template <int side>
__global__ void __launch_bounds__(kThreads)
    turn_field(const DenseCode* d_code, const Pose* d_poses, int* d_words, float* d_norms) {
  constexpr int kCells = 4 * side * side, kPlane = kCells / 4;  // words
  auto& shared = shared_memory<Turning<side>>();
  const int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
  const int turn = static_cast<int>(blockIdx.x), scale = static_cast<int>(blockIdx.y);
  const int index = template_index(turn, scale);
  const int opposite = template_index(turn + kTurns / 2, scale);
  reduce<side>(reinterpret_cast<const std::int8_t*>(d_code), shared.field);
  __syncthreads();

  const Pose pose = d_poses[index];
  float largest = 0;
  for (int i = thread; i < kCells; i += kThreads) {
    const FieldValue cell = cell_of<side>(shared.field, pose, i % (2 * side), i / (2 * side));
    shared.cells[i] = cell;
    largest = std::max(largest, std::max(std::fabs(cell.real), std::fabs(cell.imaginary)));
  }
  largest = warp_max(largest);
  if (lane == 0) shared.largest[warp] = largest;
  __syncthreads();

  for (int i = 0; i < kWarps; ++i) largest = std::max(largest, shared.largest[i]);
  const float factor = largest > 0 ? 127 / largest : 0.0f;
  int* const d_upright = d_words + index * words_of_template(side);
  int* const d_reversed = d_words + opposite * words_of_template(side);
  int squares = 0;
  for (int i = thread; i < kPlane; i += kThreads) {
    const FieldValue* four = shared.cells + 4 * i;
    const Packed real = pack({four[0].real, four[1].real, four[2].real, four[3].real}, factor);
    const Packed imaginary =
        pack({four[0].imaginary, four[1].imaginary, four[2].imaginary, four[3].imaginary}, factor);
    const int words[2] = {static_cast<int>(real.word), static_cast<int>(imaginary.word)};
    squares = __dp4a(words[0], words[0], __dp4a(words[1], words[1], squares));
    d_upright[i] = words[0];
    d_upright[kPlane + i] = words[1];
    d_reversed[kPlane - 1 - i] = static_cast<int>(real.reversed);
    d_reversed[2 * kPlane - 1 - i] = static_cast<int>(imaginary.reversed);
  }
  squares = warp_sum(squares);
  if (lane == 0) shared.squares[warp] = squares;
  __syncthreads();

  if (thread != 0) return;
  for (int i = 1; i < kWarps; ++i) squares += shared.squares[i];
  d_norms[index] = d_norms[opposite] = std::sqrt(static_cast<float>(squares));
}

template <int side>
DenseTemplates make_templates(Lane& lane, const DenseCode* d_code, const Pose* d_poses) {
  DenseTemplates templates{
      lane.allocate<int>(static_cast<std::size_t>(kTemplates * words_of_template(side))),
      lane.allocate<float>(kTemplates)};
  launch(lane.stream(), {dim3(kTurns / 2, kScales), dim3(kThreads)}, turn_field<side>, d_code,
         d_poses, templates.words.data(), templates.norms.data());
  return templates;
}

}  // namespace

AlignmentQuery make_alignment_query(Lane& lane, const DenseCode* d_code) {
  AlignmentQuery query;
  query.poses = lane.upload(std::span<const Pose>(poses()));
  query.half = make_templates<kHalvedSide>(lane, d_code, query.poses.data());
  query.quarter = make_templates<kQuarteredSide>(lane, d_code, query.poses.data());
  return query;
}

}  // namespace pressmark::kernels::cuda
