// SPDX-License-Identifier: Apache-2.0
#include "tools/render/printed.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/background.hpp"
#include "tools/render/noise.hpp"
#include "tools/render/wrap.hpp"

namespace pressmark::render {
namespace {

cv::Scalar scalar(const cv::Vec3f& c) {
  return {c[0], c[1], c[2]};
}

float brightness(const cv::Vec3f& c) {
  return 0.1F * c[0] + 0.6F * c[1] + 0.3F * c[2];
}

cv::Vec3f paper_colour(Rng& rng) {
  const double dice = rng.uniform();
  if (dice < 0.35) {
    const int v = rng.integer(215, 250);
    return linear_bgr(v, v, v - rng.integer(0, 15));
  }
  if (dice < 0.55) {  // carton, kraft paper
    const int v = rng.integer(150, 200);
    return linear_bgr(v, static_cast<int>(v * 0.78), static_cast<int>(v * 0.56));
  }
  if (dice < 0.65) {  // foil
    const int v = rng.integer(150, 200);
    return linear_bgr(v, v, v + 5);
  }
  return linear_bgr(rng.integer(10, 245), rng.integer(10, 235), rng.integer(10, 235));
}

// An ink that can be told from what is below.
cv::Vec3f ink_colour(const cv::Vec3f& below, Rng& rng) {
  for (;;) {
    cv::Vec3f ink = linear_bgr(rng.integer(0, 255), rng.integer(0, 255), rng.integer(0, 255));
    if (rng.chance(0.35))
      ink = rng.chance(0.6) ? linear_bgr(20, 20, 22) : linear_bgr(245, 245, 240);
    const float ratio = (brightness(ink) + 0.03F) / (brightness(below) + 0.03F);
    if (ratio > 2.2F || ratio < 0.45F) return ink;
  }
}

void lay_ink(cv::Mat& image, const cv::Mat& mask, const cv::Vec3f& from, const cv::Vec3f& to,
             double angle) {
  const auto gx = static_cast<float>(std::cos(angle) / image.cols);
  const auto gy = static_cast<float>(std::sin(angle) / image.rows);
  for (int y = 0; y < image.rows; ++y) {
    auto* p = image.ptr<cv::Vec3f>(y);
    const auto* m = mask.ptr<float>(y);
    for (int x = 0; x < image.cols; ++x) {
      if (m[x] <= 0) continue;
      const float t = std::clamp(0.5F + 1.4F * (gx * static_cast<float>(x - image.cols / 2) +
                                                gy * static_cast<float>(y - image.rows / 2)),
                                 0.0F, 1.0F);
      p[x] += ((from + (to - from) * t) - p[x]) * m[x];
    }
  }
}

// Stripes, dots or blocks over the whole package.
void lay_pattern(cv::Mat& image, const cv::Vec3f& colour, Rng& rng) {
  const int field = image.cols;
  const int kind = rng.integer(0, 3);
  const double pitch = field * rng.uniform(0.04, 0.16);
  const double angle = rng.integer(0, 3) * 0.7854;
  const double duty = rng.uniform(0.2, 0.5);
  cv::Mat mask = cv::Mat::zeros(image.size(), CV_32F);
  const double edge = field * rng.uniform(0.2, 0.35);
  for (int y = 0; y < field; ++y) {
    auto* m = mask.ptr<float>(y);
    for (int x = 0; x < field; ++x) {
      const double dx = x - field / 2.0;
      const double dy = y - field / 2.0;
      const double u = (std::cos(angle) * dx + std::sin(angle) * dy);
      const double v = (-std::sin(angle) * dx + std::cos(angle) * dy);
      double signed_px = 0;
      if (kind == 0) {  // stripes
        signed_px = (duty - std::abs(u / pitch - std::round(u / pitch)) * 2) * pitch / 2;
      } else if (kind == 1) {  // dots
        const double du = u - std::round(u / pitch) * pitch;
        const double dv = v - std::round(v / pitch) * pitch;
        signed_px = pitch * duty * 0.7 - std::hypot(du, dv);
      } else if (kind == 2) {  // one half
        signed_px = v - edge;
      } else {  // rays
        const double ray = std::atan2(dy, dx) / 6.2832 * 24;
        signed_px = (0.25 - std::abs(ray - std::round(ray))) * 40;
      }
      m[x] = static_cast<float>(std::clamp(signed_px + 0.5, 0.0, 1.0));
    }
  }
  lay_ink(image, mask, colour, colour, 0);
}

Form sheet_form(const cv::Rect2d& box, double radius, int field_px, Rng& rng) {
  Form form;
  const double most = 0.485 * field_px;
  const auto half = [&](double extent) {
    return std::clamp(extent / 2 * radius * rng.uniform(1.2, 2.2), 0.3 * field_px, most);
  };
  form.half_width = half(box.width);
  form.half_height = half(box.height);
  form.is_round = rng.chance(0.05);
  if (form.is_round) form.half_width = form.half_height = most;
  form.corner = field_px * rng.uniform(0.003, 0.04);
  form.edge = field_px * rng.uniform(0.002, 0.03);
  return form;
}

// Where ink is missing: rubbed off, in specks or along folds.
cv::Mat kept_ink(cv::Size size, double unit, Rng& rng) {
  cv::Mat kept = fractal_noise(size, unit * rng.uniform(20, 90), 2, 0.75, rng);
  const float low = rng.chance(0.25) ? rng.uniform_f(-2.0, -1.3) : rng.uniform_f(-3.2, -2.3);
  smooth_step(kept, low, low + 0.35F);
  return kept * rng.uniform(0.82, 1);
}

// Long straight folds of the sheet: a step in slope on both sides.
cv::Mat folds(cv::Size size, double unit, Rng& rng) {
  cv::Mat height = cv::Mat::zeros(size, CV_32F);
  const int count = rng.integer(0, 4);
  for (int i = 0; i < count; ++i) {
    const double angle = rng.integer(0, 1) * 1.5708 + 0.12 * rng.gaussian();
    const auto c = static_cast<float>(std::cos(angle));
    const auto s = static_cast<float>(std::sin(angle));
    const auto offset = static_cast<float>(rng.uniform(-0.4, 0.4) * size.width);
    const float slope = rng.uniform_f(-0.16, 0.16);
    const auto sharp = static_cast<float>(unit * rng.uniform(1, 3));
    for (int y = 0; y < size.height; ++y) {
      auto* h = height.ptr<float>(y);
      for (int x = 0; x < size.width; ++x) {
        const float d = c * static_cast<float>(x - size.width / 2) +
                        s * static_cast<float>(y - size.height / 2) - offset;
        h[x] += slope * std::sqrt(d * d + sharp * sharp);
      }
    }
  }
  return height;
}

cv::Mat mark_area(const cv::Mat& mask, double unit) {
  cv::Mat area = mask > 0.5;
  const int gap = static_cast<int>(12 * unit) * 2 + 1;
  cv::dilate(area, area, cv::Mat::ones(gap, gap, CV_8U));
  return area;
}

}  // namespace

Print make_print(const Design& design, int field_px, Rng& rng) {
  const double unit = field_px / kField_px;
  Print print;
  print.mark_radius = field_px * rng.uniform(0.24, 0.37);
  print.mm_per_px = rng.uniform(20, 150) / (2 * print.mark_radius);
  Outline all;
  for (const Part& part : design.parts) {
    all.insert(all.end(), part.outline.begin(), part.outline.end());
  }
  print.form = sheet_form(bounds_of(all), print.mark_radius, field_px, rng);
  const cv::Vec3f paper = paper_colour(rng);
  print.paper = cv::Mat(field_px, field_px, CV_32FC3, scalar(paper));
  if (rng.chance(0.3)) {
    const cv::Vec3f faint = paper + (ink_colour(paper, rng) - paper) * rng.uniform_f(0.1, 0.5);
    lay_pattern(print.paper, faint, rng);
  }
  print.ink = print.paper.clone();
  const bool has_halo = rng.chance(0.2);
  const cv::Mat whole = draw(design, field_px, print.mark_radius, {});
  const cv::Vec3f first = ink_colour(paper, rng);
  if (has_halo) {
    cv::Mat halo;
    const int width = 2 * static_cast<int>(unit * rng.uniform(4, 10)) + 1;
    cv::dilate(whole, halo, cv::getStructuringElement(cv::MORPH_ELLIPSE, {width, width}));
    const cv::Vec3f rim = ink_colour(first, rng);
    lay_ink(print.ink, halo, rim, rim, 0);
  }
  const bool is_gradient = rng.chance(0.3);
  const double angle = rng.uniform(0, 6.2832);
  lay_ink(print.ink, whole, first, is_gradient ? ink_colour(paper, rng) : first, angle);
  const double other_ink = rng.chance(0.5) ? 0.6 : 0.0;
  for (std::size_t i = 0; i < design.parts.size(); ++i) {
    const bool is_cut = design.parts[i].paint == Part::Paint::kCut;
    if (!rng.chance(is_cut ? 0.4 : (i == 0 ? 0 : other_ink))) continue;
    const cv::Vec3f ink = ink_colour(is_cut ? first : paper, rng);
    lay_ink(print.ink, draw_part(design, i, field_px, print.mark_radius), ink, ink, 0);
  }
  print.mark = mark_area(whole, unit);
  return print;
}

Print make_wrapping(int field_px, Rng& rng) {
  Print print;
  print.mark_radius = field_px * rng.uniform(0.24, 0.37);
  print.mm_per_px = rng.uniform(20, 150) / (2 * print.mark_radius);
  print.form = sheet_form({-1, -1, 2, 2}, print.mark_radius, field_px, rng);
  const cv::Vec3f paper = paper_colour(rng);
  print.paper = cv::Mat(field_px, field_px, CV_32FC3, scalar(paper));
  if (rng.chance(0.35)) lay_pattern(print.paper, ink_colour(paper, rng), rng);
  print.ink = print.paper;
  print.mark = cv::Mat::zeros(field_px, field_px, CV_8U);
  cv::circle(print.mark, {field_px / 2, field_px / 2}, static_cast<int>(print.mark_radius),
             cv::Scalar::all(255), cv::FILLED);
  return print;
}

Photo render_print(const Print& print, Physics physics, double size_px, Rng& rng, Truth& truth) {
  const int field = print.paper.cols;
  const double unit = field / kField_px;
  const cv::Size size = print.paper.size();
  Impression body = bare_body(print.form, field, physics, rng);
  body.height += folds(size, unit, rng);
  if (rng.chance(0.6)) body.height += wrinkles(size, unit, rng) * rng.uniform(0.15, 0.7);
  if (rng.chance(0.4)) {
    body.height += streak_noise(size, rng.uniform(0, 3.1416), unit * rng.uniform(40, 200),
                                rng.uniform(1.2, 3), rng) *
                   (unit * rng.uniform(0.02, 0.12));
  }
  body.albedo +=
      fractal_noise(size, unit * rng.uniform(30, 150), 2, 0.7, rng) * rng.uniform(0.005, 0.05);
  truth.lighting = make_lighting(physics, field, rng);
  Lighting& lighting = truth.lighting;
  lighting.casts_shadows = false;
  lighting.occlusion = 0;
  lighting.ambient = rng.uniform(0.25, 0.7);
  lighting.gloss = rng.chance(0.5) ? rng.uniform(0.02, 0.5) : 0;
  lighting.gloss_power = rng.uniform(20, 120);

  const cv::Mat kept = kept_ink(size, unit, rng);
  cv::Mat colour(size, CV_32FC3);
  for (int y = 0; y < field; ++y) {
    auto* p = colour.ptr<cv::Vec3f>(y);
    const auto* a = print.paper.ptr<cv::Vec3f>(y);
    const auto* b = print.ink.ptr<cv::Vec3f>(y);
    const auto* k = kept.ptr<float>(y);
    for (int x = 0; x < field; ++x) p[x] = a[x] + (b[x] - a[x]) * k[x];
  }
  Scene scene;
  // The gloss of a coating lies over the ink and does not take its colour.
  Lighting matt = lighting;
  matt.gloss = 0;
  scene.radiance = shade(body, matt, {1, 1, 1});
  cv::multiply(scene.radiance, colour, scene.radiance);
  if (lighting.gloss > 0) {
    const cv::Mat shine = reflections(body.height, lighting, lighting.gloss_power);
    for (int y = 0; y < field; ++y) {
      auto* p = scene.radiance.ptr<cv::Vec3f>(y);
      const auto* s = shine.ptr<float>(y);
      for (int x = 0; x < field; ++x)
        p[x] += cv::Vec3f::all(s[x] * static_cast<float>(lighting.gloss));
    }
  }
  if (physics == Physics::kHard && rng.chance(0.2)) {
    lay_wrap(scene.radiance, body, lighting, rng);
    truth.cover = "wrap";
  }
  if (physics == Physics::kHard && rng.chance(0.25)) {
    lay_tape(scene.radiance, rng);
    truth.cover += truth.cover.empty() ? "tape" : "+tape";
  }
  scene.cover = body.cover;
  scene.mark = print.mark;
  scene.mark_radius = print.mark_radius;
  scene.shadow_azimuth_rad = lighting.lights[0].azimuth_rad;
  if (truth.kind.empty()) truth.kind = "printed";
  truth.form = print.form.is_round ? "round" : "block";
  truth.mm_per_field_px = print.mm_per_px;
  truth.physics = physics;
  return take_photo(scene, physics, size_px, rng);
}

}  // namespace pressmark::render
