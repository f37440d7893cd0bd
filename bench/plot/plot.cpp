// SPDX-License-Identifier: Apache-2.0
#include "bench/plot/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace pressmark::bench {
namespace {

constexpr double kWidth = 640, kHeight = 400;
constexpr double kLeft = 64, kRight = 616, kTop = 44, kBottom = 340;
constexpr double kCharacter_px = 7.5, kLine_px = 14;  // of a label, about
constexpr double kGap_px = 10;                        // from a point to its label

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string text(double x, double y, const char* anchor, const std::string& content,
                 const char* style = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                     anchor, style, escaped(content));
}

std::vector<PlotPoint> all_points(const Plot& plot) {
  std::vector<PlotPoint> points = plot.points;
  for (const PlotLine& line : plot.lines) {
    points.insert(points.end(), line.points.begin(), line.points.end());
  }
  return points;
}

// Whole decades around the values of the points, from one place of the picture to another.
class LogAxis {
 public:
  LogAxis(const std::vector<PlotPoint>& points, double PlotPoint::*value, double from, double to)
      : from_(from), to_(to) {
    if (points.empty()) return;
    const auto [least, most] = std::minmax_element(
        points.begin(), points.end(),
        [&](const PlotPoint& a, const PlotPoint& b) { return a.*value < b.*value; });
    first_ = static_cast<int>(std::floor(std::log10((*least).*value)));
    last_ = std::max(first_ + 1, static_cast<int>(std::ceil(std::log10((*most).*value))));
  }
  int first() const { return first_; }
  int last() const { return last_; }
  double place(double value) const {
    return from_ + (to_ - from_) * (std::log10(value) - first_) / (last_ - first_);
  }

 private:
  double from_, to_;
  int first_ = 0, last_ = 1;  // powers of ten
};

struct Axes {
  explicit Axes(const Plot& plot)
      : x(all_points(plot), &PlotPoint::x, kLeft, kRight),
        y(all_points(plot), &PlotPoint::y, kBottom, kTop),
        has_log_y(plot.has_log_y) {}

  double place_y(double value) const {
    return has_log_y ? y.place(value) : kBottom - (kBottom - kTop) * value;
  }

  LogAxis x, y;
  bool has_log_y;
};

// What is drawn already, or will be.
struct Box {
  double left, top, right, bottom;
  bool overlaps(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

// A label stands right or left of its point, at its height if there is room, else lower.
struct Label {
  double x = 0, y = 0;
  bool is_left = false;
  Box box{};
};

Label place_label(const std::string& content, double x, double y, const std::vector<Box>& taken) {
  const double width = kCharacter_px * static_cast<double>(content.size());
  for (double lower = 0;; lower += kLine_px) {
    for (const bool is_left : {false, true}) {
      Label label{is_left ? x - kGap_px : x + kGap_px, y + 4 + lower, is_left, {}};
      const double left = is_left ? label.x - width : label.x;
      label.box = {left, label.y - kLine_px + 3, left + width, label.y + 3};
      const bool is_inside = label.box.left >= kLeft && label.box.right <= kRight;
      const bool is_free = std::none_of(
          taken.begin(), taken.end(), [&](const Box& other) { return label.box.overlaps(other); });
      // Below the plot nothing is in the way any more.
      if ((is_inside && is_free) || label.y > kBottom) return label;
    }
  }
}

std::string circle(double x, double y, bool is_ours, const char* colour) {
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>\n", x, y,
                     is_ours ? 6 : 5, colour);
}

Box around(double x, double y) {
  return {x - 6, y - 6, x + 6, y + 6};
}

std::string label_svg(const std::string& content, double x, double y, const char* style,
                      std::vector<Box>& taken) {
  const Label label = place_label(content, x, y, taken);
  taken.push_back(label.box);
  return text(label.x, label.y, label.is_left ? "end" : "start", content, style);
}

std::string points_svg(const Plot& plot, const Axes& axes, std::vector<Box>& taken) {
  for (const PlotPoint& point : plot.points) {
    taken.push_back(around(axes.x.place(point.x), axes.place_y(point.y)));
  }
  std::string svg;
  for (const PlotPoint& point : plot.points) {
    const double x = axes.x.place(point.x), y = axes.place_y(point.y);
    svg += circle(x, y, point.is_ours, point.is_ours ? "#c2410c" : "#2563eb");
    svg += label_svg(point.label, x, y, point.is_ours ? " font-weight=\"bold\"" : "", taken);
  }
  return svg;
}

std::string lines_svg(const Plot& plot, const Axes& axes, std::vector<Box>& taken) {
  constexpr std::array kColours = {"#c2410c", "#2563eb", "#15803d", "#7e22ce"};
  for (const PlotLine& line : plot.lines) {
    for (const PlotPoint& point : line.points) {
      taken.push_back(around(axes.x.place(point.x), axes.place_y(point.y)));
    }
  }
  std::string svg;
  for (std::size_t i = 0; i < plot.lines.size(); ++i) {
    const PlotLine& line = plot.lines[i];
    if (line.points.empty()) continue;
    const char* const colour = kColours[i % kColours.size()];
    std::string path, circles;
    double x = 0, y = 0;
    for (const PlotPoint& point : line.points) {
      x = axes.x.place(point.x);
      y = axes.place_y(point.y);
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      circles += circle(x, y, point.is_ours, colour);
    }
    svg += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path,
                       colour);
    svg += circles;
    svg += label_svg(line.label, x, y, fmt::format(" fill=\"{}\"", colour).c_str(), taken);
  }
  return svg;
}

std::string y_grid_svg(const Axes& axes) {
  std::string svg;
  const auto add = [&](double y, const std::string& value) {
    svg +=
        fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#d1d5db\"/>\n", kLeft, y, kRight);
    svg += text(kLeft - 8, y + 4, "end", value);
  };
  if (axes.has_log_y) {
    for (int power = axes.y.first(); power <= axes.y.last(); ++power) {
      const double value = std::pow(10.0, power);
      add(axes.place_y(value), fmt::format("{:g}", value));
    }
  } else {
    for (int tenth = 0; tenth <= 10; tenth += 2) {
      add(axes.place_y(tenth / 10.0), fmt::format("{:.1f}", tenth / 10.0));
    }
  }
  return svg;
}

std::string x_grid_svg(const Axes& axes) {
  std::string svg;
  for (int power = axes.x.first(); power <= axes.x.last(); ++power) {
    const double value = std::pow(10.0, power), x = axes.x.place(value);
    svg +=
        fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#d1d5db\"/>\n", x, kTop, kBottom);
    svg += text(x, kBottom + 20, "middle", fmt::format("{:g}", value));
  }
  return svg;
}

}  // namespace

std::string to_svg(const Plot& plot) {
  const Axes axes(plot);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1f2937\">\n"
      "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, kHeight, escaped(plot.title));
  svg += text(kWidth / 2, 24, "middle", plot.title, " font-size=\"15\"");
  svg += y_grid_svg(axes);
  svg += x_grid_svg(axes);
  svg += text((kLeft + kRight) / 2, kBottom + 46, "middle", plot.x_title);
  svg += text(18, (kTop + kBottom) / 2, "middle", plot.y_title,
              fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", (kTop + kBottom) / 2).c_str());
  std::vector<Box> taken;
  svg += lines_svg(plot, axes, taken);
  svg += points_svg(plot, axes, taken);
  return svg + "</svg>\n";
}

}  // namespace pressmark::bench
