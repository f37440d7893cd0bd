// SPDX-License-Identifier: Apache-2.0
#include "tools/render/impression.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

// The powder gives way unevenly: a smooth displacement of one or two pixels.
cv::Mat displaced(const cv::Mat& height, double unit, Rng& rng) {
  constexpr int kGrid = 7;
  cv::Mat dx = white_noise({kGrid, kGrid}, rng);
  cv::Mat dy = white_noise({kGrid, kGrid}, rng);
  cv::resize(dx, dx, height.size(), 0, 0, cv::INTER_CUBIC);
  cv::resize(dy, dy, height.size(), 0, 0, cv::INTER_CUBIC);
  const float strength = static_cast<float>(unit) * rng.uniform_f(0.2, 0.9);
  for (int y = 0; y < height.rows; ++y) {
    auto* mx = dx.ptr<float>(y);
    auto* my = dy.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) {
      mx[x] = static_cast<float>(x) + strength * mx[x];
      my[x] = static_cast<float>(y) + strength * my[x];
    }
  }
  cv::Mat out;
  cv::remap(height, out, dx, dy, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

// Wear, and regions that the press did not reach.
void wear(cv::Mat& height, double unit, Rng& rng) {
  const double sigma = unit * (rng.chance(0.1) ? rng.uniform(1.0, 3.0) : rng.uniform(0.3, 0.8));
  soften(height, sigma);
  const double gain = rng.chance(0.15) ? rng.uniform(0.5, 0.8) : rng.uniform(0.8, 1.0);
  if (!rng.chance(0.3)) {
    height *= gain;
    return;
  }
  cv::Mat reach = blob_noise(height.size(), unit * rng.uniform(140, 420), rng);
  const float low = rng.uniform_f(-2.4, -1.3);
  const float least = rng.uniform_f(0.05, 0.5);
  const float high = low + rng.uniform_f(0.5, 1.4);
  for (int y = 0; y < height.rows; ++y) {
    auto* h = height.ptr<float>(y);
    const auto* r = reach.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) {
      h[x] *= static_cast<float>(gain) * (least + (1 - least) * smooth_step(r[x], low, high));
    }
  }
}

// Crumbs break away where the relief is steep.
void crumble(cv::Mat& height, double unit, Rng& rng) {
  const cv::Mat grain = fractal_noise(height.size(), 16 * unit, 2, 0.7, rng);
  const float threshold = rng.uniform_f(1.1, 2.0);
  const float depth = static_cast<float>(unit) * rng.uniform_f(1, 3);
  cv::Mat smooth;
  cv::blur(height, smooth, {7, 7});
  for (int y = 1; y + 1 < height.rows; ++y) {
    auto* h = height.ptr<float>(y);
    const auto* g = grain.ptr<float>(y);
    const auto* s = smooth.ptr<float>(y);
    const auto* above = smooth.ptr<float>(y - 1);
    const auto* below = smooth.ptr<float>(y + 1);
    for (int x = 1; x + 1 < height.cols; ++x) {
      if (g[x] < threshold) continue;
      const float slope = std::abs(s[x + 1] - s[x - 1]) + std::abs(below[x] - above[x]);
      h[x] -=
          depth * smooth_step(slope, 0.15F, 0.7F) * smooth_step(g[x], threshold, threshold + 0.5F);
    }
  }
}

void crack(cv::Mat& height, cv::Mat& albedo, double unit, Rng& rng) {
  cv::Mat lines = cv::Mat::zeros(height.size(), CV_8U);
  const int count = rng.integer(1, 4);
  for (int i = 0; i < count; ++i) {
    const auto curve = random_curve(height.size(), unit * rng.uniform(60, 420), 0.35, rng);
    cv::polylines(lines, curve, false, cv::Scalar::all(rng.integer(110, 255)),
                  rng.chance(0.4) ? 2 : 1, cv::LINE_AA);
  }
  cv::Mat groove;
  lines.convertTo(groove, CV_32F, 1.0 / 255);
  cv::GaussianBlur(groove, groove, {0, 0}, 0.7);
  height -= groove * (unit * rng.uniform(3, 8));
  albedo -= groove * rng.uniform(0.15, 0.5);
}

void add_powder(cv::Mat& height, Physics physics, double unit, Rng& rng) {
  const auto coarse =
      static_cast<float>(unit * (rng.chance(0.1) ? rng.uniform(0.2, 0.7) : rng.uniform(0.03, 0.2)));
  const float fine = rng.chance(0.1) ? rng.uniform_f(0.06, 0.2) : rng.uniform_f(0.01, 0.06);
  const double wavelength = unit * rng.uniform(8, 40);
  const cv::Mat texture = fractal_noise(height.size(), wavelength, 2, rng.uniform(0.45, 0.75), rng);
  cv::Mat grain = white_noise(height.size(), rng);
  const bool is_fine = rng.chance(0.5);
  if (!is_fine) cv::blur(grain, grain, {2, 2});
  for (int y = 0; y < height.rows; ++y) {
    auto* h = height.ptr<float>(y);
    const auto* t = texture.ptr<float>(y);
    const auto* g = grain.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) h[x] += coarse * t[x] + fine * g[x];
  }
  if (physics == Physics::kHard && rng.chance(0.3)) {
    height += streak_noise(height.size(), rng.uniform(0, 3.1416), unit * rng.uniform(25, 160),
                           rng.uniform(1.3, 4), rng) *
              (unit * rng.uniform(0.03, 0.15));
  }
}

// Dust and residue of the die stay in hollows, what stands out is rubbed bright: the one trace of
// the relief that does not depend on the light.
void darken_hollows(const cv::Mat& height, cv::Mat& albedo, double unit, Rng& rng) {
  constexpr double kContrast = 0.2;  // per pixel of height, on average; calibrated (rendering.md)
  const auto strength = static_cast<float>(kContrast * rng.uniform(0.4, 1.6) / unit);
  cv::Mat mean = height.clone();
  soften(mean, 4 * unit);
  for (int y = 0; y < height.rows; ++y) {
    const auto* h = height.ptr<float>(y);
    const auto* m = mean.ptr<float>(y);
    auto* a = albedo.ptr<float>(y);
    for (int x = 0; x < height.cols; ++x) {
      a[x] *= 1 + std::clamp(strength * (h[x] - m[x]), -0.45F, 0.25F);
    }
  }
}

// The body's outline with its broken edge, the rounded edge and, in hard physics, its bulge.
void shape(Impression& impression, const Form& form, Physics physics, double most_rough,
           double unit, Rng& rng) {
  const int field = impression.height.cols;
  cv::Mat distance = form_distance(form, field);
  const cv::Mat rough = fractal_noise(distance.size(), 60 * unit, 3, 0.6, rng);
  const auto roughness = static_cast<float>(unit * rng.uniform(0.1, 1) * most_rough);
  const auto edge = static_cast<float>(form.edge);
  float bulge_x = 0;
  float bulge_y = 0;
  if (physics == Physics::kHard) {
    const double share = rng.uniform();
    const auto bulge = static_cast<float>(unit * 55 * share * share);
    const double kind = rng.uniform();
    bulge_x = kind < 0.7 ? bulge : 0;
    bulge_y = kind > 0.35 ? bulge * rng.uniform_f(0.4, 1) : 0;
    if (rng.chance(0.15)) bulge_x = -bulge_x * 0.4F;
  }
  impression.cover.create(distance.size(), CV_32F);
  const float middle = static_cast<float>(field - 1) / 2;
  const auto wx = static_cast<float>(1 / form.half_width);
  const auto wy = static_cast<float>(1 / form.half_height);
  for (int y = 0; y < field; ++y) {
    auto* d = distance.ptr<float>(y);
    const auto* r = rough.ptr<float>(y);
    auto* h = impression.height.ptr<float>(y);
    auto* c = impression.cover.ptr<float>(y);
    for (int x = 0; x < field; ++x) {
      const float inside = d[x] - roughness * (1 + r[x]);
      c[x] = std::clamp(inside + 0.5F, 0.0F, 1.0F);
      const float t = std::clamp(1 - inside / edge, 0.0F, 1.0F);
      const float u = (static_cast<float>(x) - middle) * wx;
      const float v = (static_cast<float>(y) - middle) * wy;
      h[x] += bulge_x * (1 - u * u) + bulge_y * (1 - v * v) -
              edge * 0.8F * (1 - std::sqrt(1 - 0.98F * t * t));
    }
  }
}

cv::Mat stains(cv::Size size, double unit, Rng& rng) {
  cv::Mat albedo =
      fractal_noise(size, unit * rng.uniform(60, 250), 4, 0.6, rng) * rng.uniform(0.01, 0.08);
  albedo += 1;
  if (rng.chance(0.35)) {  // dark or light grains in the powder
    const cv::Mat grains = blob_noise(size, rng.uniform(1.5, 4), rng);
    const float threshold = rng.uniform_f(2.2, 3.0);
    const float strength = rng.uniform_f(-0.5, 0.15);
    for (int y = 0; y < size.height; ++y) {
      auto* a = albedo.ptr<float>(y);
      const auto* g = grains.ptr<float>(y);
      for (int x = 0; x < size.width; ++x) {
        if (g[x] > threshold) a[x] += strength;
      }
    }
  }
  return albedo;
}

}  // namespace

Impression bare_body(const Form& form, int field_px, Physics physics, Rng& rng) {
  Impression impression;
  impression.height = cv::Mat::zeros(field_px, field_px, CV_32F);
  impression.albedo = cv::Mat::ones(field_px, field_px, CV_32F);
  shape(impression, form, physics, 0.8, field_px / kField_px, rng);
  return impression;
}

Impression press(const Mould& mould, Physics physics, Rng& rng) {
  const double unit = mould.height.cols / kField_px;
  Impression impression;
  impression.height = displaced(mould.height, unit, rng);
  impression.albedo = stains(mould.height.size(), unit, rng);
  wear(impression.height, unit, rng);
  if (rng.chance(0.4)) crumble(impression.height, unit, rng);
  darken_hollows(impression.height, impression.albedo, unit, rng);
  add_powder(impression.height, physics, unit, rng);
  if (rng.chance(0.2)) crack(impression.height, impression.albedo, unit, rng);
  shape(impression, mould.style.form, physics, 4.5, unit, rng);
  return impression;
}

}  // namespace pressmark::render
