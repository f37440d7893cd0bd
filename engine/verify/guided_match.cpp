// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/guided_match.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace pressmark::verify {
namespace {

constexpr double kMaxAngle_rad = 30.0 * std::numbers::pi / 180.0;
constexpr double kMaxSizeRatio = 1.6;

std::int32_t squared_distance(const std::int8_t* a, const std::int8_t* b) {
  std::int32_t sum = 0;
  for (int d = 0; d < kLocalCodeSize; ++d) {
    const std::int32_t difference = a[d] - b[d];
    sum += difference * difference;
  }
  return sum;
}

double turn_between(double a, double b) {
  const double turn = std::remainder(a - b, 2 * std::numbers::pi);
  return std::abs(turn);
}

// Indices of keypoints in square cells of `side` px.
class CellGrid {
 public:
  CellGrid(const std::vector<Keypoint>& keypoints, double side) : side_(side) {
    double right = 0, bottom = 0;
    for (const Keypoint& point : keypoints) {
      right = std::max<double>(right, point.x_px);
      bottom = std::max<double>(bottom, point.y_px);
    }
    columns_ = static_cast<int>(right / side) + 1;
    rows_ = static_cast<int>(bottom / side) + 1;
    cells_.resize(static_cast<std::size_t>(columns_) * static_cast<std::size_t>(rows_));
    for (std::size_t i = 0; i < keypoints.size(); ++i) {
      const Keypoint& point = keypoints[i];
      const int column = std::min(columns_ - 1, static_cast<int>(point.x_px / side_));
      const int row = std::min(rows_ - 1, static_cast<int>(point.y_px / side_));
      cells_[static_cast<std::size_t>(row * columns_ + column)].push_back(static_cast<int>(i));
    }
  }

  // Calls visit(index) for all keypoints in the 3x3 cells around a place: a superset of those
  // within `side`.
  template <typename Visit>
  void around(Point place, const Visit& visit) const {
    const double column = std::floor(place.x / side_), row = std::floor(place.y / side_);
    if (!(column >= -1 && column <= columns_ && row >= -1 && row <= rows_)) return;
    for (int r = std::max(0, static_cast<int>(row) - 1);
         r <= std::min(rows_ - 1, static_cast<int>(row) + 1); ++r) {
      for (int c = std::max(0, static_cast<int>(column) - 1);
           c <= std::min(columns_ - 1, static_cast<int>(column) + 1); ++c) {
        for (int index : cells_[static_cast<std::size_t>(r * columns_ + c)]) visit(index);
      }
    }
  }

 private:
  double side_;
  int columns_ = 0, rows_ = 0;
  std::vector<std::vector<int>> cells_;
};

struct Best {
  int index = -1;
  std::int32_t squared = std::numeric_limits<std::int32_t>::max();
};

}  // namespace

GuidedMatches guided_match(const LocalCodes& query, const LocalCodes& hit,
                           const Matrix3& hit_from_query, double radius_px) {
  GuidedMatches result;
  result.expected.resize(query.keypoints.size(), 0);
  const CellGrid grid(hit.keypoints, radius_px);
  const auto limit = static_cast<std::int32_t>(kGuidedDistance * kGuidedDistance * 127 * 127);
  std::vector<Best> best_of_query(query.keypoints.size()), best_of_hit(hit.keypoints.size());
  for (std::size_t q = 0; q < query.keypoints.size(); ++q) {
    const Keypoint& from = query.keypoints[q];
    Point place;
    if (!map_point(hit_from_query, {from.x_px, from.y_px}, place)) continue;
    double scale, rotation_deg;
    local_scale_rotation(hit_from_query, {from.x_px, from.y_px}, scale, rotation_deg);
    const double rotation_rad = rotation_deg * std::numbers::pi / 180.0;
    grid.around(place, [&](int h) {
      const Keypoint& to = hit.keypoints[static_cast<std::size_t>(h)];
      const double dx = to.x_px - place.x, dy = to.y_px - place.y;
      if (dx * dx + dy * dy > radius_px * radius_px) return;
      if (turn_between(to.angle_rad, from.angle_rad + rotation_rad) > kMaxAngle_rad) return;
      const double size_ratio = to.size_px / (from.size_px * scale);
      if (size_ratio > kMaxSizeRatio || size_ratio < 1 / kMaxSizeRatio) return;
      result.expected[q] = 1;
      const std::int32_t squared =
          squared_distance(&query.codes[q * kLocalCodeSize],
                           &hit.codes[static_cast<std::size_t>(h) * kLocalCodeSize]);
      if (squared > limit) return;
      if (squared < best_of_query[q].squared) best_of_query[q] = {h, squared};
      Best& reverse = best_of_hit[static_cast<std::size_t>(h)];
      if (squared < reverse.squared) reverse = {static_cast<int>(q), squared};
    });
  }
  for (std::size_t q = 0; q < best_of_query.size(); ++q) {
    const Best& best = best_of_query[q];
    if (best.index < 0) continue;
    if (best_of_hit[static_cast<std::size_t>(best.index)].index != static_cast<int>(q)) continue;
    result.matches.push_back(
        {static_cast<int>(q), best.index, std::sqrt(static_cast<float>(best.squared)) / 127.0f});
  }
  return result;
}

}  // namespace pressmark::verify
