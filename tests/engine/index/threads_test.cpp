// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "engine/index/global_index.hpp"
#include "engine/index/published.hpp"
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

// A tail grows, becomes parts and parts one; images vanish: a search sees the state after some
// call.
TEST(GlobalIndexWritingTest, SearchesSeeWhatWasAddedAndNotWhatWasRemoved) {
  constexpr std::size_t kDimension = 16, kRows = 2500, kStep = 10;
  const std::vector<float> vectors = random_unit_rows(kRows, kDimension, 1);
  std::vector<ImageId> ids(kRows);
  std::iota(ids.begin(), ids.end(), 1);
  GlobalIndex index(static_cast<int>(kDimension), nullptr, 300);
  // Of every ten images the first is removed once the ten are there.
  std::atomic<std::size_t> added = 0, cleaned = 0;
  std::atomic<bool> is_done = false;
  std::vector<std::thread> readers;
  for (std::size_t t = 0; t < 2; ++t) {
    readers.emplace_back([&, t] {
      for (std::size_t q = t; !is_done; ++q) {
        const std::size_t row = q * 37 % kRows;
        const std::size_t least = added, hidden = cleaned;
        const auto found = index.search(std::span(vectors).subspan(row * kDimension, kDimension), 5,
                                        {.recall = 1});
        if (row < least && row % kStep != 0) {
          ASSERT_FALSE(found.empty());
          EXPECT_EQ(found[0].id, ids[row]);
        }
        EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) {
          return a.similarity > b.similarity;
        }));
        for (const Neighbour& neighbour : found) {
          const auto place = static_cast<std::size_t>(neighbour.id - 1);
          EXPECT_FALSE(place < hidden && place % kStep == 0);
        }
        const auto size = static_cast<std::size_t>(index.size());
        EXPECT_LE(size, kRows);
      }
    });
  }
  for (std::size_t row = 0; row < kRows; row += kStep) {
    index.add(std::span(ids).subspan(row, kStep),
              std::span(vectors).subspan(row * kDimension, kStep * kDimension));
    added = row + kStep;
    index.remove(std::span(ids).subspan(row, 1));
    cleaned = row + kStep;
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(index.size(), static_cast<std::int64_t>(kRows - kRows / kStep));
}

TEST(PublishedTest, ReadersSeeWholeValuesThatNeverGoBack) {
  struct Pair {
    int first, second;
  };
  Published<Pair> published(std::make_shared<Pair>(Pair{0, 0}));
  std::atomic<bool> is_done = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      for (int last = 0; !is_done;) {
        const auto value = published.load();
        EXPECT_EQ(value->second, -value->first);
        EXPECT_GE(value->first, last);
        last = value->first;
      }
    });
  }
  for (int i = 1; i <= 20'000; ++i) published.store(std::make_shared<Pair>(Pair{i, -i}));
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(published.load()->first, 20'000);
  EXPECT_EQ(published.load().use_count(), 2);  // what was published before is gone
}

INSTANTIATE_TEST_SUITE_P(Devices, GlobalIndexThreadsTest, testing::Bool());

}  // namespace
}  // namespace pressmark::index
