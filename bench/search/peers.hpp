// SPDX-License-Identifier: Apache-2.0
//
// Other indexes that the figures stand beside, on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace pressmark::bench {

// Nearest first; `effort` is the peer's own knob, from 0 on.
struct Peer {
  std::string name;
  std::size_t efforts = 0;
  std::function<std::string(std::size_t effort)> set_effort;  // returns what it is
  std::function<std::vector<std::int64_t>(std::span<const float> query, std::size_t count)> search;
};

std::vector<std::vector<std::int64_t>> exact_neighbours(std::span<const float> vectors,
                                                        std::span<const float> queries,
                                                        std::size_t dimension, std::size_t count);

// `vectors` must outlive what is returned.
Peer faiss_pq_fast_scan(std::span<const float> vectors, std::size_t dimension, std::size_t lists);
Peer faiss_ivf_flat(std::span<const float> vectors, std::size_t dimension, std::size_t lists);
Peer hnsw(std::span<const float> vectors, std::size_t dimension);

}  // namespace pressmark::bench
