// SPDX-License-Identifier: Apache-2.0
#include "engine/verify/photos_score.hpp"

#include <algorithm>
#include <cmath>

namespace pressmark::verify {

double score_of_photos(std::span<const double> scores) {
  if (scores.empty()) return 0;
  const double best = *std::max_element(scores.begin(), scores.end());
  return std::max(0.0, best - std::log10(static_cast<double>(scores.size())));
}

}  // namespace pressmark::verify
