// SPDX-License-Identifier: Apache-2.0
//
// Things that lie over a mark: fingers, labels, tape, rulers.
#pragma once

#include <opencv2/core.hpp>

#include "tools/render/random.hpp"

namespace pressmark::render {

struct Occluder {
  cv::Mat colour;  // CV_32FC3, linear BGR
  cv::Mat cover;   // CV_32F in [0, 1]
};

Occluder make_occluder(cv::Size size, Rng& rng);

}  // namespace pressmark::render
