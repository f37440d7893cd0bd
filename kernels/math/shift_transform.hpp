// SPDX-License-Identifier: Apache-2.0
//
// Transforms of length 48 in integers of 16 bits, with the same factors and roundings on every
// backend: the search for dense codes multiplies spectra and goes back to shifts with them.
#pragma once

#include <cstdint>

namespace pressmark::kernels::shift_transform {

// 48 = 3 x 16 by the Chinese remainder theorem (Good, "The interaction algorithm and practical
// Fourier analysis", 1958): no factors in between. Input (16 i + 3 j) mod 48 is the jth of
// transform i of length 16; its frequency k and the two others' make up the frequencies (33 k + 16
// l) mod 48.
constexpr int input_of(int i, int j) {
  return (16 * i + 3 * j) % 48;
}
constexpr int frequency_of(int k, int l) {
  return (33 * k + 16 * l) % 48;
}

// Factors times 2^15: cosine and sine of 2 pi / 16, of 2 pi / 8 and of 2 pi / 6.
inline constexpr std::int16_t kCosine16 = 30274, kSine16 = 12540;
inline constexpr std::int16_t kDiagonal = 23170;
inline constexpr std::int16_t kHalf = 16384, kSine3 = 28378;

// To the nearest, halves up. Not of -2^15 times itself.
constexpr int product(int a, int b) {
  return (a * b + kHalf) >> 15;
}

}  // namespace pressmark::kernels::shift_transform
