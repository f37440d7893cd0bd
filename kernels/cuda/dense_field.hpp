// SPDX-License-Identifier: Apache-2.0
//
// Dense codes as fields of doubled angles, cell by cell: the operations of
// kernels/cpu/dense_sampling.cpp in their order.
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

__device__ __forceinline__ float2 between(const float2& before, const float2& after, float weight) {
  return make_float2((1 - weight) * before.x + weight * after.x,
                     (1 - weight) * before.y + weight * after.y);
}

// Bilinear; 0 outside. `padded`: rows of kSide + 2 values, a border of zeros around the field.
template <int kSide>
__device__ __forceinline__ ComplexValue sample_field(const float2* padded, float x, float y) {
  constexpr int kRow = kSide + 2;
  constexpr auto kLimit = static_cast<float>(kSide);
  if (!(x > -1 && y > -1 && x < kLimit && y < kLimit)) return {0, 0};
  const float left = floorf(x), top = floorf(y);
  const float2* at = padded + (static_cast<int>(top) + 1) * kRow + static_cast<int>(left) + 1;
  const float2 upper = between(at[0], at[1], x - left),
               lower = between(at[kRow], at[kRow + 1], x - left);
  const float2 value = between(upper, lower, y - top);
  return {value.x, value.y};
}

__device__ __forceinline__ ComplexValue times_turn(const FieldTurn& at, const ComplexValue& sum) {
  return {at.turn_real * sum.re - at.turn_imaginary * sum.im,
          at.turn_real * sum.im + at.turn_imaginary * sum.re};
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
  return times_turn(at, sum);
}

// Where samples lie along either axis of a field that is shrunk alone, not turned: the cell before
// them in the padded field, and how far behind it they are.
struct AxisSample {
  int cell;
  float beyond;
};

// i: samples of one cell after those of the one before.
template <int kSide>
__device__ __forceinline__ AxisSample axis_sample(const FieldTurn& at, int i) {
  const float p =
      static_cast<float>(i / at.samples) + at.first + at.step * static_cast<float>(i % at.samples);
  const float place = at.centre + at.cosine * p;
  // Outside: in the border.
  if (!(place > -1 && place < static_cast<float>(kSide))) return {0, 0};
  const float before = floorf(place);
  return {static_cast<int>(before) + 1, place - before};
}

// The cell at (x, y) of a field that is not turned: the sum of two rows' samples along x, then
// between them.
template <int kSide>
__device__ __forceinline__ ComplexValue shrunk_cell(const float2* padded, const FieldTurn& at,
                                                    const AxisSample* samples, int x, int y) {
  constexpr int kRow = kSide + 2;
  const auto sum_along_x = [&](const float2* row) {
    float2 sum = make_float2(0, 0);
    for (int i = 0; i < at.samples; ++i) {
      const AxisSample along_x = samples[x * at.samples + i];
      const float2* cell = row + along_x.cell;
      const float2 value = between(cell[0], cell[1], along_x.beyond);
      sum = make_float2(sum.x + value.x, sum.y + value.y);
    }
    return sum;
  };
  ComplexValue sum{0, 0};
  for (int j = 0; j < at.samples; ++j) {
    const AxisSample along_y = samples[y * at.samples + j];
    const float2* row = padded + along_y.cell * kRow;
    const float2 value = between(sum_along_x(row), sum_along_x(row + kRow), along_y.beyond);
    sum = {sum.re + value.x, sum.im + value.y};
  }
  return times_turn(at, sum);
}

}  // namespace pressmark::kernels::cuda
