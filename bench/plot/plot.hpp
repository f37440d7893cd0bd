// SPDX-License-Identifier: Apache-2.0
//
// Figures of the benchmarks drawn as SVG: points with labels, and lines through points.
#pragma once

#include <string>
#include <vector>

namespace pressmark::bench {

struct PlotPoint {
  std::string label;
  double x = 0;  // above 0
  double y = 0;  // [0, 1]; above 0 where y is logarithmic
  bool is_ours = false;
};

// Through its points in their order; the label stands at the last one.
struct PlotLine {
  std::string label;
  std::vector<PlotPoint> points;  // their own labels are not drawn
};

struct Plot {
  std::string title, x_title, y_title;
  std::vector<PlotPoint> points;
  std::vector<PlotLine> lines = {};
  bool has_log_y = false;  // else from 0 to 1
};

// A whole SVG file: logarithmic axes over the decades that the points lie in. Readable on a light
// and a dark page. Equal plots give equal bytes.
std::string to_svg(const Plot& plot);

}  // namespace pressmark::bench
