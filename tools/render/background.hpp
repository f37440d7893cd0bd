// SPDX-License-Identifier: Apache-2.0
//
// What lies around a package: wood, paper, cloth, brushed metal, dark felt, concrete.
#pragma once

#include <opencv2/core.hpp>

#include "tools/render/random.hpp"

namespace pressmark::render {

// CV_32FC3, linear BGR.
cv::Mat background(cv::Size size, Rng& rng);

// A random colour of powder, soap, clay or pill, linear BGR.
cv::Vec3f powder_colour(Rng& rng);

// sRGB bytes to linear BGR.
cv::Vec3f linear_bgr(int red, int green, int blue);

}  // namespace pressmark::render
