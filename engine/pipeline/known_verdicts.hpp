// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "engine/store/store.hpp"
#include "pressmark/types.hpp"

namespace pressmark::pipeline {

// What examiners decided, by photo.
class KnownVerdicts {
 public:
  explicit KnownVerdicts(const store::Store& store) : store_(store) {
    DecisionFilter filter;
    filter.current_only = true;
    store.list_decisions(filter, [&](const Decision& decision) {
      verdicts_[decision.first].emplace_back(decision.second, decision.verdict);
      verdicts_[decision.second].emplace_back(decision.first, decision.verdict);
      return true;
    });
  }

  // About this photo and catalogued images. Safe from many threads.
  std::map<ImageId, Verdict> of(const Sha256& query) const {
    std::map<ImageId, Verdict> known;
    const auto decided = verdicts_.find(query);
    if (decided == verdicts_.end()) return known;
    for (const auto& [other, verdict] : decided->second) {
      if (const auto id = store_.find_hash(other)) known[*id] = verdict;
    }
    return known;
  }

 private:
  const store::Store& store_;
  std::map<Sha256, std::vector<std::pair<Sha256, Verdict>>> verdicts_;
};

}  // namespace pressmark::pipeline
