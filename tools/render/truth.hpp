// SPDX-License-Identifier: Apache-2.0
//
// One line of truth.csv per photo.
#pragma once

#include <string>

#include "tools/render/camera.hpp"
#include "tools/render/lighting.hpp"

namespace pressmark::render {

struct Truth {
  std::string file;
  std::string identity;  // mould
  std::string design;    // empty for distractors
  double mm_per_field_px = 0;
  Physics physics = Physics::kHard;
  Lighting lighting;
  std::string kind;   // relief, printed, texture...
  std::string form;   // round or rectangular body; sunken or raised mark
  std::string cover;  // wrap, tape; empty: none
};

std::string truth_header();
std::string truth_line(const Truth& truth, const Photo& photo);

// A field of a CSV file, quoted where it must be.
std::string csv_field(const std::string& text);

}  // namespace pressmark::render
