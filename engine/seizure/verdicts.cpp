// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/verdicts.hpp"

#include <algorithm>
#include <utility>

namespace pressmark::seizure {

Verdicts::Verdicts(const Catalogue& catalogue) {
  DecisionFilter filter;
  filter.current_only = true;
  catalogue.list_decisions(filter, [&](const Decision& decision) {
    verdicts_[{decision.first, decision.second}] = decision.verdict;
    return true;
  });
}

std::optional<Verdict> Verdicts::of(const Sha256& a, const Sha256& b) const {
  const auto found = verdicts_.find(std::pair(std::min(a, b), std::max(a, b)));
  return found == verdicts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace pressmark::seizure
