// SPDX-License-Identifier: Apache-2.0
#include "tools/render/drawings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pressmark::render {
namespace {

constexpr double kPi = 3.14159265358979323846;

cv::Point2d polar(double radius, double angle) {
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

Contour polygon(int corners, double radius, double turn) {
  Contour contour;
  for (int i = 0; i < corners; ++i) {
    contour.push_back(polar(radius, turn - kPi / 2 + 2 * kPi * i / corners));
  }
  return contour;
}

Contour star_contour(int points, double inner, double turn) {
  Contour contour;
  for (int i = 0; i < 2 * points; ++i) {
    contour.push_back(polar(i % 2 == 0 ? 1 : inner, turn - kPi / 2 + kPi * i / points));
  }
  return contour;
}

Drawing star(Rng& rng) {
  const int points = rng.integer(3, 14);
  const int inner = rng.integer(3, 8);
  const int core = rng.integer(0, 3);  // 0 solid, 1 hole, 2 hollow star, 3 ring and star
  Path path{star_contour(points, inner / 10.0, 0)};
  if (core == 1) path.push_back(circle({0, 0}, inner / 10.0 * 0.55));
  if (core == 2) {
    Outline hollow{{star_contour(points, inner / 10.0, 0)}};
    transform(hollow, 0.6, 0, {0, 0});
    path.push_back(hollow[0][0]);
  }
  Outline outline{path};
  if (core == 3) {
    transform(outline, 0.75, 0, {0, 0});
    outline.push_back(ring({0, 0}, 1, 0.88));
  }
  return {fmt::format("star:{}:{}:{}", points, inner, core), outline};
}

Drawing nested_polygons(Rng& rng) {
  const int corners = rng.integer(3, 8);
  const int count = rng.integer(1, 4);
  const int twist = rng.integer(0, 3);
  const int duty = rng.integer(1, 3);
  Path path;
  for (int i = 0; i < count; ++i) {
    const double radius = 1 - static_cast<double>(i) / count;
    const double turn = twist * kPi / 12 * i;
    path.push_back(polygon(corners, radius, turn));
    path.push_back(polygon(corners, radius - duty * 0.25 / count, turn));
  }
  if (count == 1) path.pop_back();
  return {fmt::format("polygons:{}:{}:{}:{}", corners, count, twist, duty), {path}};
}

Drawing crown(Rng& rng) {
  const int points = rng.integer(3, 7);
  const int depth = rng.integer(2, 6);
  const int balls = rng.integer(0, 1);
  const int base = rng.integer(0, 2);
  Contour contour{{-0.8, 0.6}};
  for (int i = 0; i < points; ++i) {
    const double x = -1 + 2.0 * i / (points - 1);
    const double edge = std::abs(x);
    contour.emplace_back(x, -0.6 + 0.25 * edge * edge);
    if (i + 1 < points) contour.emplace_back(x + 1.0 / (points - 1), -0.4 + depth * 0.12);
  }
  contour.emplace_back(0.8, 0.6);
  Outline outline{{contour}};
  if (base > 0) outline.push_back({rounded_rectangle({0, 0.75}, 0.8, 0.07 * base, 0.03)});
  if (balls > 0) {
    for (int i = 0; i < points; ++i) {
      const double x = -1 + 2.0 * i / (points - 1);
      outline.push_back({circle({x, -0.65 + 0.25 * x * x}, 0.11)});
    }
  }
  return {fmt::format("crown:{}:{}:{}:{}", points, depth, balls, base), outline};
}

Drawing spiral(Rng& rng) {
  const int turns = rng.integer(2, 5);
  const int arms = rng.integer(1, 3);
  const int width = rng.integer(3, 6);
  const int sense = rng.integer(0, 1);
  Outline outline;
  for (int arm = 0; arm < arms; ++arm) {
    Contour line;
    const int steps = 40 * turns;
    for (int i = 0; i <= steps; ++i) {
      const double t = static_cast<double>(i) / steps;
      const double angle = (sense == 0 ? 1 : -1) * 2 * kPi * (t * turns / arms + 1.0 * arm / arms);
      line.push_back(polar(0.06 + 0.9 * t, angle));
    }
    outline.push_back({band(line, width * 0.1 / turns * 1.1)});
  }
  return {fmt::format("spiral:{}:{}:{}:{}", turns, arms, width, sense), outline};
}

Drawing rings(Rng& rng) {
  const int count = rng.integer(1, 5);
  const int duty = rng.integer(3, 7);
  const int spokes = rng.integer(0, 8);
  const int chain = rng.integer(0, 3);
  Outline outline;
  if (chain == 0) {  // interlocked rings, side by side
    for (int i = 0; i < count; ++i) {
      const cv::Point2d centre(1.3 * (i - (count - 1) / 2.0), 0.5 * (i % 2));
      outline.push_back(ring(centre, 0.9, 0.9 - 0.04 * duty));
    }
  } else {
    for (int i = 0; i < count; ++i) {
      const double radius = 1 - static_cast<double>(i) / count;
      outline.push_back(ring({0, 0}, radius, radius - duty * 0.1 / count));
    }
    for (int i = 0; i < spokes; ++i) {
      Outline bar{{rounded_rectangle({0.5, 0}, 0.5, 0.05, 0.01)}};
      transform(bar, 1, 2 * kPi * i / spokes, {0, 0});
      outline.push_back(bar[0]);
    }
  }
  return {fmt::format("rings:{}:{}:{}:{}", count, duty, spokes, chain == 0 ? 0 : 1), outline};
}

Drawing bars(Rng& rng) {
  const int count = rng.integer(2, 9);
  const int duty = rng.integer(3, 6);
  const int crossing = rng.integer(0, 3);  // 0 parallel, else angle between two sets
  const int tilt = rng.integer(0, 5);
  Outline outline;
  for (int set = 0; set < (crossing == 0 ? 1 : 2); ++set) {
    const int bars_in_set = crossing == 0 ? count : (count + 1) / 2;
    for (int i = 0; i < bars_in_set; ++i) {
      const double pitch = 2.0 / bars_in_set;
      const double y = -1 + pitch * (i + 0.5);
      const double half = std::sqrt(std::max(0.1, 1.1 - y * y));
      Outline bar{{rounded_rectangle({0, y}, half, pitch * duty / 20, 0.05)}};
      transform(bar, 1, kPi * tilt / 6 + set * kPi * crossing / 6, {0, 0});
      outline.push_back(bar[0]);
    }
  }
  return {fmt::format("bars:{}:{}:{}:{}", count, duty, crossing, tilt), outline};
}

Drawing rosette(Rng& rng) {
  const int petals = rng.integer(3, 12);
  const int depth = rng.integer(2, 7);
  const int second = rng.integer(0, 4);
  const int hole = rng.integer(0, 3);
  const auto contour = [&](double size) {
    Contour points;
    for (int i = 0; i < 360; ++i) {
      const double t = 2 * kPi * i / 360;
      const double r =
          1 + 0.1 * depth * std::cos(petals * t) + 0.07 * second * std::cos(2 * petals * t);
      points.push_back(polar(size * r, t));
    }
    return points;
  };
  Path path{contour(1)};
  if (hole == 1) path.push_back(circle({0, 0}, 0.35));
  if (hole == 2) path.push_back(contour(0.55));
  if (hole == 3) {
    path.push_back(contour(0.7));
    path.push_back(contour(0.4));
  }
  return {fmt::format("rosette:{}:{}:{}:{}", petals, depth, second, hole), {path}};
}

// A closed smooth curve through random points, often mirrored: blots, leaves, masks, beasts.
Drawing silhouette(Rng& rng) {
  const auto seed = static_cast<int>(rng.next() % 1000000);
  Rng own{static_cast<std::uint64_t>(seed), 0x5117};
  const bool is_mirrored = own.chance(0.6);
  const int points = own.integer(5, 11);
  std::vector<cv::Point2d> knots;
  for (int i = 0; i < points; ++i) {
    const double angle = (is_mirrored ? kPi * (i + 0.5) / points : 2 * kPi * i / points) - kPi / 2;
    knots.push_back(polar(own.uniform(0.25, 1), angle + own.uniform(-0.15, 0.15)));
  }
  if (is_mirrored) {
    for (int i = points - 1; i >= 0; --i) knots.emplace_back(-knots[i].x, knots[i].y);
  }
  Contour contour;
  const auto n = static_cast<int>(knots.size());
  for (int i = 0; i < n; ++i) {  // Catmull-Rom
    const cv::Point2d a = knots[(i + n - 1) % n];
    const cv::Point2d b = knots[i];
    const cv::Point2d c = knots[(i + 1) % n];
    const cv::Point2d d = knots[(i + 2) % n];
    for (int k = 0; k < 12; ++k) {
      const double t = k / 12.0;
      contour.push_back(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * (t * t) +
                               (3 * b - a - 3 * c + d) * (t * t * t)));
    }
  }
  Path path{contour};
  const int holes = own.integer(0, 3);
  for (int i = 0; i < holes; ++i) {
    const cv::Point2d centre(own.uniform(0.08, 0.3), own.uniform(-0.4, 0.4));
    const double radius = own.uniform(0.04, 0.1);
    path.push_back(circle(centre, radius));
    if (is_mirrored) path.push_back(circle({-centre.x, centre.y}, radius));
  }
  return {fmt::format("silhouette:{}", seed), {path}};
}

// A four-legged animal out of ovals: body, neck, head, legs, tail, ears or horns.
Drawing beast(Rng& rng) {
  const auto seed = static_cast<int>(rng.next() % 1000000);
  Rng own{static_cast<std::uint64_t>(seed), 0xBEA57};
  Outline outline;
  const double length = own.uniform(0.5, 0.8);
  const double height = own.uniform(0.2, 0.38);
  outline.push_back({ellipse({0, 0}, length, height, own.uniform(-0.15, 0.1))});
  const cv::Point2d head(length + own.uniform(-0.05, 0.25), -own.uniform(0.15, 0.6));
  outline.push_back({band({{length * 0.6, 0}, {(length + head.x) / 2, head.y * 0.55}, head},
                          own.uniform(0.18, 0.34))});
  outline.push_back(
      {ellipse(head, own.uniform(0.16, 0.26), own.uniform(0.12, 0.18), own.uniform(-0.2, 0.5))});
  const double leg = own.uniform(0.35, 0.75);
  const double thick = own.uniform(0.09, 0.17);
  for (const double x : {-0.8, -0.5, 0.45, 0.75}) {
    const double knee = own.uniform(-0.14, 0.14);
    outline.push_back({band({{x * length, 0.05},
                             {x * length + knee, leg * 0.6},
                             {x * length + own.uniform(-0.1, 0.1), leg + 0.1}},
                            thick)});
  }
  Contour tail;
  const double curl = own.uniform(-3, 3);
  for (int i = 0; i <= 10; ++i) {
    const double t = i / 10.0;
    tail.emplace_back(-length * 0.9 - 0.5 * t * std::cos(curl * t),
                      -0.1 - 0.5 * t * std::sin(curl * t));
  }
  outline.push_back({band(tail, own.uniform(0.05, 0.13))});
  const double ear = own.uniform(0.12, 0.4);
  for (const double side : {-0.08, 0.08}) {
    outline.push_back({Contour{{head.x + side - 0.06, head.y - 0.05},
                               {head.x + side * 2.5, head.y - ear},
                               {head.x + side + 0.06, head.y - 0.05}}});
  }
  if (own.chance(0.5)) {
    for (Path& path : outline) {
      for (Contour& contour : path) {
        for (cv::Point2d& p : contour) p.x = -p.x;
      }
    }
  }
  return {fmt::format("beast:{}", seed), outline};
}

// A symmetric pattern of cells, as of a seal.
Drawing cells(Rng& rng) {
  const auto seed = static_cast<int>(rng.next() % 1000000);
  Rng own{static_cast<std::uint64_t>(seed), 0xCE115};
  const int n = own.integer(4, 7);
  const bool is_round = own.chance(0.3);
  Outline outline;
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < (n + 1) / 2; ++x) {
      if (!own.chance(0.5)) continue;
      for (const int column : {x, n - 1 - x}) {
        const cv::Point2d centre(column - (n - 1) / 2.0, y - (n - 1) / 2.0);
        outline.push_back(
            {is_round ? circle(centre, 0.44) : rounded_rectangle(centre, 0.51, 0.51, 0.02)});
      }
    }
  }
  if (outline.empty()) outline.push_back({circle({0, 0}, 1)});
  return {fmt::format("cells:{}", seed), outline};
}

}  // namespace

Drawing random_drawing(Rng& rng) {
  // The poor ones once, those with detail more often.
  static constexpr Drawing (*kMakers[])(Rng&) = {
      star,    nested_polygons, crown,   crown,      spiral,     rings,      bars,
      rosette, rosette,         rosette, silhouette, silhouette, silhouette, beast,
      beast,   beast,           cells,   cells,      cells};
  Drawing drawing = kMakers[rng.integer(0, static_cast<int>(std::size(kMakers)) - 1)](rng);
  normalise(drawing.outline);
  return drawing;
}

Contour panel(int kind, double aspect) {
  Contour contour;
  switch (((kind % kPanelKinds) + kPanelKinds) % kPanelKinds) {
    case 0:
      contour = circle({0, 0}, 1);
      break;
    case 1:
      contour = ellipse({0, 0}, 1, 1 / std::max(1.25, aspect), 0);
      break;
    case 2:
      contour = rounded_rectangle({0, 0}, 1, 1 / aspect, 0.25);
      break;
    case 3:
      contour = rounded_rectangle({0, 0}, 1, 1 / aspect, 0.03);
      break;
    case 4:  // shield
      for (int i = 0; i <= 20; ++i) {
        const double t = i / 20.0;
        contour.emplace_back(0.9 * std::cos(kPi / 2 * t), -0.1 + 1.1 * std::sin(kPi / 2 * t));
      }
      for (int i = 19; i >= 0; --i) {
        const double t = i / 20.0;
        contour.emplace_back(-0.9 * std::cos(kPi / 2 * t), -0.1 + 1.1 * std::sin(kPi / 2 * t));
      }
      contour.emplace_back(-0.9, -0.85);
      contour.emplace_back(0, -1);
      contour.emplace_back(0.9, -0.85);
      break;
    case 5:
      contour = polygon(6, 1, kPi / 6);
      break;
    default:
      contour = polygon(4, 1.1, 0);
      break;
  }
  return contour;
}

}  // namespace pressmark::render
