// SPDX-License-Identifier: Apache-2.0
//
// Continues `size` samples to a period without a seam: beyond their end mirrored and fading out;
// what comes before their beginning does the same from the end of the period.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pressmark::kernels {

struct ContinuedSample {
  int from;     // the sample that is repeated
  int outside;  // distance from the samples' end or beginning; 0: one of them
};

// Index inside 0 .. size - 1 of the samples mirrored at both ends.
constexpr int mirrored(int i, int size) {
  if (size == 1) return 0;
  const int period = 2 * size - 2;
  const int wrapped = ((i % period) + period) % period;
  return wrapped < size ? wrapped : period - wrapped;
}

// i: 0 .. period - 1.
constexpr ContinuedSample continued_sample(int i, int size, int period) {
  if (i < size) return {i, 0};
  const bool after = i < size + (period - size) / 2;
  return {mirrored(after ? i : i - period, size), after ? i - size + 1 : period - i};
}

// What is left of a sample so far outside. beyond: period - size.
inline float fade_weight(int outside, int beyond) {
  const double t = std::min(1.0, 2.0 * outside / (beyond + 1));
  return static_cast<float>(0.5 + 0.5 * std::cos(std::numbers::pi * t));
}

}  // namespace pressmark::kernels
