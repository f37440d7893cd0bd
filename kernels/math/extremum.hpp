// SPDX-License-Identifier: Apache-2.0
//
// From an extremum among the samples of a difference-of-Gaussians scale space to a keypoint (Lowe,
// IJCV 60(2), 2004, section 4).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/math/elementary.hpp"
#include "kernels/math/keypoint_grid.hpp"
#include "kernels/math/scale_space.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels {

// Grey levels of the difference of Gaussians. Low: faint marks must still fill the keypoint budget;
// the budget, not the threshold, is what limits textured photos.
inline constexpr float kMinContrast = 0.85f;
// What a sample must reach before it is refined.
inline constexpr float kMinSampleContrast = 0.5f * kMinContrast;
// Largest ratio of principal curvatures: along an edge a keypoint's place is undefined.
inline constexpr float kMaxCurvatureRatio = 10.0f;
// Samples at the border of an octave that no extremum lies in.
inline constexpr int kExtremumBorder = 5;
inline constexpr int kMaxRefinements = 5;
// Samples from the extremum. More than half of one, or an extremum in the middle of two samples is
// sent from each to the other.
inline constexpr float kMaxExtremumOffset = 0.6f;

struct Extremum {
  float x = 0, y = 0, scale = 0;  // samples of the octave; index of the difference image
  float response = 0;             // |difference of Gaussians|, grey levels
  int octave = 0, level = 0;      // level: of the sample that it was found at
};

// Newton steps on the quadric through the 26 neighbours of a sample. difference(level, y, x): of an
// octave of width x height. False where the extremum runs away, lies on an edge or is too weak;
// else sets all but result.octave.
template <class Difference>
constexpr bool refine_extremum(const Difference& difference, int width, int height, int x, int y,
                               int level, Extremum& result) {
  float dx = 0, dy = 0, ds = 0, value = 0;
  for (int step = 0;; ++step) {
    const auto at = [&](int s, int j, int i) { return difference(level + s, y + j, x + i); };
    value = at(0, 0, 0);
    const float gx = 0.5f * (at(0, 0, 1) - at(0, 0, -1));
    const float gy = 0.5f * (at(0, 1, 0) - at(0, -1, 0));
    const float gs = 0.5f * (at(1, 0, 0) - at(-1, 0, 0));
    const float xx = at(0, 0, 1) + at(0, 0, -1) - 2 * value;
    const float yy = at(0, 1, 0) + at(0, -1, 0) - 2 * value;
    const float ss = at(1, 0, 0) + at(-1, 0, 0) - 2 * value;
    const float xy = 0.25f * (at(0, 1, 1) - at(0, 1, -1) - at(0, -1, 1) + at(0, -1, -1));
    const float xs = 0.25f * (at(1, 0, 1) - at(1, 0, -1) - at(-1, 0, 1) + at(-1, 0, -1));
    const float ys = 0.25f * (at(1, 1, 0) - at(1, -1, 0) - at(-1, 1, 0) + at(-1, -1, 0));
    // Cramer's rule for H d = -g.
    const float cxx = yy * ss - ys * ys, cxy = xs * ys - xy * ss, cxs = xy * ys - yy * xs;
    const float determinant = xx * cxx + xy * cxy + xs * cxs;
    if (determinant == 0.0f) return false;
    const float cyy = xx * ss - xs * xs, cys = xy * xs - xx * ys, css = xx * yy - xy * xy;
    dx = -(cxx * gx + cxy * gy + cxs * gs) / determinant;
    dy = -(cxy * gx + cyy * gy + cys * gs) / determinant;
    ds = -(cxs * gx + cys * gy + css * gs) / determinant;
    if (std::fabs(dx) < kMaxExtremumOffset && std::fabs(dy) < kMaxExtremumOffset &&
        std::fabs(ds) < kMaxExtremumOffset) {
      value += 0.5f * (gx * dx + gy * dy + gs * ds);
      const float trace = xx + yy;
      constexpr float kLimit =
          (kMaxCurvatureRatio + 1) * (kMaxCurvatureRatio + 1) / kMaxCurvatureRatio;
      if (css <= 0 || trace * trace >= kLimit * css) return false;
      break;
    }
    if (step + 1 == kMaxRefinements || !(std::fabs(dx) < 100 && std::fabs(dy) < 100)) return false;
    x += static_cast<int>(std::lround(dx));
    y += static_cast<int>(std::lround(dy));
    level += ds > 0.5f ? 1 : ds < -0.5f ? -1 : 0;
    if (level < 1 || level > kScalesPerOctave || x < kExtremumBorder || y < kExtremumBorder ||
        x >= width - kExtremumBorder || y >= height - kExtremumBorder) {
      return false;
    }
  }
  if (std::fabs(value) < kMinContrast) return false;
  result.x = static_cast<float>(x) + dx;
  result.y = static_cast<float>(y) + dy;
  result.scale = static_cast<float>(level) + ds;
  result.response = std::fabs(value);
  result.level = level;
  return true;
}

// The pixel, of `size_px` in a row or column, that a position in samples lies on.
constexpr int pixel_of(float samples, float step_px, int size_px) {
  return std::clamp(static_cast<int>(std::lround(samples * step_px)), 0, size_px - 1);
}

// Blur at which the extremum was found, in samples of its octave.
constexpr float sigma_of(const Extremum& extremum) {
  return kBaseSigma * power_of_two(extremum.scale / kScalesPerOctave);
}

// A keypoint's place on its grid, in steps.
struct KeypointSteps {
  std::uint16_t y = 0, x = 0, size = 0, angle = 0;
};

constexpr KeypointSteps steps_of(const Extremum& extremum, float step_px, float angle_rad) {
  // Sample centres of an octave lie on the sample centres of the image.
  return {grid_from_px(extremum.y * step_px), grid_from_px(extremum.x * step_px),
          std::max<std::uint16_t>(1, grid_from_px(2 * sigma_of(extremum) * step_px)),
          grid_from_angle(angle_rad)};
}

constexpr Keypoint keypoint_of(const KeypointSteps& steps) {
  return {px_from_grid(steps.x), px_from_grid(steps.y), px_from_grid(steps.size),
          angle_from_grid(steps.angle)};
}

}  // namespace pressmark::kernels
