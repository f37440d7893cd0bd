// SPDX-License-Identifier: Apache-2.0
//
// Exponential, logarithm and angles by series, in double precision and from sums, products and
// divisions alone: the same bits on every backend, unlike the libraries' own. Relative errors stay
// below 1e-15 where nothing else is said, so that a result rounded to float is the nearest float of
// the true value but once in some 10^8 cases.
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

// Of a positive, finite number that is not subnormal.
//
// x = 2^e m with m in (sqrt(1/2), sqrt(2)], and log m = 2 artanh s with s = (m - 1) / (m + 1),
// |s| < .172, by its Taylor series up to s^23.
constexpr double natural_log(double x) {
  constexpr int kMantissaBits = 52, kBias = 1023;
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  auto mantissa = std::bit_cast<double>((bits & kMantissa) |
                                        (std::uint64_t{kBias} << kMantissaBits));  // in [1, 2)
  if (mantissa > std::numbers::sqrt2) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double s = (mantissa - 1.0) / (mantissa + 1.0), z = s * s;
  double series = 1.0 / 23;
  series = series * z + 1.0 / 21;
  series = series * z + 1.0 / 19;
  series = series * z + 1.0 / 17;
  series = series * z + 1.0 / 15;
  series = series * z + 1.0 / 13;
  series = series * z + 1.0 / 11;
  series = series * z + 1.0 / 9;
  series = series * z + 1.0 / 7;
  series = series * z + 1.0 / 5;
  series = series * z + 1.0 / 3;
  const double twice = 2.0 * s;
  return static_cast<double>(exponent) * std::numbers::ln2 + (twice + twice * (series * z));
}

// Angle of (x, y) in [-pi, pi]; 0 for (0, 0).
//
// The tangent t in [0, 1] of the angle to the nearer axis is taken relative to c = 0, 1/2 or 1:
// arctan t = arctan c + arctan r with r = (t - c) / (1 + c t), |r| <= 1/4, by its Taylor series up
// to r^27.
constexpr double angle_of(double y, double x) {
  const double ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
  const double low = ax < ay ? ax : ay, high = ax < ay ? ay : ax;
  if (!(high > 0)) return 0;
  double c = 0, start = 0;
  if (low > 0.75 * high) {
    c = 1;
    start = std::numbers::pi / 4;
  } else if (low > 0.25 * high) {
    c = 0.5;
    start = 0.46364760900080611621;  // arctan 1/2
  }
  const double r = (low - c * high) / (high + c * low), z = r * r;
  double series = 1.0 / 27;
  series = 1.0 / 25 - series * z;
  series = 1.0 / 23 - series * z;
  series = 1.0 / 21 - series * z;
  series = 1.0 / 19 - series * z;
  series = 1.0 / 17 - series * z;
  series = 1.0 / 15 - series * z;
  series = 1.0 / 13 - series * z;
  series = 1.0 / 11 - series * z;
  series = 1.0 / 9 - series * z;
  series = 1.0 / 7 - series * z;
  series = 1.0 / 5 - series * z;
  series = 1.0 / 3 - series * z;
  double angle = start + (r - r * (series * z));
  if (ay > ax) angle = std::numbers::pi / 2 - angle;
  if (x < 0) angle = std::numbers::pi - angle;
  return y < 0 ? -angle : angle;
}

struct SineCosine {
  double sine, cosine;
};

// Of an angle in [0, 7] rad.
//
// The rest to the nearest multiple of a quarter turn, at most pi / 4, goes through the Taylor
// series up to its 17th and 18th power.
constexpr SineCosine sine_cosine(double angle_rad) {
  // pi / 2 in two parts; a small multiple of the first has no rounding error.
  constexpr double kQuarterHigh = 0x1.921fb544p+0, kQuarterLow = 0x1.0b4611a626331p-34;
  const auto quarters = static_cast<int>(angle_rad * (2 / std::numbers::pi) + 0.5);
  const double r = (angle_rad - quarters * kQuarterHigh) - quarters * kQuarterLow, z = r * r;
  double odd = 1.0 / 355687428096000;  // 17!
  odd = 1.0 / 1307674368000 - odd * z;
  odd = 1.0 / 6227020800 - odd * z;
  odd = 1.0 / 39916800 - odd * z;
  odd = 1.0 / 362880 - odd * z;
  odd = 1.0 / 5040 - odd * z;
  odd = 1.0 / 120 - odd * z;
  odd = 1.0 / 6 - odd * z;
  const double sine = r - r * (odd * z);
  double even = 1.0 / 6402373705728000;  // 18!
  even = 1.0 / 20922789888000 - even * z;
  even = 1.0 / 87178291200 - even * z;
  even = 1.0 / 479001600 - even * z;
  even = 1.0 / 3628800 - even * z;
  even = 1.0 / 40320 - even * z;
  even = 1.0 / 720 - even * z;
  even = 1.0 / 24 - even * z;
  even = 1.0 / 2 - even * z;
  const double cosine = 1.0 - even * z;
  switch (quarters & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

}  // namespace pressmark::kernels
