// SPDX-License-Identifier: Apache-2.0
//
// Random drawings. A drawing is a few whole numbers, so that two drawings of one description are
// the same, and drawings can be split by their description.
#pragma once

#include <string>

#include "tools/render/outline.hpp"
#include "tools/render/random.hpp"

namespace pressmark::render {

struct Drawing {
  std::string description;  // e.g. "star:5:40:0"
  Outline outline;          // within [-1, 1]²
};

Drawing random_drawing(Rng& rng);

// The outer shape of an emblem, filled: circle, oval, rounded rectangle, shield, hexagon...
// kind is taken modulo their number. aspect: width to height.
constexpr int kPanelKinds = 7;
Contour panel(int kind, double aspect);

}  // namespace pressmark::render
