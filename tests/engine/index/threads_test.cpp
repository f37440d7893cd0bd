// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "engine/index/global_index.hpp"
#include "half_search.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

// With or without a device, which the first search fills.
class GlobalIndexThreadsTest : public testing::TestWithParam<bool> {};

TEST_P(GlobalIndexThreadsTest, SearchesOfTwoThreadsEqualThoseOfOne) {
  constexpr std::size_t kDimension = 16, kRows = 400, kQueries = 60;
  const std::vector<float> vectors = random_unit_rows(kRows, kDimension, 1);
  const std::vector<float> queries = random_unit_rows(kQueries, kDimension, 2);
  std::vector<ImageId> ids(kRows);
  std::iota(ids.begin(), ids.end(), 1);
  const auto make_index = [&] {
    GlobalIndex index(static_cast<int>(kDimension),
                      GetParam() ? std::make_unique<HalfSearch>(kDimension, kRows) : nullptr);
    index.add(ids, vectors);
    index.remove(std::span(ids).first(20));
    return index;
  };
  const GlobalIndex index = make_index(), unused_yet = make_index();

  const auto search = [&](const GlobalIndex& searched, std::size_t q) {
    std::vector<std::pair<ImageId, float>> result;
    for (const Neighbour& neighbour :
         searched.search(std::span(queries).subspan(q * kDimension, kDimension), 30)) {
      result.emplace_back(neighbour.id, neighbour.similarity);
    }
    return result;
  };
  std::vector<std::vector<std::pair<ImageId, float>>> alone(kQueries), together(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) alone[q] = search(index, q);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t q = t; q < kQueries; q += 2) together[q] = search(unused_yet, q);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

INSTANTIATE_TEST_SUITE_P(Devices, GlobalIndexThreadsTest, testing::Bool());

}  // namespace
}  // namespace pressmark::index
