// SPDX-License-Identifier: Apache-2.0
//
// What examiners decided about pairs of photos, ready to be looked up.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "pressmark/catalogue.hpp"
#include "pressmark/types.hpp"

namespace pressmark::seizure {

// Those that count when it is made. Decisions are made by hand: all of them fit into memory.
class Verdicts {
 public:
  explicit Verdicts(const Catalogue& catalogue);
  std::optional<Verdict> of(const Sha256& a, const Sha256& b) const;  // in either order

 private:
  std::map<std::pair<Sha256, Sha256>, Verdict> verdicts_;
};

}  // namespace pressmark::seizure
