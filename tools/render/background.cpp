// SPDX-License-Identifier: Apache-2.0
#include "tools/render/background.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

cv::Mat woven(cv::Size size, Rng& rng) {
  const double pitch = rng.uniform(3, 8);
  const double angle = rng.uniform(0, 3.1416);
  const double c = std::cos(angle) * 6.2832 / pitch;
  const double s = std::sin(angle) * 6.2832 / pitch;
  cv::Mat field = fractal_noise(size, 80, 1, 0.8, rng);
  for (int y = 0; y < size.height; ++y) {
    auto* row = field.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) {
      const auto u = static_cast<float>(c * x + s * y);
      const auto v = static_cast<float>(-s * x + c * y);
      row[x] += 0.9F * std::sin(u) * std::sin(v) + 0.5F * std::sin(u + v);
    }
  }
  return field;
}

}  // namespace

cv::Vec3f linear_bgr(int red, int green, int blue) {
  const auto linear = [](int v) { return static_cast<float>(std::pow(v / 255.0, 2.2)); };
  return {linear(blue), linear(green), linear(red)};
}

cv::Mat background(cv::Size size, Rng& rng) {
  const cv::Size half(size.width / 2, size.height / 2);
  const int kind = rng.integer(0, 6);
  cv::Mat texture;
  cv::Vec3f colour;
  double contrast = 0.1;
  switch (kind) {
    case 0: {  // wood
      const double angle = rng.uniform(0, 3.1416);
      texture = streak_noise(half, angle, rng.uniform(60, 200), rng.uniform(2, 8), rng) +
                streak_noise(half, angle, 30, 1.2, rng) * 0.6;
      colour = linear_bgr(rng.integer(110, 200), rng.integer(80, 140), rng.integer(50, 90));
      contrast = rng.uniform(0.08, 0.2);
      break;
    }
    case 1: {  // paper, plastic table
      texture = fractal_noise(half, 150, 2, 0.6, rng);
      const int v = rng.integer(150, 250);
      colour = linear_bgr(v, v - rng.integer(0, 12), v - rng.integer(0, 25));
      contrast = rng.uniform(0.01, 0.05);
      break;
    }
    case 2: {  // cloth
      texture = woven(half, rng);
      colour = linear_bgr(rng.integer(30, 200), rng.integer(30, 200), rng.integer(30, 200));
      contrast = rng.uniform(0.06, 0.16);
      break;
    }
    case 3: {  // brushed metal
      texture = streak_noise(half, rng.uniform(0, 3.1416), rng.uniform(80, 300), 1.1, rng) +
                blob_noise(half, 200, rng) * 0.8;
      const int v = rng.integer(90, 200);
      colour = linear_bgr(v, v, v + rng.integer(0, 10));
      contrast = rng.uniform(0.05, 0.15);
      break;
    }
    case 4: {  // dark felt
      texture = fractal_noise(half, 6, 1, 0.9, rng);
      const int v = rng.integer(15, 60);
      colour = linear_bgr(v, v, v);
      contrast = rng.uniform(0.1, 0.3);
      break;
    }
    case 5: {  // concrete, granite
      texture = fractal_noise(half, 40, 1, 0.85, rng);
      const int v = rng.integer(80, 180);
      colour = linear_bgr(v, v - rng.integer(0, 15), v - rng.integer(0, 25));
      contrast = rng.uniform(0.08, 0.25);
      break;
    }
    default: {  // carton
      texture = streak_noise(half, rng.uniform(0, 3.1416), 400, rng.uniform(4, 9), rng) +
                fractal_noise(half, 20, 1, 0.7, rng);
      colour = linear_bgr(rng.integer(160, 200), rng.integer(120, 150), rng.integer(80, 110));
      contrast = rng.uniform(0.03, 0.1);
      break;
    }
  }
  // Light falls off across the table.
  const float gx = rng.uniform_f(-0.35, 0.35) / static_cast<float>(half.width);
  const float gy = rng.uniform_f(-0.35, 0.35) / static_cast<float>(half.height);
  cv::Mat small(half, CV_32FC3);
  for (int y = 0; y < half.height; ++y) {
    const auto* t = texture.ptr<float>(y);
    auto* p = small.ptr<cv::Vec3f>(y);
    for (int x = 0; x < half.width; ++x) {
      const float fall = 0.85F + gx * static_cast<float>(x - half.width / 2) +
                         gy * static_cast<float>(y - half.height / 2);
      p[x] = colour * (fall * std::max(0.1F, 1 + static_cast<float>(contrast) * t[x]));
    }
  }
  cv::Mat out;
  cv::resize(small, out, size, 0, 0, cv::INTER_LINEAR);
  return out;
}

cv::Vec3f powder_colour(Rng& rng) {
  const double dice = rng.uniform();
  if (dice < 0.36) {  // white
    const int v = rng.integer(215, 250);
    return linear_bgr(v, v - rng.integer(0, 6), v - rng.integer(0, 14));
  }
  if (dice < 0.62) {  // cream, beige
    const int v = rng.integer(190, 238);
    return linear_bgr(v, v - rng.integer(5, 22), v - rng.integer(20, 60));
  }
  if (dice < 0.8) {  // tan to dark brown (resin, heroin)
    const int v = rng.integer(70, 175);
    return linear_bgr(v, static_cast<int>(v * rng.uniform(0.68, 0.85)),
                      static_cast<int>(v * rng.uniform(0.4, 0.65)));
  }
  if (dice < 0.85) {  // grey
    const int v = rng.integer(110, 200);
    return linear_bgr(v, v, v - rng.integer(0, 8));
  }
  // Dyed: pink, yellow, green, blue, orange.
  cv::Vec3f base = linear_bgr(rng.integer(130, 245), rng.integer(110, 235), rng.integer(110, 235));
  const float grey = (base[0] + base[1] + base[2]) / 3;
  const float saturation = rng.uniform_f(0.25, 0.8);
  for (int k = 0; k < 3; ++k) {
    base[k] = std::clamp(grey + saturation * (base[k] - grey), 0.03F, 0.9F);
  }
  return base;
}

}  // namespace pressmark::render
