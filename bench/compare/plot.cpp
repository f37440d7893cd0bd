// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace pressmark::compare {
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

// Whole decades around the points.
class LogAxis {
 public:
  explicit LogAxis(const std::vector<PlotPoint>& points) {
    if (points.empty()) return;
    const auto [least, most] =
        std::minmax_element(points.begin(), points.end(),
                            [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    first_ = static_cast<int>(std::floor(std::log10(least->x)));
    last_ = std::max(first_ + 1, static_cast<int>(std::ceil(std::log10(most->x))));
  }
  int first() const { return first_; }
  int last() const { return last_; }
  double place(double x) const {
    return kLeft + (kRight - kLeft) * (std::log10(x) - first_) / (last_ - first_);
  }

 private:
  int first_ = 0, last_ = 1;  // powers of ten
};

double place_y(double y) {
  return kBottom - (kBottom - kTop) * y;
}

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

std::string points_svg(const Plot& plot, const LogAxis& axis) {
  std::vector<Box> taken;
  for (const PlotPoint& point : plot.points) {
    const double x = axis.place(point.x), y = place_y(point.y);
    taken.push_back({x - 6, y - 6, x + 6, y + 6});
  }
  std::string svg;
  for (const PlotPoint& point : plot.points) {
    const double x = axis.place(point.x), y = place_y(point.y);
    const Label label = place_label(point.label, x, y, taken);
    taken.push_back(label.box);
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>\n", x, y,
                       point.is_ours ? 6 : 5, point.is_ours ? "#c2410c" : "#2563eb");
    svg += text(label.x, label.y, label.is_left ? "end" : "start", point.label,
                point.is_ours ? " font-weight=\"bold\"" : "");
  }
  return svg;
}

}  // namespace

std::string to_svg(const Plot& plot) {
  const LogAxis axis(plot.points);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#1f2937\">\n"
      "<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
      kWidth, kHeight, escaped(plot.title));
  svg += text(kWidth / 2, 24, "middle", plot.title, " font-size=\"15\"");
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double y = place_y(tenth / 10.0);
    svg +=
        fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#d1d5db\"/>\n", kLeft, y, kRight);
    svg += text(kLeft - 8, y + 4, "end", fmt::format("{:.1f}", tenth / 10.0));
  }
  for (int power = axis.first(); power <= axis.last(); ++power) {
    const double x = axis.place(std::pow(10.0, power));
    svg +=
        fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#d1d5db\"/>\n", x, kTop, kBottom);
    svg += text(x, kBottom + 20, "middle", fmt::format("{:g}", std::pow(10.0, power)));
  }
  svg += text((kLeft + kRight) / 2, kBottom + 46, "middle", plot.x_title);
  svg += text(18, (kTop + kBottom) / 2, "middle", plot.y_title,
              fmt::format(" transform=\"rotate(-90 18 {:.1f})\"", (kTop + kBottom) / 2).c_str());
  svg += points_svg(plot, axis);
  return svg + "</svg>\n";
}

}  // namespace pressmark::compare
