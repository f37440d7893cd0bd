// SPDX-License-Identifier: Apache-2.0
//
// Elementary functions in double precision by power series: the same bits on every device, unlike
// the libraries' own, from which they differ by a few units in the last place. For results that are
// rounded to single precision and needed a few times per image.
#pragma once

#include <bit>
#include <cstdint>
#include <numbers>

namespace pressmark::kernels {

// exp(x) for x <= 0; 0 below -700.
constexpr double series_exp(double x) {
  if (!(x > -700)) return 0;
  // ln 2 in two parts, the first of which has a short mantissa: its multiples are exact.
  constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  const int octaves = static_cast<int>(x / std::numbers::ln2 - 0.5);
  const double rest = (x - octaves * kLn2High) - octaves * kLn2Low;  // [-.35, .35]
  double sum = 1;
  for (int k = 14; k >= 1; --k) sum = 1 + sum * rest / k;
  return sum * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + octaves) << 52);
}

// Angle of (x, y) in [-pi, pi]; 0 for (0, 0).
constexpr double series_atan2(double y, double x) {
  const double ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
  const double high = ax > ay ? ax : ay, low = ax > ay ? ay : ax;
  if (!(high > 0)) return 0;
  double t = low / high;
  // Beyond tan(pi / 8), from pi / 4 on: |t| <= .4143.
  const bool steep = t > 0.41421356237309503;
  if (steep) t = (t - 1) / (t + 1);
  double sum = 0;
  for (int k = 21; k >= 0; --k) sum = 1.0 / (2 * k + 1) - t * t * sum;
  double angle = t * sum;
  if (steep) angle += 0.25 * std::numbers::pi;
  if (ay > ax) angle = 0.5 * std::numbers::pi - angle;
  if (x < 0) angle = std::numbers::pi - angle;
  return y < 0 ? -angle : angle;
}

struct CosineAndSine {
  double cosine, sine;
};

// Of an angle in [0, pi].
constexpr CosineAndSine series_cosine_and_sine(double angle) {
  constexpr double kPi = std::numbers::pi, kPiLow = 0x1.1a62633145c07p-53;
  const int quarters = angle <= 0.25 * kPi ? 0 : angle <= 0.75 * kPi ? 1 : 2;
  const double x = (angle - quarters * 0.5 * kPi) - quarters * 0.5 * kPiLow, x2 = x * x;
  double cosine = 1, sine = 1;
  for (int k = 10; k >= 1; --k) {
    cosine = 1 - cosine * x2 / ((2 * k - 1) * (2 * k));
    sine = 1 - sine * x2 / ((2 * k) * (2 * k + 1));
  }
  sine *= x;
  return quarters == 0   ? CosineAndSine{cosine, sine}
         : quarters == 1 ? CosineAndSine{-sine, cosine}
                         : CosineAndSine{-cosine, -sine};
}

}  // namespace pressmark::kernels
