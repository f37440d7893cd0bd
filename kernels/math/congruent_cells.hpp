// SPDX-License-Identifier: Apache-2.0
//
// Congruent cells (after Song, NIST 2013), as far as they are not sums over fields: the same on
// every backend.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::kernels::congruent_cells {

inline constexpr int kCellsPerSide = 6;
inline constexpr int kCells = kCellsPerSide * kCellsPerSide;
inline constexpr int kFirst = 2, kCellSide = 10;  // 6 x 10 of the 64 grid cells
inline constexpr int kPoints = kCellSide * kCellSide;
inline constexpr int kReach = 3;  // shifts tried, in grid cells
inline constexpr int kShiftsPerSide = 2 * kReach + 1;
inline constexpr int kShifts = kShiftsPerSide * kShiftsPerSide;
inline constexpr float kLeastEnergy = 0.25f;  // of the mean energy of a cell
inline constexpr float kAgreeingScore = 0.5f, kAgreeingShift = 1.0f;
inline constexpr float kCellsCentre = 0.5f * (kDenseSide - 1);

// A cell's column and row among the cells, to the left and upper sides in grid cells.
constexpr int left_of(int cell) {
  return kFirst + cell % kCellsPerSide * kCellSide;
}
constexpr int top_of(int cell) {
  return kFirst + cell / kCellsPerSide * kCellSide;
}

constexpr int shift_x_of(int shift) {
  return shift % kShiftsPerSide - kReach;
}
constexpr int shift_y_of(int shift) {
  return shift / kShiftsPerSide - kReach;
}

// What turns doubled angles of the query into those of the candidate. a: the linear part of the
// position.
struct Turn {
  float real, imaginary;
};
constexpr Turn turn_of(const std::array<double, 4>& a) {
  const float x = static_cast<float>(a[0] + a[3]), y = static_cast<float>(a[2] - a[1]);
  const float length = std::max(1e-12f, x * x + y * y);
  return {(x * x - y * y) / length, (x * y + y * x) / length};
}

// Where a place of the query (grid cells from the centre) is in the candidate's grid, without the
// candidate's centre and a cell's own shift. Position: kernels::DensePosition.
struct Place {
  double x, y;
};
template <class Position>
constexpr Place place_of(const Position& position, double x, double y) {
  const auto& a = position.linear;
  return {a[0] * x + a[1] * y + position.shift_x * kDenseSide,
          a[2] * x + a[3] * y + position.shift_y * kDenseSide};
}

constexpr bool is_inside(float x, float y) {
  return x >= 0 && y >= 0 && x <= kDenseSide - 1 && y <= kDenseSide - 1;
}

// Whether a cell has content and enough of it (`inside` points) meets the candidate. whole_energy:
// of the query.
constexpr bool is_usable(double cell_energy, double whole_energy, int inside) {
  const double mean_energy =
      whole_energy * kCellSide * kCellSide / (static_cast<double>(kDenseSide) * kDenseSide);
  return cell_energy > kLeastEnergy * mean_energy && cell_energy > 0 && 2 * inside > kPoints;
}

// Cell: kernels::DenseCell.
template <class Cell>
constexpr Cell cell_at(int cell, int shift, float score) {
  Cell result;
  result.x = static_cast<float>(left_of(cell)) / kDenseSide;
  result.y = static_cast<float>(top_of(cell)) / kDenseSide;
  result.side = static_cast<float>(kCellSide) / kDenseSide;
  result.shift_x = static_cast<float>(shift_x_of(shift)) / kDenseSide;
  result.shift_y = static_cast<float>(shift_y_of(shift)) / kDenseSide;
  result.score = score;
  return result;
}

// A cell agrees if it has the score and its shift is within kAgreeingShift grid cells of the
// cells' median shift.
template <class Cell>
void mark_agreeing(std::span<Cell> cells) {
  if (cells.empty()) return;
  const auto median = [&](float Cell::*part) {
    std::vector<float> values;
    for (const Cell& cell : cells) values.push_back(cell.*part);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  };
  const float x = median(&Cell::shift_x), y = median(&Cell::shift_y);
  constexpr float kTolerance = (kAgreeingShift + 0.01f) / kDenseSide;
  for (Cell& cell : cells) {
    cell.agrees = cell.score >= kAgreeingScore && std::fabs(cell.shift_x - x) <= kTolerance &&
                  std::fabs(cell.shift_y - y) <= kTolerance;
  }
}

}  // namespace pressmark::kernels::congruent_cells
