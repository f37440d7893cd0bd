// SPDX-License-Identifier: Apache-2.0
#include "engine/index/interleave.hpp"

#include <algorithm>
#include <unordered_set>

namespace pressmark::index {

std::vector<ImageId> interleave(std::span<const std::vector<ImageId>> rankings, std::size_t count) {
  std::size_t longest = 0;
  for (const auto& ranking : rankings) longest = std::max(longest, ranking.size());
  std::vector<ImageId> result;
  std::unordered_set<ImageId> listed;
  for (std::size_t rank = 0; rank < longest; ++rank) {
    for (const auto& ranking : rankings) {
      if (result.size() == count) return result;
      if (rank < ranking.size() && listed.insert(ranking[rank]).second) {
        result.push_back(ranking[rank]);
      }
    }
  }
  return result;
}

}  // namespace pressmark::index
