// SPDX-License-Identifier: Apache-2.0
//
// Fields of doubled angles in a block's shared memory, for kernels. Around a field lies a border of
// zeros one cell wide, so that places between its outermost cells and nothing need no questions.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/math/bilinear.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct alignas(8) FieldValue {
  float real, imaginary;
};
constexpr FieldValue operator+(FieldValue a, FieldValue b) {
  return {a.real + b.real, a.imaginary + b.imaginary};
}
constexpr FieldValue operator*(float factor, FieldValue value) {
  return {factor * value.real, factor * value.imaginary};
}
constexpr FieldValue operator*(FieldValue a, FieldValue b) {
  return {a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real};
}
constexpr float norm(FieldValue value) {
  return value.real * value.real + value.imaginary * value.imaginary;
}
// Real part of a times b's conjugate.
constexpr float product(FieldValue a, FieldValue b) {
  return a.real * b.real + a.imaginary * b.imaginary;
}

// A dense code. A cell's parts have at most eight significant bits, so that the upper halves of
// their floats hold them: a word a cell, one instruction a part to get them out. pitch: words a
// row; modulo the 32 banks it tells which neighbourhoods are read without conflicts.
template <int pitch>
struct CodeTile {
  static_assert(pitch >= kDenseSide + 2);
  static constexpr int kWords = (kDenseSide + 2) * pitch;

  std::uint32_t words[kWords];

  // Of all threads of a block of kThreads; without a barrier. Returns the energy of the cells that
  // the thread has put in.
  template <int kThreads>
  __device__ int fill(const std::int8_t* d_code) {
    int energy = 0;
    for (int i = static_cast<int>(threadIdx.x); i < kWords; i += kThreads) {
      const int column = i % pitch - 1, row = i / pitch - 1;
      std::uint32_t word = 0;
      if (column >= 0 && row >= 0 && column < kDenseSide && row < kDenseSide) {
        const int cell = row * kDenseSide + column;
        const int real = d_code[cell], imaginary = d_code[cell + kDenseSide * kDenseSide];
        energy += real * real + imaginary * imaginary;
        word = (__float_as_uint(static_cast<float>(real)) & 0xffff0000u) |
               (__float_as_uint(static_cast<float>(imaginary)) >> 16);
      }
      words[i] = word;
    }
    return energy;
  }

  __device__ FieldValue at(int column, int row) const {
    const std::uint32_t word = words[(row + 1) * pitch + column + 1];
    return {__uint_as_float(word & 0xffff0000u), __uint_as_float(word << 16)};
  }

  // At a place less than one cell outside the grid at most.
  __device__ FieldValue sample(float x, float y) const {
    return bilinear(x, y, [this](int column, int row) { return at(column, row); });
  }
};

}  // namespace pressmark::kernels::cuda
