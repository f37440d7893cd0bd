// SPDX-License-Identifier: Apache-2.0
//
// Shapes as filled polygons, before they become pixels. Coordinates are right and down.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace pressmark::render {

using Contour = std::vector<cv::Point2d>;

// Contours filled together by the even-odd rule.
using Path = std::vector<Contour>;

// Paths laid over each other.
using Outline = std::vector<Path>;

// Bounding box of all points; empty for an empty outline.
cv::Rect2d bounds_of(const Outline& outline);

// p -> centre + scale * R(angle) * p
void transform(Outline& outline, double scale, double angle_rad, cv::Point2d centre);

// Moves and scales it so that its bounding box is centred at 0 and lies within [-1, 1]².
void normalise(Outline& outline);

// A polyline as an area: a band of that width with round joints approximated by its normals.
Contour band(const Contour& line, double width);

Contour circle(cv::Point2d centre, double radius);
Contour ellipse(cv::Point2d centre, double rx, double ry, double angle_rad);
Contour rounded_rectangle(cv::Point2d centre, double half_width, double half_height, double radius);
Path ring(cv::Point2d centre, double outer, double inner);

}  // namespace pressmark::render
