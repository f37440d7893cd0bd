// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/verdicts.hpp"

#include <algorithm>

namespace pressmark::seizure {

Verdicts::Verdicts(const Catalogue&) {}

PairVerdict Verdicts::of(const Sha256& a, const Sha256& b) const {
  const auto found = verdicts_.find(std::minmax(a, b));
  return found == verdicts_.end() ? PairVerdict::kNone : found->second;
}

}  // namespace pressmark::seizure
