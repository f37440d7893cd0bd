// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pressmark::index {

// Lloyd's k-means (FAISS), k x dimension centroids. `vectors` holds at least k rows. Deterministic
// for a seed: runs on the calling thread alone.
std::vector<float> kmeans(std::span<const float> vectors, int dimension, int k, std::uint64_t seed,
                          int iterations = 30);

}  // namespace pressmark::index
