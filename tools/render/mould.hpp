// SPDX-License-Identifier: Apache-2.0
//
// A mould: the height of the pressing tool's imprint, with the tool's own defects. Two moulds of
// one design share drawing and style and differ in everything that is cut by hand or wears.
#pragma once

#include <opencv2/core.hpp>

#include "tools/render/design.hpp"
#include "tools/render/random.hpp"

namespace pressmark::render {

// Side of the square on which marks are modelled, at the default picture size; lengths below are
// pixels of it and are scaled with it.
constexpr double kField_px = 720;

// The pressed body around the mark.
struct Form {
  bool is_round = false;
  double half_width = 0;
  double half_height = 0;
  double corner = 0;  // radius of the corners, seen from above
  double edge = 0;    // radius of the edge, seen from the side
};

// What all moulds of a design have in common.
struct MouldStyle {
  enum class Profile { kFlat, kRounded, kChisel, kStepped, kGroove };
  enum class Border { kNone, kLine, kPanel, kScore };
  bool is_sunken = false;
  Profile profile = Profile::kFlat;
  Border border = Border::kNone;
  double bevel = 0;
  double depth = 0;
  double mark_radius = 0;  // half of the mark's longer side
  double mm_per_px = 0;    // of the field
  Form form;
};

struct Mould {
  cv::Mat height;  // CV_32F, in field pixels, 0 is the unpressed surface
  cv::Mat mark;    // CV_8U, what is covered by the drawing, gaps closed
  MouldStyle style;
};

MouldStyle make_style(const Design& design, int field_px, Rng& rng);
Mould make_mould(const Design& design, const MouldStyle& style, int field_px, Rng& rng);

// A tool without a drawing: its surface and defects alone.
Mould make_blank(const MouldStyle& style, int field_px, Rng& rng);

// Signed distance to the form's outline, positive inside, CV_32F.
cv::Mat form_distance(const Form& form, int field_px);

}  // namespace pressmark::render
