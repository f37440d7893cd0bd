// SPDX-License-Identifier: Apache-2.0
//
// Plane geometry for verification: maps as row-major 3x3 matrices of homogeneous pixel coordinates.
#pragma once

#include <array>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::verify {

using Matrix3 = std::array<double, 9>;

struct Point {
  double x = 0, y = 0;
};

Matrix3 multiply(const Matrix3& a, const Matrix3& b);

// No value where the point lies on or behind the horizon.
bool map_point(const Matrix3& map, Point from, Point& to);

// Jacobian of the map at a point, row by row.
std::array<double, 4> linear_part(const Matrix3& map, Point at);

// Local scale (sqrt |det| of the Jacobian) and rotation (degrees, clockwise as seen) at a point.
void local_scale_rotation(const Matrix3& map, Point at, double& scale, double& rotation_deg);

// Area of the convex hull; 0 for fewer than three points.
double hull_area(std::vector<Point> points);

// The same map between the upright photos that the canonical images were made from.
Matrix3 to_photo_pixels(const Matrix3& hit_from_query, const Description& query,
                        const Description& hit);

// The inverse of to_photo_pixels.
Matrix3 to_canonical_pixels(const Matrix3& hit_from_query, const Description& query,
                            const Description& hit);

}  // namespace pressmark::verify
