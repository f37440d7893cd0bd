// SPDX-License-Identifier: Apache-2.0
#include "tools/render/mould.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

cv::Rect2d bounds_of_design(const Design& design) {
  Outline all;
  for (const Part& part : design.parts) {
    all.insert(all.end(), part.outline.begin(), part.outline.end());
  }
  return bounds_of(all);
}

// Distance to the mark's edge, positive inside, smoothed because the mask is made of pixels.
cv::Mat signed_distance(const cv::Mat& mask) {
  cv::Mat inside = mask > 0.5;
  cv::Mat outside = ~inside;
  cv::Mat in;
  cv::Mat out;
  cv::distanceTransform(inside, in, cv::DIST_L2, cv::DIST_MASK_5);
  cv::distanceTransform(outside, out, cv::DIST_L2, cv::DIST_MASK_5);
  cv::Mat distance = in - out;
  cv::GaussianBlur(distance, distance, {0, 0}, 1.1);
  return distance;
}

// Bites out of edges and fills of corners, as a cutter slips or a die breaks out.
void chip_edges(cv::Mat& mask, double unit, Rng& rng) {
  cv::Mat edge;
  cv::morphologyEx(mask, edge, cv::MORPH_GRADIENT, cv::Mat::ones(3, 3, CV_8U));
  std::vector<cv::Point> points;
  cv::findNonZero(edge > 0.5, points);
  if (points.empty()) return;
  const int count = rng.integer(8, 30);
  for (int i = 0; i < count; ++i) {
    const cv::Point centre = points[static_cast<std::size_t>(rng.next() % points.size())];
    const double size = unit * (rng.chance(0.2) ? rng.uniform(6, 13) : rng.uniform(2.5, 6));
    std::vector<cv::Point> blob;
    const double start = rng.uniform(0, 6.28);
    const double stretch = rng.uniform(0.5, 1.0);
    const double turn = rng.uniform(0, 3.14);
    for (int k = 0; k < 9; ++k) {
      const double angle = start + 6.2832 * k / 9;
      const double r = size * rng.uniform(0.6, 1.1);
      const double x = r * std::cos(angle);
      const double y = r * std::sin(angle) * stretch;
      blob.emplace_back(
          static_cast<int>(std::lround(16 * (centre.x + x * std::cos(turn) - y * std::sin(turn)))),
          static_cast<int>(std::lround(16 * (centre.y + x * std::sin(turn) + y * std::cos(turn)))));
    }
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{blob},
                 cv::Scalar::all(rng.chance(0.7) ? 0.0 : 1.0), cv::LINE_8, 4);
  }
}

float profile_of(MouldStyle::Profile profile, float distance, float bevel) {
  const float t = std::clamp(distance / bevel, 0.0F, 1.0F);
  switch (profile) {
    case MouldStyle::Profile::kFlat:
      return t * t * (3 - 2 * t);
    case MouldStyle::Profile::kRounded:
      return std::sqrt(t * (2 - t));
    case MouldStyle::Profile::kChisel:
      return t;
    case MouldStyle::Profile::kStepped: {
      const float low = std::clamp(distance / (bevel * 0.4F), 0.0F, 1.0F);
      const float high = std::clamp((distance - bevel) / (bevel * 0.6F), 0.0F, 1.0F);
      return 0.55F * low + 0.45F * high * high * (3 - 2 * high);
    }
    case MouldStyle::Profile::kGroove: {
      const float s = distance / (0.45F * bevel);
      return std::exp(-s * s);
    }
  }
  return t;
}

void add_border(cv::Mat& height, const MouldStyle& style, double unit, Rng& rng) {
  if (style.border == MouldStyle::Border::kNone) return;
  const int field = height.cols;
  const auto depth = static_cast<float>(style.depth * rng.uniform(0.6, 1.0));
  if (style.border == MouldStyle::Border::kScore) {  // a grid of break lines beside the mark
    cv::Mat lines = cv::Mat::zeros(field, field, CV_8U);
    const double middle = field / 2.0;
    for (const int side : {-1, 1}) {
      const int y = static_cast<int>(middle + side * style.form.half_height * 0.86);
      cv::line(lines, {0, y}, {field, y + rng.integer(-3, 3)}, cv::Scalar::all(255),
               std::max(1, static_cast<int>(unit * 3)), cv::LINE_AA);
    }
    cv::Mat groove;
    lines.convertTo(groove, CV_32F, -depth / 255.0);
    cv::GaussianBlur(groove, groove, {0, 0}, 1.8 * unit);
    height += groove;
    return;
  }
  const cv::Mat distance = form_distance(style.form, field);
  const auto inset = static_cast<float>(style.form.edge + 8 * unit);
  const auto width = static_cast<float>(std::max(3.0, style.bevel));
  for (int y = 0; y < field; ++y) {
    const auto* d = distance.ptr<float>(y);
    auto* h = height.ptr<float>(y);
    for (int x = 0; x < field; ++x) {
      if (style.border == MouldStyle::Border::kPanel) {
        h[x] -= depth * smooth_step(d[x], inset, inset + width);
      } else {
        const float s = (d[x] - inset - width) / (0.7F * width);
        if (s > -3 && s < 3) h[x] += (style.is_sunken ? -depth : depth) * std::exp(-s * s);
      }
    }
  }
}

void add_scratches(cv::Mat& height, double unit, Rng& rng) {
  cv::Mat up = cv::Mat::zeros(height.size(), CV_8U);
  cv::Mat down = up.clone();
  const int count = rng.integer(12, 40);
  for (int i = 0; i < count; ++i) {
    const bool is_up = rng.chance(0.5);  // a scratch of the tool stands up in its imprint
    const double length = unit * (rng.chance(0.3) ? rng.uniform(150, 500) : rng.uniform(25, 150));
    const auto curve = random_curve(height.size(), length, rng.uniform(0, 0.06), rng);
    cv::polylines(is_up ? up : down, curve, false, cv::Scalar::all(rng.integer(50, 255)),
                  rng.chance(0.25) ? 2 : 1, cv::LINE_AA);
  }
  cv::Mat both;
  cv::subtract(up, down, both, cv::noArray(), CV_32F);
  cv::GaussianBlur(both, both, {0, 0}, 0.9);
  height += both * (unit * rng.uniform(3.0, 6.0) / 255);
}

void add_pits(cv::Mat& height, double unit, Rng& rng) {
  const int count = rng.integer(120, 420);
  for (int i = 0; i < count; ++i) {
    const double radius = unit * (rng.chance(0.05) ? rng.uniform(8, 22) : rng.uniform(1.5, 4.5));
    const double amplitude =
        (rng.chance(0.55) ? -1 : 1) * unit * rng.uniform(0.6, 1.8) * std::sqrt(radius / unit);
    const double cx = rng.uniform(0, height.cols);
    const double cy = rng.uniform(0, height.rows);
    const double squeeze = rng.uniform(0.6, 1.6);
    const int reach = static_cast<int>(3 * radius) + 1;
    for (int y = std::max(0, static_cast<int>(cy) - reach);
         y < std::min(height.rows, static_cast<int>(cy) + reach); ++y) {
      auto* h = height.ptr<float>(y);
      for (int x = std::max(0, static_cast<int>(cx) - reach);
           x < std::min(height.cols, static_cast<int>(cx) + reach); ++x) {
        const double dx = (x - cx) * squeeze / radius;
        const double dy = (y - cy) / squeeze / radius;
        const double q = dx * dx + dy * dy;
        if (q < 9) h[x] += static_cast<float>(amplitude * std::exp(-q));
      }
    }
  }
}

// The tracks of a milling cutter or a file: parallel, arcs or circles.
void add_machining(cv::Mat& height, double unit, Rng& rng) {
  const bool is_straight = rng.chance(0.5);
  const double radius = is_straight ? 1e4 : rng.uniform(0, 900);
  const double angle = rng.uniform(0, 6.2832);
  const double cx = height.cols * rng.uniform(0.3, 0.7) + radius * std::cos(angle);
  const double cy = height.rows * rng.uniform(0.3, 0.7) + radius * std::sin(angle);
  const double pitch = unit * rng.uniform(4, 11);
  const auto amplitude = static_cast<float>(unit * rng.uniform(0.1, 0.45));
  cv::Mat strength = blob_noise(height.size(), 130 * unit, rng);
  for (int y = 0; y < height.rows; ++y) {
    auto* h = height.ptr<float>(y);
    const auto* s = strength.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) {
      const auto dx = static_cast<float>(x - cx);
      const auto dy = static_cast<float>(y - cy);
      const float phase = std::sqrt(dx * dx + dy * dy) / static_cast<float>(pitch);
      const float saw = std::abs(phase - std::floor(phase) - 0.5F) * 4 - 1;
      h[x] += amplitude * saw * smooth_step(s[x], -0.8F, 1.2F);
    }
  }
}

// What etching, spark erosion or stippling leaves on the die's face: grain of one size or of many.
void add_face_texture(cv::Mat& height, double unit, Rng& rng) {
  const double size = unit * rng.uniform(5, 12);
  const auto amplitude = static_cast<float>(size * rng.uniform(0.05, 0.12));
  if (rng.chance(0.6)) {
    height +=
        fractal_noise(height.size(), 2 * size, std::max(2.0, size / 2), 0.75, rng) * amplitude;
    return;
  }
  const cv::Mat dots = blob_noise(height.size(), size, rng);
  const float threshold = rng.uniform_f(0.2, 0.8);
  const float sign = rng.chance(0.5) ? 1.0F : -1.0F;
  for (int y = 0; y < height.rows; ++y) {
    auto* h = height.ptr<float>(y);
    const auto* d = dots.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) {
      h[x] += sign * 2 * amplitude * smooth_step(d[x], threshold, threshold + 0.9F);
    }
  }
}

void add_defects(cv::Mat& height, double unit, Rng& rng) {
  add_face_texture(height, unit, rng);
  add_scratches(height, unit, rng);
  add_pits(height, unit, rng);
  if (rng.chance(0.5)) add_machining(height, unit, rng);
  height += blob_noise(height.size(), 170 * unit, rng) * (unit * rng.uniform(0.3, 1.5));
}

}  // namespace

cv::Mat form_distance(const Form& form, int field_px) {
  cv::Mat distance(field_px, field_px, CV_32F);
  const double middle = (field_px - 1) / 2.0;
  for (int y = 0; y < field_px; ++y) {
    auto* row = distance.ptr<float>(y);
    for (int x = 0; x < field_px; ++x) {
      const auto px = static_cast<float>(std::abs(x - middle));
      const auto py = static_cast<float>(std::abs(y - middle));
      if (form.is_round) {
        row[x] = static_cast<float>(form.half_width) - std::sqrt(px * px + py * py);
        continue;
      }
      const float qx = px - static_cast<float>(form.half_width - form.corner);
      const float qy = py - static_cast<float>(form.half_height - form.corner);
      const float ox = std::max(qx, 0.0F);
      const float oy = std::max(qy, 0.0F);
      row[x] = static_cast<float>(form.corner) - std::sqrt(ox * ox + oy * oy) -
               std::min(std::max(qx, qy), 0.0F);
    }
  }
  return distance;
}

MouldStyle make_style(const Design& design, int field_px, Rng& rng) {
  using Profile = MouldStyle::Profile;
  using Border = MouldStyle::Border;
  const double unit = field_px / kField_px;
  MouldStyle style;
  style.is_sunken = rng.chance(0.5);
  const double dice = rng.uniform();
  style.profile = dice < 0.38   ? Profile::kFlat
                  : dice < 0.66 ? Profile::kRounded
                  : dice < 0.8  ? Profile::kChisel
                  : dice < 0.9  ? Profile::kGroove
                                : Profile::kStepped;
  const bool is_soft = rng.chance(0.2);
  style.bevel = unit * (is_soft ? rng.uniform(7, style.profile == Profile::kChisel ? 18 : 14)
                                : rng.uniform(2.5, 7));
  style.depth = std::clamp(style.bevel * rng.uniform(0.8, 1.8), 5 * unit, 12 * unit);
  const double border = rng.uniform();
  style.border = border < 0.62   ? Border::kNone
                 : border < 0.76 ? Border::kLine
                 : border < 0.9  ? Border::kPanel
                                 : Border::kScore;
  Form& form = style.form;
  form.is_round = rng.chance(0.2);
  style.mark_radius =
      field_px * (form.is_round ? rng.uniform(0.24, 0.31) : rng.uniform(0.26, 0.37));
  const cv::Rect2d box = bounds_of_design(design);
  const double least = 0.33 * field_px;
  const double most = 0.47 * field_px;
  const double margin = rng.uniform(1.15, 1.6);
  form.half_width = std::clamp(box.width / 2 * style.mark_radius * margin, least, most);
  form.half_height = std::clamp(
      box.height / 2 * style.mark_radius * rng.uniform(1.15, 1.6) * (box.height < 0.8 ? 1.5 : 1.0),
      0.6 * least, most);
  if (form.is_round) form.half_width = form.half_height = field_px * rng.uniform(0.42, 0.48);
  form.corner = unit * (rng.chance(0.3) ? rng.uniform(40, 110) : rng.uniform(4, 30));
  form.edge = unit * rng.uniform(6, 34);
  style.mm_per_px = rng.uniform(18, 90) / (2 * style.mark_radius);
  return style;
}

Mould make_mould(const Design& design, const MouldStyle& style, int field_px, Rng& rng) {
  const double unit = field_px / kField_px;
  std::vector<cv::Point2d> shifts;
  for (std::size_t i = 0; i < design.parts.size(); ++i) {
    const double spread = design.parts.size() > 1 ? 0.012 : 0;
    shifts.emplace_back(spread * rng.gaussian(), spread * rng.gaussian());
  }
  cv::Mat mask = draw(design, field_px, style.mark_radius, shifts);
  Mould mould;
  mould.style = style;
  const int gap = static_cast<int>(12 * unit) * 2 + 1;
  cv::Mat(mask > 0.5).copyTo(mould.mark);
  cv::morphologyEx(mould.mark, mould.mark, cv::MORPH_DILATE, cv::Mat::ones(gap, gap, CV_8U));

  chip_edges(mask, unit, rng);
  const cv::Mat distance = signed_distance(mask);
  const auto bevel = static_cast<float>(style.bevel * rng.uniform(0.82, 1.18));
  const auto depth =
      static_cast<float>((style.is_sunken ? -1 : 1) * style.depth * rng.uniform(0.85, 1.15));
  // Burrs: here and there metal stands up along an edge.
  const cv::Mat burr = blob_noise(distance.size(), 45 * unit, rng);
  const auto burr_height = static_cast<float>(unit * rng.uniform(0.5, 1.6));
  mould.height.create(distance.size(), CV_32F);
  for (int y = 0; y < field_px; ++y) {
    const auto* d = distance.ptr<float>(y);
    const auto* b = burr.ptr<float>(y);
    auto* h = mould.height.ptr<float>(y);
    for (int x = 0; x < field_px; ++x) {
      h[x] = depth * profile_of(style.profile, d[x], bevel);
      const float s = (d[x] + 1.5F) / 1.6F;
      if (s > -3 && s < 3) {
        h[x] += burr_height * std::exp(-s * s) * smooth_step(b[x], 0.9F, 1.6F);
      }
    }
  }
  add_border(mould.height, style, unit, rng);
  add_defects(mould.height, unit, rng);
  return mould;
}

Mould make_blank(const MouldStyle& style, int field_px, Rng& rng) {
  const double unit = field_px / kField_px;
  Mould mould;
  mould.style = style;
  mould.height = cv::Mat::zeros(field_px, field_px, CV_32F);
  mould.mark = cv::Mat::zeros(field_px, field_px, CV_8U);
  cv::circle(mould.mark, {field_px / 2, field_px / 2}, static_cast<int>(style.mark_radius),
             cv::Scalar::all(255), cv::FILLED);
  if (rng.chance(0.3)) add_border(mould.height, style, unit, rng);
  add_defects(mould.height, unit, rng);
  return mould;
}

}  // namespace pressmark::render
