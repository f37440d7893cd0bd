// SPDX-License-Identifier: Apache-2.0
//
// A lane is a shift and goes through the points of a cell in order: on every instruction set, and
// on the CUDA backend, the same sums.
#include "kernels/math/congruent_cells.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/coded_field.hpp"
#include "kernels/cpu/dense.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/congruent_cells.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/field_samples-inl.hpp"

#ifndef PRESSMARK_KERNELS_CPU_CONGRUENT_CELLS
#define PRESSMARK_KERNELS_CPU_CONGRUENT_CELLS
namespace pressmark::kernels::cpu {

// Shifts in rows of eight, of which the last one, and the last row, lie outside the candidate.
constexpr std::size_t kShiftPitch = 8;
constexpr std::size_t kShiftLanes = kShiftPitch * kShiftPitch;
static_assert(congruent_cells::kShiftsPerSide < kShiftPitch);

// A cell's points: where they lie in the candidate, shifted, and what the query holds there, in the
// candidate's directions.
struct CellPoints {
  template <typename T, std::size_t kSize>
  using OfEach = std::array<std::array<T, kSize>, congruent_cells::kPoints>;
  alignas(64) OfEach<float, 2 * kShiftPitch> x;  // of two rows of shifts
  alignas(64) OfEach<float, kShiftLanes> y;
  std::array<float, congruent_cells::kPoints> real, imaginary;
};

struct CellSums {
  alignas(64) std::array<double, kShiftLanes> product{};
  alignas(64) std::array<double, kShiftLanes> candidate{};
  alignas(64) std::array<std::int32_t, kShiftLanes> inside{};  // points
};

}  // namespace pressmark::kernels::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void compare_cell(const CodedField& candidate, const CellPoints& points, CellSums& sums) {
  const FieldTag tag;
  const hn::RebindToSigned<FieldTag> integers;
  const auto last = hn::Set(tag, static_cast<float>(kDenseSide - 1)), zero = hn::Zero(tag);
  for (std::size_t lane = 0; lane < kShiftLanes - kShiftPitch; lane += hn::Lanes(tag)) {
    auto inside = hn::Zero(integers);
    for (std::size_t i = 0; i < congruent_cells::kPoints; ++i) {
      const auto x = hn::Load(tag, points.x[i].data() + lane % (2 * kShiftPitch));
      const auto y = hn::Load(tag, points.y[i].data() + lane);
      const auto is_inside = hn::And(hn::And(hn::Ge(x, zero), hn::Ge(y, zero)),
                                     hn::And(hn::Le(x, last), hn::Le(y, last)));
      inside = hn::Add(
          inside, hn::IfThenElseZero(hn::RebindMask(integers, is_inside), hn::Set(integers, 1)));
      const FieldValues d = sample_field(candidate, x, y, covers_places(kDenseSide, x, y));
      const auto real = hn::Set(tag, points.real[i]);
      const auto imaginary = hn::Set(tag, points.imaginary[i]);
      add_to(sums.product.data() + lane,
             hn::Add(hn::Mul(real, d.real), hn::Mul(imaginary, d.imaginary)));
      add_to(sums.candidate.data() + lane,
             hn::Add(hn::Mul(d.real, d.real), hn::Mul(d.imaginary, d.imaginary)));
    }
    hn::Store(inside, integers, sums.inside.data() + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

using namespace kernels::congruent_cells;

HWY_EXPORT(compare_cell);

// Returns the energy of the query's cell.
double place_points(const DenseCode& query, const DensePosition& position, int cell,
                    CellPoints& points) {
  constexpr std::size_t kPlane = std::size_t{kDenseSide} * kDenseSide;
  const Turn turn = turn_of(position.linear);
  double energy = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const int x = left_of(cell) + static_cast<int>(i) % kCellSide;
    const int y = top_of(cell) + static_cast<int>(i) / kCellSide;
    const Place place =
        place_of(position, static_cast<double>(static_cast<float>(x) - kCellsCentre),
                 static_cast<double>(static_cast<float>(y) - kCellsCentre));
    for (std::size_t s = 0; s < kShiftPitch; ++s) {
      const bool is_shift = s < kShiftsPerSide;
      const double shift = static_cast<double>(s) - kReach;
      const float shifted_x = is_shift ? static_cast<float>(place.x + shift) + kCellsCentre : -1.0f;
      const float shifted_y = is_shift ? static_cast<float>(place.y + shift) + kCellsCentre : -1.0f;
      points.x[i][s] = points.x[i][s + kShiftPitch] = shifted_x;
      std::fill_n(points.y[i].begin() + static_cast<std::ptrdiff_t>(s * kShiftPitch), kShiftPitch,
                  shifted_y);
    }
    const auto at = static_cast<std::size_t>(y * kDenseSide + x);
    const auto real = static_cast<float>(query.values[at]);
    const auto imaginary = static_cast<float>(query.values[at + kPlane]);
    points.real[i] = real * turn.real - imaginary * turn.imaginary;
    points.imaginary[i] = real * turn.imaginary + imaginary * turn.real;
    energy += static_cast<double>(points.real[i] * points.real[i] +
                                  points.imaginary[i] * points.imaginary[i]);
  }
  return energy;
}

}  // namespace

std::vector<DenseCell> congruent_cells(const DenseCode& query, const DenseCode& candidate,
                                       const DenseMatch& match) {
  const CodedField field(candidate);
  const double whole_energy = CodedField::squared_norm(query);
  CellPoints points;
  std::vector<DenseCell> cells;
  for (int cell = 0; cell < kCells; ++cell) {
    const double energy = place_points(query, match.position, cell, points);
    CellSums sums;
    HWY_DYNAMIC_DISPATCH(compare_cell)(field, points, sums);
    DenseCell result;
    double best = -2;
    bool usable = true;
    for (int shift = 0; usable && shift < kShifts; ++shift) {
      const auto lane = static_cast<std::size_t>(shift / kShiftsPerSide) * kShiftPitch +
                        static_cast<std::size_t>(shift % kShiftsPerSide);
      usable = is_usable(energy, whole_energy, sums.inside[lane]);
      const double energies = energy * sums.candidate[lane];
      const double score = energies > 0 ? sums.product[lane] / std::sqrt(energies) : 0;
      if (score <= best) continue;
      best = score;
      result = cell_at<DenseCell>(cell, shift, static_cast<float>(score));
    }
    if (usable) cells.push_back(result);
  }
  mark_agreeing<DenseCell>(cells);
  return cells;
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
