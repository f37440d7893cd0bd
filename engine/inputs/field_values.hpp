// SPDX-License-Identifier: Apache-2.0
//
// Values of manifest fields. Independent of the locale: a decimal point is a point.
#pragma once

#include <optional>
#include <string_view>

#include "pressmark/types.hpp"

namespace pressmark::inputs {

// A finite number above 0, and nothing else.
std::optional<double> parse_scale(std::string_view text);

// Four whole numbers x, y, width, height, separated by blanks, each gap with at most one comma;
// x, y >= 0, width, height > 0, right and lower edge within int.
std::optional<RegionOfInterest> parse_region(std::string_view text);

}  // namespace pressmark::inputs
