// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pressmark/types.hpp"

namespace pressmark::index {

struct RankingShare {
  std::span<const ImageId> ranking;
  int images_per_round = 1;
};

// One ranking of several, `count` images at most: of each in turn its next images; what is listed
// already is passed over. By ranks: scores of different ways of searching cannot be compared.
std::vector<ImageId> unite_candidates(std::span<const RankingShare> shares, std::size_t count);

}  // namespace pressmark::index
