// SPDX-License-Identifier: Apache-2.0
#include "engine/index/unite_candidates.hpp"

#include <unordered_set>

namespace pressmark::index {
namespace {

constexpr int kVotesPerGlobal = 3;

}  // namespace

std::vector<ImageId> unite_candidates(std::span<const ImageId> by_votes,
                                      std::span<const ImageId> by_global, std::size_t count) {
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
  while (united.size() < count && !(by_votes.empty() && by_global.empty())) {
    for (int i = 0; i < kVotesPerGlobal; ++i) take(by_votes);
    take(by_global);
  }
  return united;
}

}  // namespace pressmark::index
