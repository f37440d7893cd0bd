// SPDX-License-Identifier: Apache-2.0
#include "tools/render/outline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pressmark::render {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

cv::Rect2d bounds_of(const Outline& outline) {
  constexpr double kFar = std::numeric_limits<double>::max();
  double left = kFar;
  double top = kFar;
  double right = -kFar;
  double bottom = -kFar;
  for (const Path& path : outline) {
    for (const Contour& contour : path) {
      for (const cv::Point2d& p : contour) {
        left = std::min(left, p.x);
        right = std::max(right, p.x);
        top = std::min(top, p.y);
        bottom = std::max(bottom, p.y);
      }
    }
  }
  if (left > right) return {};
  return {left, top, right - left, bottom - top};
}

void transform(Outline& outline, double scale, double angle_rad, cv::Point2d centre) {
  const double c = scale * std::cos(angle_rad);
  const double s = scale * std::sin(angle_rad);
  for (Path& path : outline) {
    for (Contour& contour : path) {
      for (cv::Point2d& p : contour) {
        p = {centre.x + c * p.x - s * p.y, centre.y + s * p.x + c * p.y};
      }
    }
  }
}

void normalise(Outline& outline) {
  const cv::Rect2d box = bounds_of(outline);
  const double extent = std::max(box.width, box.height);
  if (extent <= 0) return;
  transform(outline, 1, 0, {-(box.x + box.width / 2), -(box.y + box.height / 2)});
  transform(outline, 2 / extent, 0, {0, 0});
}

Contour band(const Contour& line, double width) {
  Contour left;
  Contour right;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const cv::Point2d& a = line[i == 0 ? 0 : i - 1];
    const cv::Point2d& b = line[std::min(i + 1, line.size() - 1)];
    const double length = std::max(1e-9, std::hypot(b.x - a.x, b.y - a.y));
    const cv::Point2d normal(-(b.y - a.y) / length * width / 2, (b.x - a.x) / length * width / 2);
    left.push_back(line[i] + normal);
    right.push_back(line[i] - normal);
  }
  left.insert(left.end(), right.rbegin(), right.rend());
  return left;
}

Contour ellipse(cv::Point2d centre, double rx, double ry, double angle_rad) {
  constexpr int kPoints = 96;
  Contour contour;
  const double c = std::cos(angle_rad);
  const double s = std::sin(angle_rad);
  for (int i = 0; i < kPoints; ++i) {
    const double t = 2 * kPi * i / kPoints;
    const double x = rx * std::cos(t);
    const double y = ry * std::sin(t);
    contour.emplace_back(centre.x + c * x - s * y, centre.y + s * x + c * y);
  }
  return contour;
}

Contour circle(cv::Point2d centre, double radius) {
  return ellipse(centre, radius, radius, 0);
}

Contour rounded_rectangle(cv::Point2d centre, double half_width, double half_height,
                          double radius) {
  constexpr int kSteps = 10;
  radius = std::min({radius, half_width, half_height});
  Contour contour;
  for (int corner = 0; corner < 4; ++corner) {
    const double sx = corner == 0 || corner == 3 ? 1 : -1;
    const double sy = corner < 2 ? 1 : -1;
    for (int i = 0; i <= kSteps; ++i) {
      const double t = kPi / 2 * (corner + static_cast<double>(i) / kSteps);
      contour.emplace_back(centre.x + sx * (half_width - radius) + radius * std::cos(t),
                           centre.y + sy * (half_height - radius) + radius * std::sin(t));
    }
  }
  return contour;
}

Path ring(cv::Point2d centre, double outer, double inner) {
  return {circle(centre, outer), circle(centre, inner)};
}

}  // namespace pressmark::render
