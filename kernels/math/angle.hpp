// SPDX-License-Identifier: Apache-2.0
//
// Polynomial arc tangent: the same bits on every backend, unlike the libraries' own.
#pragma once

#include <cmath>
#include <numbers>

namespace pressmark::kernels {

// Angle of (x, y) in [0, 2 pi], clockwise in image coordinates; 0 for (0, 0). Absolute error below
// 2e-5 rad (Abramowitz and Stegun, 4.4.49).
constexpr float polynomial_atan2(float y, float x) {
  const float ax = std::fabs(x), ay = std::fabs(y);
  const float high = ax > ay ? ax : ay, low = ax > ay ? ay : ax;
  if (!(high > 0.0f)) return 0.0f;
  const float t = low / high, t2 = t * t;
  float angle = t * (0.9998660f +
                     t2 * (-0.3302995f + t2 * (0.1801410f + t2 * (-0.0851330f + t2 * 0.0208351f))));
  if (ay > ax) angle = 0.5f * std::numbers::pi_v<float> - angle;
  if (x < 0.0f) angle = std::numbers::pi_v<float> - angle;
  return y < 0.0f ? 2.0f * std::numbers::pi_v<float> - angle : angle;
}

}  // namespace pressmark::kernels
