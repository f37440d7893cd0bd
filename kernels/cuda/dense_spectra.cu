// SPDX-License-Identifier: Apache-2.0
//
// 1. Z(k) = sum_n z(n) exp(-2 pi i k n / 48) along both axes, z a dense code at half resolution (32
//    x 32 doubled angles), turned and shrunk, at its place in 48 x 48 cells; separated into the
//    spectra of real and imaginary parts, X = (Z(k) + conj Z(-k)) / 2, Y = (Z(k) - conj Z(-k)) /
//    2i, of which real less imaginary part is Hartley's; brought to one norm and rounded.
// 2. Codes of 8 KB; per field 48 x 48 elements of 4 bytes (dense_spectra.hpp).
// 3. A block owns one field. Its 64 threads share the cells; then a thread owns one row, then one
//    column, whose transform stays in its registers; then they share the elements.
// 4. 9 KB for the halved code with a border of zeros, 19 KB for the plane (rows of 49 elements, so
//    that 16 neighbouring rows fall into all banks): eight blocks per multiprocessor.
// 5. 8 KB read, from the second cache but for a code's first field, and 9 KB written per field;
//    about 80,000 operations for transforms and up to 200,000 for samples: bound by arithmetic. A
//    whole search of a pair does a tenth of its work here.
// 6. Fixed order, and norms are sums of integers: the CPU's numbers.
// 7. kernels/cpu/dense_spectra.cpp, kernels/cuda/fft48.hpp.
#include "kernels/cuda/dense_spectra.hpp"

#include <cassert>

#include "kernels/cuda/dense_field.hpp"
#include "kernels/cuda/fft48.hpp"
#include "kernels/cuda/runtime/launch.hpp"
#include "kernels/cuda/runtime/shared_memory.hpp"
#include "kernels/cuda/warp.hpp"

namespace pressmark::kernels::cuda {
namespace {

using namespace dense_search;

// Two warps: 32 rows that hold anything, 48 columns.
constexpr int kThreads = 64;
constexpr int kBlocks = 8;  // per multiprocessor
constexpr int kRow = kPeriod + 1;
constexpr int kPadded = kSide + 2;
static_assert(2 * kSide == kThreads);  // a thread for each place along an axis

struct Field {
  float2 padded[kPadded * kPadded];
  float2 plane[kPeriod * kRow];
  double squared_norms[kThreads / 32];
};

template <bool kIsQuery>
__global__ void __launch_bounds__(kThreads, kBlocks)
    transform(const DenseCode* d_codes, const FieldTurn* d_turns, int fields,
              std::int16_t* d_values) {
  Field& shared = shared_memory<Field>();
  const auto thread = static_cast<int>(threadIdx.x);
  const unsigned code = blockIdx.x / static_cast<unsigned>(fields);
  const FieldTurn& turn = d_turns[blockIdx.x % static_cast<unsigned>(fields)];

  for (int i = thread; i < kPadded * kPadded; i += kThreads) {
    const int x = i % kPadded - 1, y = i / kPadded - 1;
    const bool inside = x >= 0 && x < kSide && y >= 0 && y < kSide;
    const ComplexValue value = inside ? halved_at(d_codes[code], x, y) : ComplexValue{0, 0};
    shared.padded[i] = make_float2(value.re, value.im);
  }
  // Candidates are shrunk alone: the places of their samples are few, and lie where the plane has
  // no rows yet.
  const bool turned = turn.sine != 0;
  auto* const samples = reinterpret_cast<AxisSample*>(shared.plane + kSide * kRow);
  if (!turned && thread < kSide * turn.samples) {
    samples[thread] = axis_sample<kSide>(turn, thread);
  }
  __syncthreads();

  double squared = 0;
  for (int i = thread; i < kSide * kSide; i += kThreads) {
    const int x = i % kSide, y = i / kSide;
    const ComplexValue value = turned ? turned_cell<kSide>(shared.padded, turn, x, y)
                                      : shrunk_cell<kSide>(shared.padded, turn, samples, x, y);
    shared.plane[y * kRow + x] = make_float2(value.re, value.im);
    const double re = nearbyint(kNormUnit * static_cast<double>(value.re));
    const double im = nearbyint(kNormUnit * static_cast<double>(value.im));
    squared += re * re + im * im;
  }
  for (unsigned apart = 16; apart > 0; apart /= 2) {
    squared += __shfl_down_sync(kWholeWarp, squared, apart);
  }
  if (thread % 32 == 0) shared.squared_norms[thread / 32] = squared;
  __syncthreads();
  const double norm = sqrt(shared.squared_norms[0] + shared.squared_norms[1]);
  const auto factor = static_cast<float>(spectrum_factor(norm));

  // Rows and columns in their places.
  constexpr int kPlace = kIsQuery ? 0 : kMiddle;
  ComplexValue x[kPeriod], result[kPeriod];
  if (thread < kSide) {
    float2* row = shared.plane + thread * kRow;
    for (int i = 0; i < kPeriod; ++i) x[i] = {0, 0};
    for (int i = 0; i < kSide; ++i) x[place_of(i, kPlace)] = {row[i].x, row[i].y};
    fft48(x, result);
    for (int i = 0; i < kPeriod; ++i) row[i] = make_float2(result[i].re, result[i].im);
  }
  __syncthreads();
  if (thread < kPeriod) {
    float2* column = shared.plane + thread;
    for (int i = 0; i < kPeriod; ++i) x[i] = {0, 0};
    for (int i = 0; i < kSide; ++i) {
      x[place_of(i, kPlace)] = {column[i * kRow].x, column[i * kRow].y};
    }
    fft48(x, result);
    for (int i = 0; i < kPeriod; ++i) column[i * kRow] = make_float2(result[i].re, result[i].im);
  }
  __syncthreads();

  for (int k = thread; k < kFrequencies; k += kThreads) {
    const int kx = k % kPeriod, ky = k / kPeriod;
    const float2 z = shared.plane[ky * kRow + kx];
    const float2 m = shared.plane[(kPeriod - ky) % kPeriod * kRow + (kPeriod - kx) % kPeriod];
    const float xr = 0.5f * (z.x + m.x), xi = 0.5f * (z.y - m.y);
    const float yr = 0.5f * (z.y + m.y), yi = 0.5f * (m.x - z.x);
    const float parts[2] = {xr - xi, yr - yi};
    for (int part = 0; part < 2; ++part) {
      const std::int64_t to =
          kIsQuery ? index_in_query(blockIdx.x, k, part) : index_in_candidate(blockIdx.x, k, part);
      d_values[to] = static_cast<std::int16_t>(nearbyintf(parts[part] * factor));
    }
  }
}

}  // namespace

std::vector<FieldTurn> field_turns(int shrinks, int turn_count) {
  std::vector<FieldTurn> turns;
  for (int shrink = 0; shrink < shrinks; ++shrink) {
    for (int turn = 0; turn < turn_count; ++turn) {
      turns.push_back(
          field_turn(kSide, dense_search::rotation_of(turn), dense_search::shrink_of(shrink)));
    }
  }
  return turns;
}

DenseSpectra transform_fields(Lane& lane, const DenseCode* codes, std::size_t count,
                              std::span<const FieldTurn> turns, FieldRole role) {
  assert(!turns.empty() && (role == FieldRole::kCandidate || turns.size() % kTurnTile == 0));
  const std::size_t fields = count * turns.size();
  DenseSpectra spectra;
  spectra.fields = static_cast<int>(turns.size());
  spectra.values = lane.allocate<std::int16_t>(fields * 2 * kFrequencies);
  const DeviceBuffer<FieldTurn> device_turns = lane.upload(turns);
  launch(lane.stream(), {dim3(static_cast<unsigned>(fields)), dim3(kThreads)},
         role == FieldRole::kQuery ? transform<true> : transform<false>, codes, device_turns.data(),
         spectra.fields, spectra.values.data());
  return spectra;
}

}  // namespace pressmark::kernels::cuda
