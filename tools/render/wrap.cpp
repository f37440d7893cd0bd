// SPDX-License-Identifier: Apache-2.0
#include "tools/render/wrap.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "tools/render/noise.hpp"

namespace pressmark::render {
namespace {

// What is below is seen through a slope of plastic: shifted a little along it.
cv::Mat refracted(const cv::Mat& radiance, const cv::Mat& film, float strength) {
  cv::Mat map_x(film.size(), CV_32F);
  cv::Mat map_y(film.size(), CV_32F);
  for (int y = 0; y < film.rows; ++y) {
    const auto* f = film.ptr<float>(y);
    const auto* below = film.ptr<float>(std::min(y + 1, film.rows - 1));
    auto* mx = map_x.ptr<float>(y);
    auto* my = map_y.ptr<float>(y);
    for (int x = 0; x < film.cols; ++x) {
      const float gx = f[std::min(x + 1, film.cols - 1)] - f[x];
      mx[x] = static_cast<float>(x) + strength * gx;
      my[x] = static_cast<float>(y) + strength * (below[x] - f[x]);
    }
  }
  cv::Mat out;
  cv::remap(radiance, out, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

cv::Vec3f film_colour(Rng& rng) {
  if (rng.chance(0.6)) return {1, 1, 1};
  return {rng.uniform_f(0.35, 1), rng.uniform_f(0.35, 1), rng.uniform_f(0.4, 1)};
}

}  // namespace

cv::Mat wrinkles(cv::Size size, double unit, Rng& rng) {
  cv::Mat lines = cv::Mat::zeros(size, CV_8U);
  cv::Mat wide = cv::Mat::zeros(size, CV_8U);
  const int count = rng.integer(6, 30);
  for (int i = 0; i < count; ++i) {
    const auto curve =
        random_curve(size, unit * rng.uniform(60, 500), rng.uniform(0.01, 0.12), rng);
    cv::polylines(rng.chance(0.6) ? lines : wide, curve, false,
                  cv::Scalar::all(rng.integer(60, 255)), rng.integer(1, 3), cv::LINE_AA);
  }
  cv::Mat fine;
  cv::Mat broad;
  lines.convertTo(fine, CV_32F, rng.uniform(2, 5) * unit / 255);
  wide.convertTo(broad, CV_32F, rng.uniform(6, 16) * unit / 255);
  soften(fine, 1.3 * unit);
  soften(broad, rng.uniform(3, 6) * unit);
  return fine + broad + blob_noise(size, unit * rng.uniform(25, 70), rng) * (unit * 0.7);
}

void lay_wrap(cv::Mat& radiance, const Impression& impression, const Lighting& lighting, Rng& rng) {
  const double unit = radiance.cols / kField_px;
  cv::Mat film = impression.height.clone();
  soften(film, unit * rng.uniform(3, 7));
  film *= rng.uniform(0.5, 1);
  const cv::Mat folds = wrinkles(radiance.size(), unit, rng);
  film += folds;
  const cv::Mat shine = reflections(film, lighting, rng.uniform(20, 110));
  const cv::Mat below = refracted(radiance, folds, static_cast<float>(rng.uniform(1, 5)));
  const float brightness = rng.uniform_f(0.8, 4.0);
  const float haze = rng.uniform_f(0.0, 0.12);
  const cv::Vec3f colour = film_colour(rng) * (1 - haze);
  for (int y = 0; y < radiance.rows; ++y) {
    auto* p = radiance.ptr<cv::Vec3f>(y);
    const auto* b = below.ptr<cv::Vec3f>(y);
    const auto* s = shine.ptr<float>(y);
    for (int x = 0; x < radiance.cols; ++x) {
      for (int k = 0; k < 3; ++k) p[x][k] = b[x][k] * colour[k] + haze + brightness * s[x];
    }
  }
}

void lay_tape(cv::Mat& radiance, Rng& rng) {
  const double unit = radiance.cols / kField_px;
  const double angle = rng.uniform(0, 3.1416);
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const double half = radiance.cols / 2.0;
  const double offset = (rng.chance(0.5) ? 1 : -1) * radiance.cols * rng.uniform(0.12, 0.4);
  const auto half_width = static_cast<float>(unit * rng.uniform(25, 60));
  const cv::Vec3f colour(rng.uniform_f(0.3, 0.9), rng.uniform_f(0.5, 0.95), rng.uniform_f(0.6, 1));
  const float haze = rng.uniform_f(0.03, 0.2);
  const float opacity = rng.uniform_f(0.6, 1);
  const cv::Mat bubbles = blob_noise(radiance.size(), unit * rng.uniform(8, 30), rng);
  for (int y = 0; y < radiance.rows; ++y) {
    auto* p = radiance.ptr<cv::Vec3f>(y);
    const auto* b = bubbles.ptr<float>(y);
    for (int x = 0; x < radiance.cols; ++x) {
      const auto across = static_cast<float>(std::abs(-s * (x - half) + c * (y - half) - offset));
      const float in = opacity * std::clamp(half_width - across + 0.5F, 0.0F, 1.0F);
      if (in <= 0) continue;
      const float rim = std::abs(across - half_width + 1.5F) < 1.5F ? 0.12F : 0.0F;
      const float veil = haze * (1 + 0.4F * b[x]) + rim;
      for (int k = 0; k < 3; ++k) {
        const float taped = p[x][k] * colour[k] * (1 - haze) + veil * colour[k];
        p[x][k] += in * (taped - p[x][k]);
      }
    }
  }
}

}  // namespace pressmark::render
