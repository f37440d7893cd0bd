// SPDX-License-Identifier: Apache-2.0
//
// Dense codes as fields of doubled angles, cell by cell: the operations of
// kernels/cpu/dense_field.cpp in their order.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda/fft48.hpp"
#include "kernels/math/field_turn.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

// Four times the mean of 2 x 2 cells of one part (real: 0, imaginary: 1), exact.
__device__ __forceinline__ int sum_of_cells(const DenseCode& code, int part, int x, int y) {
  const std::int8_t* above = reinterpret_cast<const std::int8_t*>(&code) +
                             ((part * kDenseSide + 2 * y) * kDenseSide) + 2 * x;
  const std::int8_t* below = above + kDenseSide;
  return above[0] + above[1] + below[0] + below[1];
}

__device__ __forceinline__ ComplexValue halved_at(const DenseCode& code, int x, int y) {
  return {0.25f * static_cast<float>(sum_of_cells(code, 0, x, y)),
          0.25f * static_cast<float>(sum_of_cells(code, 1, x, y))};
}

// Bilinear; 0 outside. `padded`: rows of kSide + 2 values, a border of zeros around the field.
template <int kSide>
__device__ __forceinline__ ComplexValue sample_field(const float2* padded, float x, float y) {
  constexpr int kRow = kSide + 2;
  constexpr auto kLimit = static_cast<float>(kSide);
  if (!(x > -1 && y > -1 && x < kLimit && y < kLimit)) return {0, 0};
  const float left = floorf(x), top = floorf(y);
  const float dx = x - left, dy = y - top;
  const float2* at = padded + (static_cast<int>(top) + 1) * kRow + static_cast<int>(left) + 1;
  const float2 a = at[0], b = at[1], c = at[kRow], d = at[kRow + 1];
  const float upper_re = (1 - dx) * a.x + dx * b.x, upper_im = (1 - dx) * a.y + dx * b.y;
  const float lower_re = (1 - dx) * c.x + dx * d.x, lower_im = (1 - dx) * c.y + dx * d.y;
  return {(1 - dy) * upper_re + dy * lower_re, (1 - dy) * upper_im + dy * lower_im};
}

// The cell at (x, y) of the field after the turn.
template <int kSide>
__device__ __forceinline__ ComplexValue turned_cell(const float2* padded, const FieldTurn& at,
                                                    int x, int y) {
  ComplexValue sum{0, 0};
  for (int j = 0; j < at.samples; ++j) {
    for (int i = 0; i < at.samples; ++i) {
      const float px = static_cast<float>(x) + at.first + at.step * static_cast<float>(i);
      const float py = static_cast<float>(y) + at.first + at.step * static_cast<float>(j);
      const ComplexValue value =
          sample_field<kSide>(padded, at.centre + at.cosine * px + at.sine * py,
                              at.centre - at.sine * px + at.cosine * py);
      sum = {sum.re + value.re, sum.im + value.im};
    }
  }
  return {at.turn_real * sum.re - at.turn_imaginary * sum.im,
          at.turn_real * sum.im + at.turn_imaginary * sum.re};
}

}  // namespace pressmark::kernels::cuda
