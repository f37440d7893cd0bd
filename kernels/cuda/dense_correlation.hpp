// SPDX-License-Identifier: Apache-2.0
//
// Products of the spectra of two dense codes and the correlations that they give. With X, Y the
// spectra of real and imaginary parts, Z1 = conj(Qx) Dx + conj(Qy) Dy is the spectrum of the
// correlation in one position and Z2 = Qx Dx + Qy Dy that in the one turned by pi: the real and the
// imaginary part of the inverse transform of Z1 + i Z2.
#pragma once

#include "kernels/cuda/dense_spectra.hpp"
#include "kernels/cuda/fft48.hpp"
#include "kernels/math/dense_search.hpp"

namespace pressmark::kernels::cuda {

// Turns of the query whose spectra lie side by side.
inline constexpr int kTurnTile = 4;

// Sequence of scales, groups of eight turns, eight turns and the same turned by pi.
constexpr int product_index(int scale, int turns, int turn, bool by_pi) {
  return scale * 2 * turns + turn / 8 * 16 + (by_pi ? 8 : 0) + turn % 8;
}

// At k and at -k.
struct Products {
  ComplexValue here, mirrored;  // Z1 + i Z2
};

__device__ __forceinline__ Products multiply(const float4& q, const float4& d) {
  const float rr = q.x * d.x + q.z * d.z, ii = q.y * d.y + q.w * d.w;
  const float ri = q.x * d.y + q.z * d.w, ir = q.y * d.x + q.w * d.z;
  const float z1r = rr + ii, z1i = ri - ir, z2r = rr - ii, z2i = ri + ir;
  return {{z1r - z2i, z1i + z2r}, {z1r + z2i, z2r - z1i}};
}

// Shift, modulo the period, of a column or row of the window.
template <int kWindowReach>
__device__ constexpr int shift_of(int column) {
  return column <= kWindowReach ? column : column + dense_search::kPeriod - 2 * kWindowReach - 1;
}

// For each of `queries` queries and each of `count` candidates (queries x candidates), scale and
// turn, in the order of product_index: the largest correlation over all shifts within reach, 0 at
// least, not yet divided by the norms. query: turns (a multiple of 8) for each shrink that the
// scales need, query after query. scales: all, or 1.
DeviceBuffer<float> largest_correlations(Lane& lane, const DenseSpectra& query, std::size_t queries,
                                         const DenseSpectra& candidates, std::size_t count,
                                         int turns, int scales);

}  // namespace pressmark::kernels::cuda
