// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace pressmark::verify {

// The score of a catalogued image beside several photos of one mark, from the score with each
// (Verification::score; 0 where it is not verified): that of the best photo, less log10 of their
// number, because each photo is another chance of a false hit (Bonferroni). 0 where there is no
// photo.
double score_of_photos(std::span<const double> scores);

}  // namespace pressmark::verify
