// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/dense_evidence.hpp"

#include <algorithm>
#include <cmath>

namespace pressmark::verify {
namespace {

constexpr double kLeastScale = 0.25, kLargestScale = 4;

double frame_side_px(const Description& description) {
  return std::max(description.width_px, description.height_px);
}

// The frame's middle in canonical pixels. Its cells are counted from the frame's corner, which lies
// a whole number of pixels before the photo (kernels/cpu/dense_code.cpp).
Point frame_centre(const Description& description) {
  const int side = std::max(description.width_px, description.height_px);
  const auto centre = [&](int size) {
    return 0.5 * side - 0.5 - static_cast<double>((side - size) / 2);
  };
  return {centre(description.width_px), centre(description.height_px)};
}

Point to_photo(Point canonical, const Description& description) {
  const double scale = description.photo_scale;
  return {description.photo_origin_x + scale * (canonical.x + 0.5) - 0.5,
          description.photo_origin_y + scale * (canonical.y + 0.5) - 0.5};
}

}  // namespace

bool dense_position(const Matrix3& hit_from_query, const Description& query, const Description& hit,
                    kernels::DensePosition& position) {
  const Point from = frame_centre(query), origin = frame_centre(hit);
  Point to;
  if (!map_point(hit_from_query, from, to)) return false;
  const double unit = frame_side_px(query) / frame_side_px(hit);
  const std::array<double, 4> jacobian = linear_part(hit_from_query, from);
  for (std::size_t i = 0; i < 4; ++i) position.linear[i] = unit * jacobian[i];
  position.shift_x = (to.x - origin.x) / frame_side_px(hit);
  position.shift_y = (to.y - origin.y) / frame_side_px(hit);
  const auto& a = position.linear;
  const double scale = std::sqrt(std::abs(a[0] * a[3] - a[1] * a[2]));
  return scale >= kLeastScale && scale <= kLargestScale;
}

Matrix3 hit_from_query_of(const kernels::DensePosition& position, const Description& query,
                          const Description& hit) {
  const Point from = frame_centre(query), origin = frame_centre(hit);
  const double unit = frame_side_px(hit) / frame_side_px(query);
  const double a = unit * position.linear[0], b = unit * position.linear[1];
  const double c = unit * position.linear[2], d = unit * position.linear[3];
  const double x = origin.x + position.shift_x * frame_side_px(hit);
  const double y = origin.y + position.shift_y * frame_side_px(hit);
  return {a, b, x - a * from.x - b * from.y, c, d, y - c * from.x - d * from.y, 0, 0, 1};
}

kernels::DensePosition compare_cells(const kernels::Backend& backend, const Description& query,
                                     const Description& hit, const kernels::DensePosition& position,
                                     DenseEvidence& evidence) {
  kernels::DenseMatch match{0, position};
  backend.refine_dense(query.dense, {&hit.dense, 1}, {&match, 1});
  std::vector<kernels::DenseCell> cells;
  backend.congruent_cells(query.dense, {&hit.dense, 1}, {&match, 1}, {&cells, 1});
  const Point from = frame_centre(query);
  const double query_side = frame_side_px(query), hit_side = frame_side_px(hit);
  const Matrix3 map = hit_from_query_of(match.position, query, hit);
  evidence.cells.clear();
  evidence.agreeing_cells = 0;
  for (const kernels::DenseCell& cell : cells) {
    const double half = 0.5 * static_cast<double>(cell.side);
    const Point centre{from.x + (static_cast<double>(cell.x) + half - 0.5) * query_side,
                       from.y + (static_cast<double>(cell.y) + half - 0.5) * query_side};
    Point moved;
    map_point(map, centre, moved);  // affine: always a value
    moved.x += static_cast<double>(cell.shift_x) * hit_side;
    moved.y += static_cast<double>(cell.shift_y) * hit_side;
    const Point in_query = to_photo(centre, query), in_hit = to_photo(moved, hit);
    evidence.cells.push_back(
        {static_cast<float>(in_query.x), static_cast<float>(in_query.y),
         static_cast<float>(in_hit.x), static_cast<float>(in_hit.y),
         static_cast<float>(static_cast<double>(cell.side) * query_side * query.photo_scale),
         cell.score, cell.agrees});
    evidence.agreeing_cells += cell.agrees;
  }
  return match.position;
}

}  // namespace pressmark::verify
