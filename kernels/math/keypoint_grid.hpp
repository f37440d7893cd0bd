// SPDX-License-Identifier: Apache-2.0
//
// The grid on which keypoints lie: 16 bits for each of x, y, size and angle. Detectors snap to it,
// segment files store it, so that nothing changes between memory and disk.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace pressmark::kernels {

inline constexpr float kGridStepsPerPx = 64.0f;

// Values outside [0, 1024) are clamped.
constexpr std::uint16_t grid_from_px(float px) {
  const float steps = std::nearbyint(px * kGridStepsPerPx);
  if (!(steps > 0.0f)) return 0;
  return steps > 65535.0f ? std::uint16_t{65535} : static_cast<std::uint16_t>(steps);
}

constexpr float px_from_grid(std::uint16_t steps) {
  return static_cast<float>(steps) / kGridStepsPerPx;
}

// Any finite angle; a full turn wraps to 0.
constexpr std::uint16_t grid_from_angle(float angle_rad) {
  const double turns = static_cast<double>(angle_rad) / (2.0 * std::numbers::pi);
  const double steps = std::nearbyint((turns - std::floor(turns)) * 65536.0);
  return static_cast<std::uint16_t>(static_cast<std::uint32_t>(steps) & 0xffffu);
}

constexpr float angle_from_grid(std::uint16_t steps) {
  return static_cast<float>(static_cast<double>(steps) * (2.0 * std::numbers::pi / 65536.0));
}

}  // namespace pressmark::kernels
