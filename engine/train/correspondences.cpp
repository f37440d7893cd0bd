// SPDX-License-Identifier: Apache-2.0
#include "engine/train/correspondences.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "engine/verify/geometry.hpp"

namespace pressmark::train {
namespace {

// Distance: the larger of a least one and a share of the keypoint's size.
constexpr double kDistance_px = 2.0, kDistanceOfSize = 0.3;
constexpr double kAngle_rad = 20.0 * std::numbers::pi / 180.0;
constexpr double kSizeRatio = 1.3;

}  // namespace

Correspondences find_correspondences(const std::vector<Keypoint>& from,
                                     const std::vector<Keypoint>& to,
                                     const std::array<double, 9>& to_from, bool either_contrast) {
  Correspondences best;
  for (const bool inverted : {false, true}) {
    if (inverted && !either_contrast) continue;
    Correspondences found;
    found.inverted = inverted;
    for (std::size_t i = 0; i < from.size(); ++i) {
      verify::Point place;
      const verify::Point origin{from[i].x_px, from[i].y_px};
      if (!verify::map_point(to_from, origin, place)) continue;
      double scale, rotation_deg;
      verify::local_scale_rotation(to_from, origin, scale, rotation_deg);
      const double turn =
          rotation_deg * std::numbers::pi / 180.0 + (inverted ? std::numbers::pi : 0.0);
      int nearest = -1;
      double nearest_squared = 0;
      for (std::size_t j = 0; j < to.size(); ++j) {
        const double dx = to[j].x_px - place.x, dy = to[j].y_px - place.y;
        const double squared = dx * dx + dy * dy;
        const double reach = std::max(kDistance_px, kDistanceOfSize * to[j].size_px);
        if (squared > reach * reach || (nearest >= 0 && squared >= nearest_squared)) continue;
        const double ratio = to[j].size_px / (from[i].size_px * scale);
        if (ratio > kSizeRatio || ratio < 1 / kSizeRatio) continue;
        const double angle =
            std::remainder(to[j].angle_rad - from[i].angle_rad - turn, 2 * std::numbers::pi);
        if (std::abs(angle) > kAngle_rad) continue;
        nearest = static_cast<int>(j);
        nearest_squared = squared;
      }
      if (nearest >= 0) found.pairs.emplace_back(static_cast<int>(i), nearest);
    }
    if (found.pairs.size() > best.pairs.size()) best = std::move(found);
  }
  return best;
}

}  // namespace pressmark::train
