// SPDX-License-Identifier: Apache-2.0
//
// What a seizure shares with others as inline SVG; colours come from the page's style sheet. Text
// is escaped here: these go into the page as they stand. Empty where there is nothing to draw.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/seizure/plan.hpp"
#include "engine/seizure/results.hpp"

namespace pressmark::seizure {

// Marks on the left, linked seizures on the right by date, a line for each link, wider for a higher
// score. The first kDrawnNodes of each.
inline constexpr std::size_t kDrawnNodes = 60;
std::string draw_links(const Findings& findings, const std::vector<LinkedSeizure>& linked);

// Dated seizures along the time.
std::string draw_time_line(const Seizure& own, const std::vector<LinkedSeizure>& linked);

// Positions in an equirectangular projection true to scale at their middle, without a background.
std::string draw_map(const std::optional<std::pair<double, double>>& own,
                     const std::vector<LinkedSeizure>& linked);

// Days since 1970-01-01 of an ISO date, in the middle of a month or year that is all it states.
std::optional<double> days_of(const std::string& date);

}  // namespace pressmark::seizure
