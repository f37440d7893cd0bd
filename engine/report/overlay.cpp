// SPDX-License-Identifier: Apache-2.0
#include "engine/report/overlay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pressmark::report {
namespace {

double determinant(const Matrix3& m) {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
         m[2] * (m[3] * m[7] - m[4] * m[6]);
}

double weight(const Matrix3& m, Point p) {
  return m[6] * p.x + m[7] * p.y + m[8];
}

Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 result{};
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 3; ++column) {
      for (std::size_t k = 0; k < 3; ++k) {
        result[3 * row + column] += a[3 * row + k] * b[3 * k + column];
      }
    }
  }
  return result;
}

bool all_finite(const Matrix3& m) {
  return std::all_of(m.begin(), m.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

DisplayFrame display_frame(int photo_width_px, int photo_height_px) {
  const bool known = photo_width_px > 0 && photo_height_px > 0;
  const double width = known ? photo_width_px : 4, height = known ? photo_height_px : 3;
  const double scale = kDisplayLongSidePx / std::max(width, height);
  DisplayFrame frame;
  frame.width = std::max(1, static_cast<int>(std::lround(width * scale)));
  frame.height = std::max(1, static_cast<int>(std::lround(height * scale)));
  // Rounding the frame to whole pixels makes the two scales differ a little; both are exact.
  frame.scale_x = frame.width / width;
  frame.scale_y = frame.height / height;
  return frame;
}

std::optional<Matrix3> display_transform(const Transform& transform, const DisplayFrame& query,
                                         const DisplayFrame& hit) {
  const Matrix3 hit_css_from_photo{
      hit.scale_x, 0, .5 * hit.scale_x, 0, hit.scale_y, .5 * hit.scale_y, 0, 0, 1};
  const Matrix3 photo_from_query_css{1 / query.scale_x, 0, -.5, 0, 1 / query.scale_y, -.5, 0, 0, 1};
  Matrix3 matrix =
      product(product(hit_css_from_photo, transform.hit_from_query), photo_from_query_css);
  const double middle = weight(matrix, {.5 * query.width, .5 * query.height});
  if (!all_finite(matrix) || !(std::abs(middle) > 1e-9)) return std::nullopt;
  for (double& value : matrix) value /= middle;
  if (!all_finite(matrix) || !(std::abs(determinant(matrix)) > 1e-9)) return std::nullopt;
  return matrix;
}

Point apply(const Matrix3& matrix, Point point) {
  const double w = weight(matrix, point);
  return {(matrix[0] * point.x + matrix[1] * point.y + matrix[2]) / w,
          (matrix[3] * point.x + matrix[4] * point.y + matrix[5]) / w};
}

std::string css_matrix3d(const Matrix3& m) {
  return fmt::format(
      "matrix3d({:.10g},{:.10g},0,{:.10g},{:.10g},{:.10g},0,{:.10g},0,0,1,0,"
      "{:.10g},{:.10g},0,{:.10g})",
      m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]);
}

std::optional<std::array<Point, 4>> warped_corners(const Matrix3& matrix,
                                                   const DisplayFrame& query) {
  const double width = query.width, height = query.height;
  std::array<Point, 4> corners{{{0, 0}, {width, 0}, {width, height}, {0, height}}};
  for (Point& corner : corners) {
    if (!(weight(matrix, corner) > 1e-3)) return std::nullopt;
    corner = apply(matrix, corner);
  }
  return corners;
}

}  // namespace pressmark::report
