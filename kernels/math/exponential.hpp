// SPDX-License-Identifier: Apache-2.0
//
// Exponential functions: the same bits on every backend, unlike the libraries' own.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace pressmark::kernels {

// e^x for |x| < 700, in double precision. x = k ln 2 + r with |r| <= ln 2 / 2; the Taylor series of
// e^r up to the 13th power leaves a relative error below 1e-15.
constexpr double exponential(double x) {
  const double k = std::floor(x * std::numbers::log2e + 0.5);
  const double r = x - k * std::numbers::ln2;
  double sum = 1.0 / 6227020800.0;
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + static_cast<int>(k)) << 52);
}

// Rounded to the nearest float, all but one in millions of arguments; |x| < 80.
constexpr float exponential(float x) {
  return static_cast<float>(exponential(static_cast<double>(x)));
}
// 2^x, the same way; |x| < 100.
constexpr float power_of_two(float x) {
  return static_cast<float>(exponential(static_cast<double>(x) * std::numbers::ln2));
}

}  // namespace pressmark::kernels
