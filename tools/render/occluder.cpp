// SPDX-License-Identifier: Apache-2.0
#include "tools/render/occluder.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/background.hpp"
#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

// Drawn at half resolution: these things are out of focus anyway.
struct Canvas {
  cv::Mat colour;
  cv::Mat mask;
};

cv::Scalar scalar(const cv::Vec3f& c) {
  return {c[0], c[1], c[2]};
}

void polygon(cv::Mat& image, const std::vector<cv::Point2d>& points, const cv::Scalar& value) {
  std::vector<cv::Point> fixed;
  for (const cv::Point2d& p : points) {
    fixed.emplace_back(static_cast<int>(std::lround(p.x * 16)),
                       static_cast<int>(std::lround(p.y * 16)));
  }
  const bool is_mask = image.depth() == CV_8U;
  cv::fillConvexPoly(image, fixed, value, is_mask ? cv::LINE_AA : cv::LINE_8, 4);
}

struct Frame {  // a rectangle's own coordinates, -1..1 each
  cv::Point2d centre;
  double half_width;
  double half_height;
  double angle;
  cv::Point2d at(double u, double v) const {
    const double x = u * half_width;
    const double y = v * half_height;
    return {centre.x + std::cos(angle) * x - std::sin(angle) * y,
            centre.y + std::sin(angle) * x + std::cos(angle) * y};
  }
  std::vector<cv::Point2d> box(double u0, double v0, double u1, double v1) const {
    return {at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)};
  }
};

void draw_finger(Canvas& canvas, Rng& rng) {
  const cv::Size size = canvas.mask.size();
  const double side = std::min(size.width, size.height);
  const double angle = rng.uniform(0, 6.2832);
  const double reach = side * rng.uniform(0.36, 0.62);  // of the tip from the middle
  const double width = side * rng.uniform(0.07, 0.15);
  const double spread = rng.uniform(-0.5, 0.5);
  const cv::Point2d tip(size.width / 2.0 + reach * std::cos(angle),
                        size.height / 2.0 + reach * std::sin(angle));
  const cv::Point2d root =
      tip + side * cv::Point2d(std::cos(angle + spread), std::sin(angle + spread));
  cv::line(canvas.mask, tip, root, cv::Scalar::all(255), static_cast<int>(width), cv::LINE_AA);
  cv::Mat depth;
  cv::distanceTransform(canvas.mask > 127, depth, cv::DIST_L2, 3);
  const double tone = rng.uniform(0.25, 1);
  const bool is_gloved = rng.chance(0.4);
  cv::Vec3f skin = linear_bgr(static_cast<int>(90 + 145 * tone), static_cast<int>(60 + 120 * tone),
                              static_cast<int>(45 + 100 * tone));
  if (is_gloved) {
    skin = rng.chance(0.5) ? linear_bgr(70, 110, 190) : linear_bgr(215, 215, 220);
  }
  const float side_light = rng.uniform_f(-0.25, 0.25);
  const cv::Mat pores = fractal_noise(size, 12, 1, 0.7, rng);
  for (int y = 0; y < size.height; ++y) {
    auto* p = canvas.colour.ptr<cv::Vec3f>(y);
    const auto* d = depth.ptr<float>(y);
    const auto* n = pores.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) {
      if (d[x] <= 0) {
        p[x] = skin * 0.5F;
        continue;
      }
      const float t = std::min(1.0F, d[x] / static_cast<float>(width / 2));
      const float across =
          static_cast<float>(-std::sin(angle) * (x - tip.x) + std::cos(angle) * (y - tip.y)) /
          static_cast<float>(width / 2);
      const float light = 0.35F + 0.65F * std::sqrt(t * (2 - t)) + side_light * across;
      p[x] = skin * (std::max(0.1F, light) * (1 + 0.05F * n[x]));
    }
  }
}

void draw_label(Canvas& canvas, Rng& rng) {
  const cv::Size size = canvas.mask.size();
  const int side_x = rng.chance(0.5) ? 1 : -1;
  const int side_y = rng.chance(0.5) ? 1 : -1;
  const double side = std::min(size.width, size.height);
  const Frame frame{{size.width * (0.5 + side_x * rng.uniform(0.25, 0.48)),
                     size.height * (0.5 + side_y * rng.uniform(0.25, 0.48))},
                    side * rng.uniform(0.1, 0.24),
                    side * rng.uniform(0.05, 0.13),
                    rng.uniform(-0.6, 0.6) + (rng.chance(0.2) ? 1.57 : 0)};
  const int v = rng.integer(200, 250);
  const cv::Vec3f paper = rng.chance(0.7) ? linear_bgr(v, v, v - 8) : linear_bgr(v, v - 20, 90);
  canvas.colour.setTo(scalar(paper));
  polygon(canvas.mask, frame.box(-1, -1, 1, 1), cv::Scalar::all(255));
  const cv::Scalar ink = scalar(rng.chance(0.7) ? linear_bgr(25, 25, 30) : linear_bgr(30, 40, 130));
  if (rng.chance(0.4)) {  // bar code
    for (double u = -0.85; u < 0.8;) {
      const double w = rng.uniform(0.01, 0.06);
      polygon(canvas.colour, frame.box(u, -0.7, u + w, 0.5), ink);
      u += w + rng.uniform(0.02, 0.07);
    }
    return;
  }
  const int lines = rng.integer(2, 5);
  for (int i = 0; i < lines; ++i) {
    const double v0 = -0.8 + 1.6 * i / lines;
    for (double u = -0.85; u < 0.5 + 0.3 * rng.uniform();) {
      const double w = rng.uniform(0.03, 0.2);
      polygon(canvas.colour, frame.box(u, v0, std::min(0.9, u + w), v0 + 0.7 / lines), ink);
      u += w + rng.uniform(0.03, 0.08);
    }
  }
}

void draw_ruler(Canvas& canvas, Rng& rng) {
  const cv::Size size = canvas.mask.size();
  const double side = std::min(size.width, size.height);
  const double angle = rng.uniform(0, 6.2832);
  const double away = side * rng.uniform(0.4, 0.52);
  const Frame frame{
      {size.width / 2.0 + away * std::cos(angle), size.height / 2.0 + away * std::sin(angle)},
      side * rng.uniform(0.6, 1.2),
      side * rng.uniform(0.035, 0.08),
      angle + 1.5708 + rng.uniform(-0.2, 0.2)};
  const bool is_dark = rng.chance(0.2);
  const cv::Vec3f body = is_dark           ? linear_bgr(30, 30, 30)
                         : rng.chance(0.7) ? linear_bgr(238, 238, 232)
                                           : linear_bgr(225, 200, 60);
  const cv::Scalar ink = scalar(is_dark ? linear_bgr(230, 230, 230) : linear_bgr(20, 20, 20));
  canvas.colour.setTo(scalar(body));
  polygon(canvas.mask, frame.box(-1, -1, 1, 1), cv::Scalar::all(255));
  const double pitch = rng.uniform(1.8, 4) / frame.half_width;
  int tick = 0;
  for (double u = -1; u < 1; u += pitch, ++tick) {
    const double length = tick % 10 == 0 ? 0.9 : (tick % 5 == 0 ? 0.7 : 0.45);
    polygon(canvas.colour, frame.box(u, -1, u + pitch * 0.35, -1 + length), ink);
  }
}

void draw_strip(Canvas& canvas, Rng& rng) {
  const cv::Size size = canvas.mask.size();
  const double side = std::min(size.width, size.height);
  const double angle = rng.uniform(0, 6.2832);
  const double away = side * rng.uniform(0.3, 0.5);
  const Frame frame{
      {size.width / 2.0 + away * std::cos(angle), size.height / 2.0 + away * std::sin(angle)},
      side * rng.uniform(0.3, 1.4),
      side * rng.uniform(0.03, 0.075),
      angle + 1.5708 + rng.uniform(-0.5, 0.5)};
  const cv::Vec3f body = rng.chance(0.5)   ? linear_bgr(190, 150, 95)
                         : rng.chance(0.5) ? linear_bgr(170, 172, 175)
                                           : linear_bgr(rng.integer(20, 230), rng.integer(20, 200),
                                                        rng.integer(20, 200));
  const cv::Mat texture = streak_noise(size, frame.angle, 60, 2, rng);
  for (int y = 0; y < size.height; ++y) {
    auto* p = canvas.colour.ptr<cv::Vec3f>(y);
    const auto* t = texture.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) p[x] = body * std::max(0.2F, 1 + 0.08F * t[x]);
  }
  polygon(canvas.mask, frame.box(-1, -1, 1, 1),
          cv::Scalar::all(rng.chance(0.6) ? 255 : rng.integer(120, 220)));
}

}  // namespace

Occluder make_occluder(cv::Size size, Rng& rng) {
  const cv::Size half(size.width / 2, size.height / 2);
  Canvas canvas{cv::Mat::zeros(half, CV_32FC3), cv::Mat::zeros(half, CV_8U)};
  const double dice = rng.uniform();
  if (dice < 0.3) {
    draw_finger(canvas, rng);
  } else if (dice < 0.55) {
    draw_label(canvas, rng);
  } else if (dice < 0.8) {
    draw_ruler(canvas, rng);
  } else {
    draw_strip(canvas, rng);
  }
  const float light = rng.uniform_f(0.5, 1);
  Occluder occluder;
  cv::resize(canvas.colour * light, occluder.colour, size, 0, 0, cv::INTER_LINEAR);
  canvas.mask.convertTo(canvas.mask, CV_32F, 1.0 / 255);
  cv::resize(canvas.mask, occluder.cover, size, 0, 0, cv::INTER_LINEAR);
  return occluder;
}

}  // namespace pressmark::render
