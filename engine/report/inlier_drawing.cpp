// SPDX-License-Identifier: Apache-2.0
#include "engine/report/inlier_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

namespace pressmark::report {
namespace {

constexpr int kGapPx = 24;

// Places on a curve that visits each quadrant completely before the next.
std::uint32_t morton(double x, double y) {
  const auto spread = [](double unit) {
    auto value = static_cast<std::uint32_t>(std::clamp(unit, 0.0, 1.0) * 65535);
    value = (value | value << 8) & 0x00FF00FFu;
    value = (value | value << 4) & 0x0F0F0F0Fu;
    value = (value | value << 2) & 0x33333333u;
    return (value | value << 1) & 0x55555555u;
  };
  return spread(x) | spread(y) << 1;
}

bool finite(const Inlier& inlier) {
  return std::isfinite(inlier.query_x) && std::isfinite(inlier.query_y) &&
         std::isfinite(inlier.hit_x) && std::isfinite(inlier.hit_y);
}

// Equal lightness to the eye is not needed, but every hue must be seen on light and dark photos:
// yellow is skipped over quickly and the dots have a dark rim.
std::string colour(double position) {
  return fmt::format("hsl({:.0f} 90% 58%)", 300 * position);
}

}  // namespace

std::vector<Inlier> thin_evenly(std::span<const Inlier> inliers, std::size_t limit) {
  std::vector<Inlier> usable;
  std::copy_if(inliers.begin(), inliers.end(), std::back_inserter(usable), finite);
  if (usable.size() <= limit) return usable;
  float extent = 1;
  for (const Inlier& inlier : usable) extent = std::max({extent, inlier.query_x, inlier.query_y});
  const auto key = [&](const Inlier& i) { return morton(i.query_x / extent, i.query_y / extent); };
  std::stable_sort(usable.begin(), usable.end(),
                   [&](const Inlier& a, const Inlier& b) { return key(a) < key(b); });
  std::vector<Inlier> kept;
  kept.reserve(limit);
  for (std::size_t i = 0; i < limit; ++i) kept.push_back(usable[i * usable.size() / limit]);
  return kept;
}

PairLayout side_by_side(const DisplayFrame& query, const DisplayFrame& hit) {
  PairLayout layout{query, hit};
  layout.width = query.width + kGapPx + hit.width;
  layout.height = std::max(query.height, hit.height);
  layout.query_y = .5 * (layout.height - query.height);
  layout.hit_x = query.width + kGapPx;
  layout.hit_y = .5 * (layout.height - hit.height);
  return layout;
}

std::string draw_inliers(std::span<const Inlier> inliers, const PairLayout& layout) {
  std::vector<std::size_t> order(inliers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return inliers[a].query_y < inliers[b].query_y;
  });
  std::string lines, dots;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const Inlier& inlier = inliers[order[rank]];
    Point from = layout.query.place(inlier.query_x, inlier.query_y);
    Point to = layout.hit.place(inlier.hit_x, inlier.hit_y);
    from = {from.x + layout.query_x, from.y + layout.query_y};
    to = {to.x + layout.hit_x, to.y + layout.hit_y};
    const std::string tint = colour(
        order.size() < 2 ? .5 : static_cast<double>(rank) / static_cast<double>(order.size() - 1));
    fmt::format_to(std::back_inserter(lines),
                   "<path class=\"l\" stroke=\"{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", tint,
                   from.x, from.y, to.x, to.y);
    for (const Point& point : {from, to}) {
      fmt::format_to(std::back_inserter(dots),
                     "<circle class=\"d\" fill=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.4\"/>",
                     tint, point.x, point.y);
    }
  }
  return lines + dots;
}

std::string draw_cells(std::span<const CongruentCell> cells, const Transform& transform,
                       const PairLayout& layout) {
  const auto mapped = [&](double x, double y) {
    const auto& m = transform.hit_from_query;
    const double w = m[6] * x + m[7] * y + m[8];
    return Point{(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w};
  };
  std::string squares;
  for (const CongruentCell& cell : cells) {
    const double half = .5 * static_cast<double>(cell.query_side_px);
    const double x = cell.query_x, y = cell.query_y;
    const Point centre = mapped(x, y);
    std::array<Point, 4> in_query, in_hit;
    for (std::size_t corner = 0; corner < 4; ++corner) {
      const double cx = x + (corner == 0 || corner == 3 ? -half : half);
      const double cy = y + (corner < 2 ? -half : half);
      const Point to = mapped(cx, cy);
      in_query[corner] = layout.query.place(cx, cy);
      in_hit[corner] = layout.hit.place(static_cast<double>(cell.hit_x) + to.x - centre.x,
                                        static_cast<double>(cell.hit_y) + to.y - centre.y);
      in_query[corner].x += layout.query_x;
      in_query[corner].y += layout.query_y;
      in_hit[corner].x += layout.hit_x;
      in_hit[corner].y += layout.hit_y;
    }
    for (const auto& corners : {in_query, in_hit}) {
      if (!std::all_of(corners.begin(), corners.end(), [](const Point& point) {
            return std::isfinite(point.x) && std::isfinite(point.y);
          })) {
        continue;
      }
      fmt::format_to(std::back_inserter(squares), "<polygon class=\"{}\" points=\"{}\"/>",
                     cell.agrees ? "c a" : "c", polygon_points(corners));
    }
  }
  return squares;
}

std::string polygon_points(std::span<const Point> points) {
  std::string text;
  for (const Point& point : points) {
    fmt::format_to(std::back_inserter(text), "{}{:.1f},{:.1f}", text.empty() ? "" : " ", point.x,
                   point.y);
  }
  return text;
}

}  // namespace pressmark::report
