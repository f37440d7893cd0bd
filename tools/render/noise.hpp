// SPDX-License-Identifier: Apache-2.0
//
// Random fields, CV_32F, mean 0 and variance about 1 each.
#pragma once

#include <opencv2/core.hpp>

#include "tools/render/random.hpp"

namespace pressmark::render {

cv::Mat white_noise(cv::Size size, Rng& rng);

// Blobs of one size: white noise on a grid of wavelength_px, interpolated.
cv::Mat blob_noise(cv::Size size, double wavelength_px, Rng& rng);

// Octaves from wavelength_px down to finest_px (a power of two below); each octave's amplitude is
// `gain` times that of the coarser one.
cv::Mat fractal_noise(cv::Size size, double wavelength_px, double finest_px, double gain, Rng& rng);

// Streaks of a length and a width along angle_rad (direction of the streaks).
cv::Mat streak_noise(cv::Size size, double angle_rad, double length_px, double width_px, Rng& rng);

// Gaussian blur in place; wide ones at reduced resolution.
void soften(cv::Mat& field, double sigma_px);

// 0 below low, 1 above high, smooth between; in place.
void smooth_step(cv::Mat& field, float low, float high);
inline float smooth_step(float x, float low, float high) {
  float t = (x - low) / (high - low);
  t = t < 0 ? 0 : (t > 1 ? 1 : t);
  return t * t * (3 - 2 * t);
}

// A random thin curve that starts in the field and goes on for length_px, as a polyline; `bend`
// is the standard deviation of its change of direction per step of 6 px, in radians.
std::vector<cv::Point> random_curve(cv::Size size, double length_px, double bend, Rng& rng);

}  // namespace pressmark::render
