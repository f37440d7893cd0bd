// SPDX-License-Identifier: Apache-2.0
//
// Charts of an evaluation as inline SVG. Colours and widths come from the page's style sheet:
// .series and .s0, .s1, ... for what is drawn, .grid, .tick and .title for axes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/report/overlay.hpp"
#include "pressmark/evaluate.hpp"

namespace pressmark::report {

// Logarithmic x from `low` to `high`, y from 0 to 1.
struct LogChart {
  std::string description;  // for those who cannot see it; no markup
  std::string x_title, y_title;
  double low = .001, high = 1;
  std::vector<std::vector<Point>> series;  // by channel, ascending in x
  std::optional<Point> mark;               // a ring; pulled to the left edge where it lies beyond
};
std::string log_chart(const LogChart& chart);

// Mates above the axis, non-mates below, each scaled to its own highest bar. Heights go by the
// square root, so that rare scores can be seen.
std::string histogram_chart(const ScoreHistogram& histogram, const std::string& description);

}  // namespace pressmark::report
