// SPDX-License-Identifier: Apache-2.0
#include "tools/render/lighting.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Where a light stands; for a far one, a point so far away that its rays are parallel.
struct Source {
  float x;
  float y;
  float z;
  float strength;  // such that a flat place at the centre gets Light::strength
  bool is_near;
};

Source source_of(const Light& light, int field_px) {
  const double distance = light.distance > 0 ? light.distance : 1e5;
  const double middle = (field_px - 1) / 2.0;
  return {static_cast<float>(middle + distance * std::cos(light.azimuth_rad) *
                                          std::cos(light.elevation_rad)),
          static_cast<float>(middle + distance * std::sin(light.azimuth_rad) *
                                          std::cos(light.elevation_rad)),
          static_cast<float>(distance * std::sin(light.elevation_rad)),
          static_cast<float>(light.strength * distance * distance / std::sin(light.elevation_rad)),
          light.distance > 0};
}

// How deep each place lies in the light's shadow: the height, above the place, of the ray that just
// passes all obstacles towards the light. With d the step towards the light and s its rise per
// step,
//   S1(p) = h(p + d) - s,   S2n(p) = max(Sn(p), Sn(p + n d) - n s)
// covers the obstacles within 2n steps; computed at half resolution.
cv::Mat shadow_depth(const cv::Mat& height, const Source& source) {
  constexpr int kDoublings = 5;
  cv::Mat half;
  cv::resize(height, half, {}, 0.5, 0.5, cv::INTER_AREA);
  half *= 0.5;
  const cv::Size size = half.size();
  cv::Mat dx(size, CV_32F);
  cv::Mat dy(size, CV_32F);
  cv::Mat rise(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const float lx = source.x / 2 - static_cast<float>(x);
      const float ly = source.y / 2 - static_cast<float>(y);
      const float flat = std::sqrt(lx * lx + ly * ly) + 1e-3F;
      dx.at<float>(y, x) = lx / flat;
      dy.at<float>(y, x) = ly / flat;
      rise.at<float>(y, x) = source.z / 2 / flat;
    }
  }
  cv::Mat shadow;
  cv::Mat map_x(size, CV_32F);
  cv::Mat map_y(size, CV_32F);
  cv::Mat moved;
  for (int k = 0; k <= kDoublings; ++k) {
    const auto step = static_cast<float>(k == 0 ? 1 : 1 << (k - 1));
    for (int y = 0; y < size.height; ++y) {
      const auto* px = dx.ptr<float>(y);
      const auto* py = dy.ptr<float>(y);
      auto* mx = map_x.ptr<float>(y);
      auto* my = map_y.ptr<float>(y);
      for (int x = 0; x < size.width; ++x) {
        mx[x] = static_cast<float>(x) + step * px[x];
        my[x] = static_cast<float>(y) + step * py[x];
      }
    }
    cv::remap(k == 0 ? half : shadow, moved, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_CONSTANT,
              cv::Scalar::all(-1e4));
    moved -= rise * step;
    if (k == 0) {
      shadow = moved.clone();
    } else {
      cv::max(shadow, moved, shadow);
    }
  }
  shadow -= half;
  shadow *= 2;
  cv::Mat full;
  cv::resize(shadow, full, height.size(), 0, 0, cv::INTER_LINEAR);
  return full;
}

// Slopes of one row: the surface's normal is (nx, ny, 1) before it is scaled to length 1.
void row_slopes(const cv::Mat& height, int y, std::vector<float>& nx, std::vector<float>& ny) {
  const auto* h = height.ptr<float>(y);
  const auto* above = height.ptr<float>(std::max(0, y - 1));
  const auto* below = height.ptr<float>(std::min(height.rows - 1, y + 1));
  const int cols = height.cols;
  for (int x = 0; x < cols; ++x) ny[x] = 0.5F * (above[x] - below[x]);
  for (int x = 1; x < cols - 1; ++x) nx[x] = 0.5F * (h[x - 1] - h[x + 1]);
  nx.front() = nx[1];
  nx.back() = nx[cols - 2];
}

// Adds the light of one source. Diffuse is Lambert's; gloss follows the half vector H between light
// and camera (0, 0, 1) with long tails, as of a rough surface: (1 + power (1 - N·H) / 2)^-4.
void add_light(const cv::Mat& height, const Source& source, const cv::Mat& shadow, float penumbra,
               float gloss_power, cv::Mat& diffuse, cv::Mat* gloss) {
  const int cols = height.cols;
  std::vector<float> slope_x(cols);
  std::vector<float> slope_y(cols);
  for (int y = 0; y < height.rows; ++y) {
    row_slopes(height, y, slope_x, slope_y);
    const auto* h = height.ptr<float>(y);
    const float* nx = slope_x.data();
    const float* ny = slope_y.data();
    auto* out = diffuse.ptr<float>(y);
    const float ly = source.y - static_cast<float>(y);
    const Source at = source;
    for (int x = 0; x < cols; ++x) {
      const float lx = at.x - static_cast<float>(x);
      const float lz = at.z - h[x];
      const float r2 = lx * lx + ly * ly + lz * lz;
      const float cosine =
          (nx[x] * lx + ny[x] * ly + lz) / std::sqrt(r2 * (nx[x] * nx[x] + ny[x] * ny[x] + 1));
      out[x] += std::max(cosine, 0.0F) * at.strength / r2;
    }
    if (!shadow.empty()) {
      const auto* dark = shadow.ptr<float>(y);
      for (int x = 0; x < cols; ++x) {
        out[x] *= 1 - smooth_step(dark[x], -0.3F * penumbra, penumbra);
      }
    }
    if (gloss == nullptr) continue;
    auto* shine = gloss->ptr<float>(y);
    for (int x = 0; x < cols; ++x) {
      const float lx = at.x - static_cast<float>(x);
      const float lz = at.z - h[x];
      const float r2 = lx * lx + ly * ly + lz * lz;
      const float length = 1 / std::sqrt(r2);
      const float hx = lx * length;
      const float hy = ly * length;
      const float hz = lz * length + 1;
      const float half =
          (nx[x] * hx + ny[x] * hy + hz) /
          std::sqrt((nx[x] * nx[x] + ny[x] * ny[x] + 1) * (hx * hx + hy * hy + hz * hz));
      const float off = 1 + 0.5F * gloss_power * (1 - half);
      const float square = off * off;
      // lz * length, the sine of the elevation, undoes the source's scaling for flat places.
      shine[x] += at.strength * lz * length / (r2 * square * square);
    }
  }
}

}  // namespace

Lighting make_lighting(Physics physics, int field_px, Rng& rng) {
  Lighting lighting;
  const auto tint = [&rng](double spread) {
    const double warmth = spread * rng.gaussian();
    return cv::Vec3f(static_cast<float>(1 - warmth), 1, static_cast<float>(1 + warmth));
  };
  Light main;
  main.azimuth_rad = rng.uniform(0, 2 * kPi);
  main.elevation_rad = rng.uniform(10, 50) * kPi / 180;
  main.colour = tint(0.06);
  lighting.ambient = rng.uniform(0.1, 0.5);
  lighting.ambient_colour = tint(0.06);
  if (rng.chance(0.35)) {
    lighting.gloss = rng.uniform(0.03, 0.35);
    lighting.gloss_power = rng.uniform(8, 60);
  }
  if (physics == Physics::kHard) {
    lighting.casts_shadows = true;
    lighting.penumbra = field_px / kField_px * rng.uniform(0.6, 2.5);
    lighting.occlusion = rng.uniform(0, 0.06);
    if (rng.chance(0.7)) main.distance = field_px * rng.uniform(0.9, 3.5);
    if (rng.chance(0.65)) {
      Light second;
      second.azimuth_rad = rng.uniform(0, 2 * kPi);
      second.elevation_rad = rng.uniform(12, 65) * kPi / 180;
      second.strength = rng.uniform(0.05, 0.6);
      second.colour = tint(0.1);
      if (rng.chance(0.5)) second.distance = field_px * rng.uniform(0.9, 3.5);
      lighting.lights.push_back(second);
    }
  }
  lighting.lights.insert(lighting.lights.begin(), main);
  return lighting;
}

cv::Mat shade(const Impression& impression, const Lighting& lighting, const cv::Vec3f& colour) {
  const cv::Mat& height = impression.height;
  const cv::Size size = height.size();
  cv::Mat out(size, CV_32FC3);
  cv::Mat gloss = lighting.gloss > 0 ? cv::Mat::zeros(size, CV_32F) : cv::Mat();
  std::vector<cv::Mat> diffuse;
  for (const Light& light : lighting.lights) {
    const Source source = source_of(light, size.width);
    diffuse.emplace_back(cv::Mat::zeros(size, CV_32F));
    const cv::Mat shadow = lighting.casts_shadows ? shadow_depth(height, source) : cv::Mat();
    add_light(height, source, shadow, static_cast<float>(lighting.penumbra),
              static_cast<float>(lighting.gloss_power), diffuse.back(),
              gloss.empty() ? nullptr : &gloss);
  }
  cv::Mat hollow;
  if (lighting.occlusion > 0) {
    cv::blur(height, hollow, {25, 25});
    hollow = height - hollow;
  }
  const auto ambient = static_cast<float>(lighting.ambient);
  const auto shine = static_cast<float>(lighting.gloss);
  const auto occlusion = static_cast<float>(lighting.occlusion);
  const bool has_second = diffuse.size() > 1;
  const cv::Vec3f c1 = lighting.lights[0].colour.mul(colour) * (1 - ambient);
  const cv::Vec3f c2 =
      has_second ? lighting.lights[1].colour.mul(colour) * (1 - ambient) : cv::Vec3f(0, 0, 0);
  const cv::Vec3f ca = lighting.ambient_colour.mul(colour) * ambient;
  for (int y = 0; y < size.height; ++y) {
    const auto* d1 = diffuse[0].ptr<float>(y);
    const auto* d2 = diffuse[has_second ? 1 : 0].ptr<float>(y);
    const auto* a = impression.albedo.ptr<float>(y);
    const auto* g = gloss.empty() ? nullptr : gloss.ptr<float>(y);
    const auto* o = hollow.empty() ? nullptr : hollow.ptr<float>(y);
    auto* p = out.ptr<cv::Vec3f>(y);
    for (int x = 0; x < size.width; ++x) {
      const float open = o == nullptr ? 1 : std::clamp(1 + occlusion * o[x], 0.3F, 1.2F);
      const float extra = g == nullptr ? 0 : shine * g[x];
      for (int k = 0; k < 3; ++k) {
        p[x][k] = a[x] * (c1[k] * d1[x] + c2[k] * d2[x] + ca[k] * open) + extra;
      }
    }
  }
  return out;
}

cv::Mat reflections(const cv::Mat& height, const Lighting& lighting, double power) {
  cv::Mat diffuse = cv::Mat::zeros(height.size(), CV_32F);
  cv::Mat gloss = cv::Mat::zeros(height.size(), CV_32F);
  for (const Light& light : lighting.lights) {
    add_light(height, source_of(light, height.cols), {}, 1, static_cast<float>(power), diffuse,
              &gloss);
  }
  return gloss;
}

}  // namespace pressmark::render
