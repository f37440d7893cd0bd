// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/geometry.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pressmark::verify {
namespace {

double cross(Point origin, Point a, Point b) {
  return (a.x - origin.x) * (b.y - origin.y) - (a.y - origin.y) * (b.x - origin.x);
}

// photo = scale * canonical + shift, from photo = origin + scale * (canonical + .5) - .5.
double shift(double origin, double scale) {
  return origin + 0.5 * scale - 0.5;
}

Matrix3 photo_from_canonical(const Description& description) {
  const double s = description.photo_scale;
  return {s, 0, shift(description.photo_origin_x, s), 0, s, shift(description.photo_origin_y, s), 0,
          0, 1};
}

Matrix3 canonical_from_photo(const Description& description) {
  const double s = description.photo_scale;
  return {1 / s, 0,     -shift(description.photo_origin_x, s) / s,
          0,     1 / s, -shift(description.photo_origin_y, s) / s,
          0,     0,     1};
}

Matrix3 normalised(Matrix3 map) {
  const double last = map[8];
  for (double& value : map) value /= last;
  return map;
}

}  // namespace

Matrix3 multiply(const Matrix3& a, const Matrix3& b) {
  Matrix3 product{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      for (std::size_t k = 0; k < 3; ++k) {
        product[3 * row + column] += a[3 * row + k] * b[3 * k + column];
      }
    }
  }
  return product;
}

bool map_point(const Matrix3& map, Point from, Point& to) {
  const double w = map[6] * from.x + map[7] * from.y + map[8];
  if (!(w > 1e-12)) return false;
  to.x = (map[0] * from.x + map[1] * from.y + map[2]) / w;
  to.y = (map[3] * from.x + map[4] * from.y + map[5]) / w;
  return true;
}

std::array<double, 4> linear_part(const Matrix3& map, Point at) {
  const double w = map[6] * at.x + map[7] * at.y + map[8];
  const double u = (map[0] * at.x + map[1] * at.y + map[2]) / w;
  const double v = (map[3] * at.x + map[4] * at.y + map[5]) / w;
  return {(map[0] - u * map[6]) / w, (map[1] - u * map[7]) / w, (map[3] - v * map[6]) / w,
          (map[4] - v * map[7]) / w};
}

void local_scale_rotation(const Matrix3& map, Point at, double& scale, double& rotation_deg) {
  const auto [a, b, c, d] = linear_part(map, at);
  scale = std::sqrt(std::abs(a * d - b * c));
  rotation_deg = std::atan2(c - b, a + d) * 180.0 / std::numbers::pi;
}

// Andrew's monotone chain, then the shoelace formula.
double hull_area(std::vector<Point> points) {
  if (points.size() < 3) return 0;
  std::sort(points.begin(), points.end(),
            [](Point a, Point b) { return a.x < b.x || (a.x == b.x && a.y < b.y); });
  std::vector<Point> hull;
  const auto extend = [&](std::size_t floor, Point point) {
    while (hull.size() >= floor + 2 &&
           cross(hull[hull.size() - 2], hull[hull.size() - 1], point) <= 0) {
      hull.pop_back();
    }
    hull.push_back(point);
  };
  for (const Point& point : points) extend(0, point);
  const std::size_t lower = hull.size() - 1;
  for (std::size_t i = points.size() - 1; i-- > 0;) extend(lower, points[i]);
  double twice_area = 0;
  for (std::size_t i = 0; i + 1 < hull.size(); ++i) {
    twice_area += hull[i].x * hull[i + 1].y - hull[i + 1].x * hull[i].y;
  }
  return std::abs(twice_area) / 2;
}

Matrix3 to_photo_pixels(const Matrix3& hit_from_query, const Description& query,
                        const Description& hit) {
  return normalised(
      multiply(photo_from_canonical(hit), multiply(hit_from_query, canonical_from_photo(query))));
}

Matrix3 to_canonical_pixels(const Matrix3& hit_from_query, const Description& query,
                            const Description& hit) {
  return normalised(
      multiply(canonical_from_photo(hit), multiply(hit_from_query, photo_from_canonical(query))));
}

}  // namespace pressmark::verify
