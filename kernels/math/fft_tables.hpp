// SPDX-License-Identifier: Apache-2.0
//
// How a Fourier transform of a length falls into stages of Stockham's self-sorting form (Van Loan,
// "Computational Frameworks for the Fast Fourier Transform", 1992), with the same factors on every
// backend.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <numbers>
#include <vector>

namespace pressmark::kernels {

inline int without_factors(int value, std::initializer_list<int> factors) {
  for (int factor : factors) {
    while (value % factor == 0) value /= factor;
  }
  return value;
}

// Smallest length >= at_least (>= 1) that is a multiple of `multiple` (a product of 2, 3 and 5) and
// has no prime factor above 5.
inline int fft_length(int at_least, int multiple) {
  int length = (std::max(at_least, 1) + multiple - 1) / multiple * multiple;
  while (without_factors(length, {2, 3, 5}) != 1) length += multiple;
  return length;
}

// y[q + s (r p + k)] = w_p^k sum_j x[q + s (p + j m)] exp(-2 pi i j k / r) for p < m, q < s.
struct FftStage {
  int radix, groups, stride;  // r, m, s; r m s = length
  std::size_t first_twiddle;  // w_p^k, 0 < k < r: groups x (radix - 1) complex numbers
};

struct FftTables {
  std::vector<FftStage> stages;
  std::vector<float> twiddles;  // real, imaginary
};

// length: no prime factor above 5.
inline FftTables make_fft_tables(int length) {
  assert(length >= 1 && without_factors(length, {2, 3, 5}) == 1);
  FftTables tables;
  int rest = length, stride = 1;
  for (int radix : {4, 2, 3, 5}) {
    for (; rest % radix == 0; rest /= radix) {
      const int groups = rest / radix;
      tables.stages.push_back({radix, groups, stride, tables.twiddles.size()});
      for (int p = 0; p < groups; ++p) {
        for (int k = 1; k < radix; ++k) {
          const double angle = -2 * std::numbers::pi * (p * k) / rest;
          tables.twiddles.push_back(static_cast<float>(std::cos(angle)));
          tables.twiddles.push_back(static_cast<float>(std::sin(angle)));
        }
      }
      stride *= radix;
    }
  }
  return tables;
}

}  // namespace pressmark::kernels
