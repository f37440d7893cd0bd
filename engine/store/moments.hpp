// SPDX-License-Identifier: Apache-2.0
//
// Moments as the catalogue writes them: UTC, ISO 8601, of fixed width, so that their order is that
// of their texts.
#pragma once

#include <string>
#include <string_view>

namespace pressmark::store {

// The present moment to the second: "2024-05-01T08:30:00Z".
std::string utc_now();

// The present moment to the microsecond, "2024-05-01T08:30:00.000000Z", or the one that follows
// `earlier` where that is not before the present. `earlier`: empty, or such a text.
std::string moment_after(std::string_view earlier);

// Whether `text` is a moment to the microsecond, years 1 to 9999.
bool is_precise_moment(std::string_view text);

}  // namespace pressmark::store
