// SPDX-License-Identifier: Apache-2.0
#include "engine/report/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

namespace pressmark::report {
namespace {

constexpr double kWidth = 480, kHeight = 300;
constexpr double kLeft = 46, kRight = 468, kTop = 10, kBottom = 256;

std::string open_chart(const std::string& description) {
  return fmt::format("<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\">\n",
                     description, kWidth, kHeight);
}

void grid_line(std::string& svg, double x1, double y1, double x2, double y2) {
  fmt::format_to(std::back_inserter(svg),
                 "<path class=\"grid\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x1, y1, x2, y2);
}

void label(std::string& svg, const char* classes, double x, double y, const std::string& text) {
  fmt::format_to(std::back_inserter(svg), "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                 classes, x, y, text);
}

void axis_titles(std::string& svg, const std::string& x_title, const std::string& y_title) {
  label(svg, "title middle", (kLeft + kRight) / 2, kHeight - 8, x_title);
  fmt::format_to(std::back_inserter(svg),
                 "<text class=\"title middle\" transform=\"translate(12 {:.1f}) rotate(-90)\">{}"
                 "</text>",
                 (kTop + kBottom) / 2, y_title);
}

double spread(double score) {
  return std::copysign(std::log10(1 + std::abs(score)), score);
}

}  // namespace

std::string log_chart(const LogChart& chart) {
  const double low = std::log10(chart.low);
  const double span = std::max(1e-9, std::log10(chart.high) - low);
  const auto place_x = [&](double x) {
    const double share = (std::log10(std::max(x, chart.low)) - low) / span;
    return kLeft + (kRight - kLeft) * std::min(share, 1.0);
  };
  const auto place_y = [&](double y) { return kBottom - (kBottom - kTop) * y; };

  std::string svg = open_chart(chart.description);
  for (int tick = 0; tick <= 5; ++tick) {
    const double y = place_y(tick / 5.0);
    grid_line(svg, kLeft, y, kRight, y);
    label(svg, "tick end", kLeft - 6, y + 4, fmt::format("{:.1f}", tick / 5.0));
  }
  const int last_decade = static_cast<int>(std::floor(low + span + 1e-9));
  for (int decade = static_cast<int>(std::floor(low + 1e-9)); decade <= last_decade; ++decade) {
    for (const double step : {1.0, 2.0, 5.0}) {
      const double value = step * std::pow(10.0, decade);
      if (step > 1 && span > 2.1) break;  // no room
      if (value < chart.low * .999 || value > chart.high * 1.001) continue;
      const double x = place_x(value);
      grid_line(svg, x, kTop, x, kBottom);
      label(svg, "tick middle", x, kBottom + 16, fmt::format("{:g}", value));
    }
  }
  axis_titles(svg, chart.x_title, chart.y_title);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    std::string points;
    for (const Point& point : chart.series[i]) {
      fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ", place_x(point.x),
                     place_y(point.y));
    }
    fmt::format_to(std::back_inserter(svg), "\n<polyline class=\"series s{}\" points=\"{}\"/>", i,
                   points);
  }
  if (chart.mark) {
    fmt::format_to(std::back_inserter(svg),
                   "\n<circle class=\"ring\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/>",
                   place_x(chart.mark->x), place_y(chart.mark->y));
  }
  return svg + "\n</svg>";
}

std::string histogram_chart(const ScoreHistogram& histogram, const std::string& description) {
  std::string svg = open_chart(description);
  constexpr double kMiddle = (kTop + kBottom) / 2, kReach = (kBottom - kTop) / 2 - 14;
  if (histogram.edges.size() < 2) {
    label(svg, "title middle", (kLeft + kRight) / 2, kMiddle, "no pair was compared");
    return svg + "\n</svg>";
  }
  const double low = spread(histogram.edges.front()), high = spread(histogram.edges.back());
  const auto place_x = [&](double score) {
    return kLeft + (kRight - kLeft) * (spread(score) - low) / (high - low);
  };
  constexpr std::array<double, 15> kTicks{-1000, -100, -30, -10, -3,  -1,   0,   1,
                                          3,     10,   30,  100, 300, 1000, 3000};
  double last_tick = -100;
  for (const double tick : kTicks) {
    if (tick < histogram.edges.front() - 1e-9 || tick > histogram.edges.back()) continue;
    const double x = place_x(tick);
    grid_line(svg, x, kTop, x, kBottom);
    if (x - last_tick < 26) continue;
    label(svg, "tick middle", x, kBottom + 16, fmt::format("{:g}", tick));
    last_tick = x;
  }
  const auto draw = [&](const std::vector<std::int64_t>& counts, std::int64_t not_compared,
                        const char* classes, double direction, const char* name) {
    const auto total = static_cast<double>(
        std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) + not_compared);
    const auto highest = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
    std::string text = name;
    if (total > 0) {
      text += fmt::format(": highest bar {:.1f} %", 100 * highest / total);
      if (not_compared > 0) {
        text +=
            fmt::format(", not compared {:.1f} %", 100 * static_cast<double>(not_compared) / total);
      }
    }
    for (std::size_t i = 0; highest > 0 && i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const double left = place_x(histogram.edges[i]), right = place_x(histogram.edges[i + 1]);
      const double height =
          std::max(1.0, kReach * std::sqrt(static_cast<double>(counts[i]) / highest));
      fmt::format_to(std::back_inserter(svg),
                     "\n<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
                     "height=\"{:.1f}\"/>",
                     classes, left + .5, direction < 0 ? kMiddle - height : kMiddle,
                     std::max(.5, right - left - 1), height);
    }
    label(svg, "tick end", kRight, direction < 0 ? kTop + 8 : kBottom - 3, text);
  };
  draw(histogram.mates, histogram.mates_not_compared, "bar mates", -1, "mates");
  draw(histogram.non_mates, histogram.non_mates_not_compared, "bar others", 1, "non-mates");
  grid_line(svg, kLeft, kMiddle, kRight, kMiddle);
  axis_titles(svg, "score", "share of pairs");
  return svg + "\n</svg>";
}

}  // namespace pressmark::report
