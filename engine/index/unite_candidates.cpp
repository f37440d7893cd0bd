// SPDX-License-Identifier: Apache-2.0
#include "engine/index/unite_candidates.hpp"

#include <algorithm>
#include <unordered_set>

namespace pressmark::index {

std::vector<ImageId> unite_candidates(std::span<const RankingShare> shares, std::size_t count) {
  std::vector<RankingShare> rest(shares.begin(), shares.end());
  std::vector<ImageId> united;
  std::unordered_set<ImageId> listed;
  // The next image of a ranking that is not listed yet.
  const auto take = [&](std::span<const ImageId>& ranking) {
    while (!ranking.empty() && united.size() < count) {
      const ImageId id = ranking.front();
      ranking = ranking.subspan(1);
      if (!listed.insert(id).second) continue;
      united.push_back(id);
      return;
    }
  };
  const auto is_used_up = [](const RankingShare& share) { return share.ranking.empty(); };
  while (united.size() < count && !std::all_of(rest.begin(), rest.end(), is_used_up)) {
    for (RankingShare& share : rest) {
      for (int i = 0; i < share.images_per_round; ++i) take(share.ranking);
    }
  }
  return united;
}

}  // namespace pressmark::index
