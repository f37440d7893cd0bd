// SPDX-License-Identifier: Apache-2.0
//
// Plastic over a pressed body: wrinkles that mirror the lights, haze, colour, strips of tape.
#pragma once

#include "tools/render/lighting.hpp"

namespace pressmark::render {

// Changes radiance (CV_32FC3, of the body below) to what is seen through the wrap.
void lay_wrap(cv::Mat& radiance, const Impression& impression, const Lighting& lighting, Rng& rng);

// The height of thin wrinkles, CV_32F, field pixels.
cv::Mat wrinkles(cv::Size size, double unit, Rng& rng);

// A strip of tape across the picture; edges shine, the inside is hazy and tinted. In place.
void lay_tape(cv::Mat& radiance, Rng& rng);

}  // namespace pressmark::render
