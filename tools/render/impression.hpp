// SPDX-License-Identifier: Apache-2.0
//
// One pressed body: what a mould leaves in powder, with everything that differs from one pressing
// to the next.
#pragma once

#include "tools/render/mould.hpp"

namespace pressmark::render {

enum class Physics { kSimple, kHard };

struct Impression {
  cv::Mat height;  // CV_32F, field pixels
  cv::Mat cover;   // CV_32F in [0, 1]: where the body is
  cv::Mat albedo;  // CV_32F, about 1: stains, cracks, grains
};

// A sheet or wrapped body of that form without powder: flat but for its bulge.
Impression bare_body(const Form& form, int field_px, Physics physics, Rng& rng);

Impression press(const Mould& mould, Physics physics, Rng& rng);

}  // namespace pressmark::render
