// SPDX-License-Identifier: Apache-2.0
//
// Printed marks: flat artwork on paper, carton or film, seen through creases and glare.
#pragma once

#include "tools/render/truth.hpp"

namespace pressmark::render {

struct Print {
  cv::Mat paper;  // CV_32FC3, linear BGR: the package without the mark's inks
  cv::Mat ink;    // CV_32FC3: the same with them
  cv::Mat mark;   // CV_8U
  Form form;
  double mark_radius = 0;
  double mm_per_px = 0;
};

Print make_print(const Design& design, int field_px, Rng& rng);

// Wrapping without a mark: film, foil or paper of one colour.
Print make_wrapping(int field_px, Rng& rng);

// Fills what the rendering decides in truth.
Photo render_print(const Print& print, Physics physics, double size_px, Rng& rng, Truth& truth);

}  // namespace pressmark::render
