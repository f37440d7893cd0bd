// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pressmark::compare {

struct PlotPoint {
  std::string label;
  double x = 0;  // above 0
  double y = 0;  // [0, 1]
  bool is_ours = false;
};

struct Plot {
  std::string title, x_title, y_title;
  std::vector<PlotPoint> points;
};

// A whole SVG file: logarithmic x over the decades that the points lie in, y from 0 to 1. Readable
// on a light and a dark page. Equal plots give equal bytes.
std::string to_svg(const Plot& plot);

}  // namespace pressmark::compare
