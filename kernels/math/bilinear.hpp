// SPDX-License-Identifier: Apache-2.0
//
// Bilinear interpolation: the same bits on every backend.
#pragma once

#include <cmath>

namespace pressmark::kernels {

// Between the four cells around (x, y). at(column, row): a cell's value, of a type that can be
// added and multiplied by a float; must know all cells around.
template <class At>
constexpr auto bilinear(float x, float y, const At& at) {
  const float left = std::floor(x), top = std::floor(y);
  const float dx = x - left, dy = y - top;
  const int column = static_cast<int>(left), row = static_cast<int>(top);
  const auto upper = (1 - dx) * at(column, row) + dx * at(column + 1, row);
  const auto lower = (1 - dx) * at(column, row + 1) + dx * at(column + 1, row + 1);
  return (1 - dy) * upper + dy * lower;
}

}  // namespace pressmark::kernels
