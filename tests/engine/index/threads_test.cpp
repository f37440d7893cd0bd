// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "engine/index/global_index.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

TEST(GlobalIndexThreadsTest, SearchesOfTwoThreadsEqualThoseOfOne) {
  constexpr std::size_t kDimension = 16, kRows = 400, kQueries = 60;
  const std::vector<float> vectors = random_unit_rows(kRows, kDimension, 1);
  const std::vector<float> queries = random_unit_rows(kQueries, kDimension, 2);
  std::vector<ImageId> ids(kRows);
  std::iota(ids.begin(), ids.end(), 1);
  GlobalIndex index(static_cast<int>(kDimension));
  index.add(ids, vectors);
  index.remove(std::span(ids).first(20));

  const auto search = [&](std::size_t q) {
    std::vector<std::pair<ImageId, float>> result;
    for (const Neighbour& neighbour :
         index.search(std::span(queries).subspan(q * kDimension, kDimension), 30)) {
      result.emplace_back(neighbour.id, neighbour.similarity);
    }
    return result;
  };
  std::vector<std::vector<std::pair<ImageId, float>>> alone(kQueries), together(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) alone[q] = search(q);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t q = t; q < kQueries; q += 2) together[q] = search(q);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

}  // namespace
}  // namespace pressmark::index
