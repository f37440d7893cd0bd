// SPDX-License-Identifier: Apache-2.0
//
// Geometry of the pictures in a report: where photo pixels come to lie on the page, and the CSS
// transform that lays the query over the hit.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "pressmark/types.hpp"

namespace pressmark::report {

// Long side of every picture on the page. A constant of the layout, independent of how many pixels
// are embedded: an A4 page between its margins is 672 CSS pixels wide.
inline constexpr int kDisplayLongSidePx = 640;

struct Point {
  double x = 0, y = 0;
};

// A picture's place on the page. Photo pixel (x, y), whose centre is an integer position, has its
// centre at (scale_x * (x + .5), scale_y * (y + .5)) CSS pixels from the top left corner.
struct DisplayFrame {
  int width = 0, height = 0;  // CSS pixels, >= 1
  double scale_x = 1, scale_y = 1;

  Point place(double x, double y) const { return {scale_x * (x + .5), scale_y * (y + .5)}; }
};

// Photos without a known size get a frame of 4 to 3.
DisplayFrame display_frame(int photo_width_px, int photo_height_px);

// The transform in CSS pixels of the two frames, row-major, scaled so that the homogeneous weight
// is 1 at the middle of the query: browsers clip what lies behind weight 0. Nothing where the
// transform is not finite, singular, or sends the query's middle to infinity.
using Matrix3 = std::array<double, 9>;
std::optional<Matrix3> display_transform(const Transform& transform, const DisplayFrame& query,
                                         const DisplayFrame& hit);

Point apply(const Matrix3& matrix, Point point);

// "matrix3d(...)": column-major 4 x 4 with z passed through; wants transform-origin 0 0.
std::string css_matrix3d(const Matrix3& matrix);

// The query's four corners in the hit's frame, clockwise from its top left; nothing where a
// corner lies at or behind infinity.
std::optional<std::array<Point, 4>> warped_corners(const Matrix3& matrix,
                                                   const DisplayFrame& query);

}  // namespace pressmark::report
