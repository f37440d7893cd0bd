// SPDX-License-Identifier: Apache-2.0
//
// The inliers of a hit as SVG, a dot in either picture and a line between, in one colour; and the
// cells that agree.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/report/overlay.hpp"
#include "pressmark/types.hpp"

namespace pressmark::report {

// More lines than this hide the pictures.
inline constexpr std::size_t kDrawnInliers = 200;

// At most `limit` of the inliers, spread evenly over the query: every n-th along a Morton curve.
std::vector<Inlier> thin_evenly(std::span<const Inlier> inliers, std::size_t limit);

// Places of the two pictures in one drawing.
struct PairLayout {
  DisplayFrame query, hit;
  double query_x = 0, query_y = 0, hit_x = 0, hit_y = 0;
  int width = 0, height = 0;
};
PairLayout side_by_side(const DisplayFrame& query, const DisplayFrame& hit);

// SVG elements: lines with class "l", dots with class "d". Hue follows the order from the query's
// top to its bottom, so that a wrong pair stands out.
std::string draw_inliers(std::span<const Inlier> inliers, const PairLayout& layout);

// SVG elements: each cell as a square in the query and where it fits in the hit, drawn as the
// transform turns and stretches it; class "c", and "a" where it agrees.
std::string draw_cells(std::span<const CongruentCell> cells, const Transform& transform,
                       const PairLayout& layout);

// "x,y x,y ..." for a polygon.
std::string polygon_points(std::span<const Point> points);

}  // namespace pressmark::report
