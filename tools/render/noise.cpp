// SPDX-License-Identifier: Apache-2.0
#include "tools/render/noise.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace pressmark::render {

cv::Mat white_noise(cv::Size size, Rng& rng) {
  cv::Mat field(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    auto* row = field.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) row[x] = rng.gaussian();
  }
  return field;
}

cv::Mat blob_noise(cv::Size size, double wavelength_px, Rng& rng) {
  const double step = std::max(1.0, wavelength_px);
  const cv::Size grid(static_cast<int>(size.width / step) + 3,
                      static_cast<int>(size.height / step) + 3);
  cv::Mat large;
  cv::resize(white_noise(grid, rng), large, {}, step, step, cv::INTER_CUBIC);
  const cv::Rect crop(rng.integer(0, large.cols - size.width),
                      rng.integer(0, large.rows - size.height), size.width, size.height);
  return large(crop) * 1.3;  // interpolation takes variance away
}

void soften(cv::Mat& field, double sigma_px) {
  constexpr double kSmallKernel_px = 2.5;
  if (sigma_px < kSmallKernel_px) {
    cv::GaussianBlur(field, field, {0, 0}, sigma_px);
    return;
  }
  const int reduction = sigma_px < 6 ? 2 : 4;
  cv::Mat small;
  cv::resize(field, small, {field.cols / reduction, field.rows / reduction}, 0, 0, cv::INTER_AREA);
  cv::GaussianBlur(small, small, {0, 0}, sigma_px / reduction);
  cv::resize(small, field, field.size(), 0, 0, cv::INTER_LINEAR);
}

cv::Mat fractal_noise(cv::Size size, double wavelength_px, double finest_px, double gain,
                      Rng& rng) {
  int octaves = 1;
  for (double w = wavelength_px; w / 2 >= finest_px; w /= 2) ++octaves;
  const double finest = wavelength_px / std::pow(2.0, octaves - 1);
  cv::Size level(static_cast<int>(size.width / wavelength_px) + 3,
                 static_cast<int>(size.height / wavelength_px) + 3);
  cv::Mat field = white_noise(level, rng);
  double amplitude = 1;
  double variance = 1;
  for (int octave = 1; octave < octaves; ++octave) {
    amplitude *= gain;
    variance += amplitude * amplitude;
    level = cv::Size(level.width * 2, level.height * 2);
    cv::Mat finer;
    cv::resize(field, finer, level, 0, 0, octave < 4 ? cv::INTER_CUBIC : cv::INTER_LINEAR);
    for (int y = 0; y < level.height; ++y) {
      auto* row = finer.ptr<float>(y);
      const auto a = static_cast<float>(amplitude);
      for (int x = 0; x < level.width; ++x) row[x] += a * rng.gaussian();
    }
    field = finer;
  }
  cv::Mat out;
  if (finest <= 1.01) {
    out = field(cv::Rect(1, 1, size.width, size.height));
  } else {
    cv::Matx23d map(1 / finest, 0, 0.5, 0, 1 / finest, 0.5);
    cv::warpAffine(field, out, map, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_REFLECT);
  }
  return out * (1.15 / std::sqrt(variance));
}

cv::Mat streak_noise(cv::Size size, double angle_rad, double length_px, double width_px, Rng& rng) {
  const double diagonal = std::hypot(size.width, size.height) + 2 * width_px;
  const cv::Size grid(static_cast<int>(diagonal / length_px) + 5,
                      static_cast<int>(diagonal / width_px) + 5);
  const cv::Mat coarse = white_noise(grid, rng);
  const double c = std::cos(angle_rad);
  const double s = std::sin(angle_rad);
  const double cx = size.width / 2.0;
  const double cy = size.height / 2.0;
  const double offset = rng.uniform();
  cv::Matx23d map(c / length_px, s / length_px, grid.width / 2.0 - (c * cx + s * cy) / length_px,
                  -s / width_px, c / width_px,
                  grid.height / 2.0 + offset - (-s * cx + c * cy) / width_px);
  cv::Mat field;
  cv::warpAffine(coarse, field, map, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REFLECT);
  return field * 1.5;
}

void smooth_step(cv::Mat& field, float low, float high) {
  for (int y = 0; y < field.rows; ++y) {
    auto* row = field.ptr<float>(y);
    for (int x = 0; x < field.cols; ++x) row[x] = smooth_step(row[x], low, high);
  }
}

std::vector<cv::Point> random_curve(cv::Size size, double length_px, double bend, Rng& rng) {
  constexpr double kStep_px = 6;
  std::vector<cv::Point> points;
  double x = rng.uniform(0, size.width);
  double y = rng.uniform(0, size.height);
  const double heading = rng.uniform(0, 6.2832);
  const double keep = bend > 0.2 ? 0.7 : 0.93;  // strongly bent lines are jagged, not winding
  double wander = 0;
  const double drift = 0.2 * bend * rng.gaussian();
  const int steps = std::max(2, static_cast<int>(length_px / kStep_px));
  for (int i = 0; i < steps; ++i) {
    points.emplace_back(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y)));
    wander = keep * wander + bend * rng.gaussian();
    const double angle = heading + wander + drift * i;
    x += kStep_px * std::cos(angle);
    y += kStep_px * std::sin(angle);
  }
  return points;
}

}  // namespace pressmark::render
