// SPDX-License-Identifier: Apache-2.0
#include <hnswlib/hnswlib.h>

#include <array>
#include <memory>

#include <fmt/format.h>

#include "peers.hpp"

namespace pressmark::bench {
namespace {

constexpr std::array<std::size_t, 9> kExplored = {10, 20, 40, 80, 160, 320, 640, 1280, 2560};
constexpr std::size_t kLinks = 16, kExploredWhenBuilt = 200;

}  // namespace

Peer hnsw(std::span<const float> vectors, std::size_t dimension) {
  const auto space = std::make_shared<hnswlib::InnerProductSpace>(dimension);
  const std::size_t rows = vectors.size() / dimension;
  const auto index = std::make_shared<hnswlib::HierarchicalNSW<float>>(space.get(), rows, kLinks,
                                                                       kExploredWhenBuilt);
  for (std::size_t row = 0; row < rows; ++row) {
    index->addPoint(vectors.data() + row * dimension, row);
  }
  return {fmt::format("hnswlib M {}, ef_construction {}", kLinks, kExploredWhenBuilt),
          kExplored.size(),
          [index](std::size_t effort) {
            index->setEf(kExplored[effort]);
            return fmt::format("ef {}", kExplored[effort]);
          },
          [index, space](std::span<const float> query, std::size_t count) {
            auto found = index->searchKnn(query.data(), count);
            std::vector<std::int64_t> rows_found(found.size());
            for (std::size_t i = found.size(); i-- > 0; found.pop()) {
              rows_found[i] = static_cast<std::int64_t>(found.top().second);
            }
            return rows_found;
          }};
}

}  // namespace pressmark::bench
