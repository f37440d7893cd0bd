// SPDX-License-Identifier: Apache-2.0
//
// GlobalIndex with parts, in memory and borrowed, with and without lists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "clustered_vectors.hpp"
#include "engine/index/global_index.hpp"
#include "engine/index/ivf_builder.hpp"
#include "half_search.hpp"
#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 32, kRows = 9000, kClusters = 400, kQueries = 30;
constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

class GlobalPartsTest : public testing::Test {
 protected:
  GlobalPartsTest() {
    for (std::size_t i = 0; i < kRows; ++i) ids_.push_back(static_cast<ImageId>(2 * i + 3));
    exact_.add(ids_, vectors_);
  }

  std::span<const ImageId> ids(std::size_t first, std::size_t count) const {
    return std::span(ids_).subspan(first, count);
  }
  std::span<const float> vectors(std::size_t first, std::size_t count) const {
    return std::span(vectors_).subspan(first * kDimension, count * kDimension);
  }
  std::span<const float> query(std::size_t q) const {
    return std::span(queries_).subspan(q * kDimension, kDimension);
  }
  void add(GlobalIndex& index, std::size_t first, std::size_t count) const {
    index.add(ids(first, count), vectors(first, count));
  }
  GlobalPart listed_part(std::size_t first, std::size_t count) const {
    const auto image = std::make_shared<IvfImage>(
        IvfBuilder(vectors(first, count), static_cast<int>(kDimension)).build());
    return {ids(first, count), vectors(first, count),
            view_ivf(std::as_const(*image).bytes(), "part"), image};
  }

  static std::vector<std::pair<ImageId, float>> pairs(const std::vector<Neighbour>& neighbours) {
    std::vector<std::pair<ImageId, float>> result;
    for (const Neighbour& n : neighbours) result.emplace_back(n.id, n.similarity);
    return result;
  }

  double recall(const GlobalIndex& index, const GlobalSearch& search = {}) const {
    std::size_t met = 0, total = 0;
    GlobalSearch exactly = search;
    exactly.is_exact = true;
    for (std::size_t q = 0; q < kQueries; ++q) {
      const auto found = pairs(index.search(query(q), 10, search));
      for (const auto& neighbour : pairs(index.search(query(q), 10, exactly))) {
        met += std::count(found.begin(), found.end(), neighbour) != 0 ? 1 : 0;
        ++total;
      }
    }
    return static_cast<double>(met) / static_cast<double>(std::max<std::size_t>(total, 1));
  }

  std::vector<float> vectors_ = clustered_unit_rows(kRows, kDimension, kClusters, 1);
  std::vector<float> queries_ = clustered_unit_rows(kQueries, kDimension, kClusters, 2);
  std::vector<ImageId> ids_;
  GlobalIndex exact_{static_cast<int>(kDimension), nullptr, kNever};
};

TEST_F(GlobalPartsTest, AnyPartitionGivesTheExactAnswerOfOnePart) {
  GlobalIndex tails(static_cast<int>(kDimension), nullptr, kNever);
  tails.add_part({ids(0, 5), vectors(0, 5), {}, nullptr});
  add(tails, 5, 1000);
  tails.add_part({ids(1005, 4000), vectors(1005, 4000), {}, nullptr});
  add(tails, 5005, 1);
  add(tails, 5006, kRows - 5006);
  GlobalIndex lists(static_cast<int>(kDimension), nullptr, 1000);
  lists.add_part(listed_part(0, 3000));
  for (std::size_t row = 3000; row < kRows; row += 750) add(lists, row, 750);
  EXPECT_EQ(tails.parts(), 3u);
  EXPECT_EQ(lists.size(), static_cast<std::int64_t>(kRows));
  for (std::size_t q = 0; q < kQueries; ++q) {
    const auto expected = pairs(exact_.search(query(q), 25, {.is_exact = true}));
    EXPECT_EQ(pairs(exact_.search(query(q), 25)), expected);
    EXPECT_EQ(pairs(tails.search(query(q), 25)), expected);
    EXPECT_EQ(pairs(lists.search(query(q), 25, {.is_exact = true})), expected);
  }
  EXPECT_GE(recall(lists), 0.95);
}

TEST_F(GlobalPartsTest, ABatchGivesTheAnswersOfSingleSearches) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, 1000);
  index.add_part(listed_part(0, 3000));
  index.add_part({ids(3000, 200), vectors(3000, 200), {}, nullptr});
  add(index, 3200, kRows - 3500);
  EXPECT_EQ(index.tail_rows(), 500u);
  const auto expect_same = [&](int count, const GlobalSearch& search) {
    std::vector<std::vector<std::pair<ImageId, float>>> expected;
    for (std::size_t q = 0; q < kQueries; ++q) {
      expected.push_back(pairs(index.search(query(q), count, search)));
    }
    for (const int threads : {1, 4}) {
      tbb::task_arena(threads).execute([&] {
        for (const std::size_t batch : {std::size_t{1}, std::size_t{7}, kQueries}) {
          for (std::size_t first = 0; first < kQueries; first += batch) {
            const std::size_t some = std::min(batch, kQueries - first);
            const auto answers = index.search_batch(
                std::span(queries_).subspan(first * kDimension, some * kDimension), count, search);
            ASSERT_EQ(answers.size(), some);
            for (std::size_t q = 0; q < some; ++q) {
              EXPECT_EQ(pairs(answers[q]), expected[first + q]);
            }
          }
        }
      });
    }
  };
  const ImageSelection selection({ids_.begin() + 500, ids_.begin() + 4000});
  const auto expect_all_same = [&] {
    expect_same(25, {});
    expect_same(3, {.recall = 0.8});
    expect_same(25, {.selection = &selection});
    expect_same(25, {.is_exact = true});
    expect_same(0, {});
  };
  expect_all_same();
  index.remove(ids(0, 100));  // few of a part
  expect_all_same();
  index.remove(ids(0, 2900));  // most of it
  expect_all_same();
  EXPECT_TRUE(index.search_batch({}, 10).empty());
}

TEST_F(GlobalPartsTest, ATailBecomesAPartAndFourPartsOfLikeSizeOne) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, 500);
  EXPECT_FALSE(index.drift());
  add(index, 0, 499);
  EXPECT_EQ(index.parts(), 0u);
  EXPECT_EQ(index.tail_rows(), 499u);
  add(index, 499, 1001);
  EXPECT_EQ(index.parts(), 3u);
  EXPECT_EQ(index.tail_rows(), 0u);
  add(index, 1500, 500);
  EXPECT_EQ(index.parts(), 1u);
  add(index, 2000, 1600);
  EXPECT_EQ(index.parts(), 4u);
  EXPECT_EQ(index.tail_rows(), 100u);
  EXPECT_EQ(index.size(), 3600);
  EXPECT_THAT(
      index.description(),
      testing::StartsWith("IVF of int8 codes, 4 parts, 32 dimensions, 3600 vectors, drift "));
  EXPECT_GE(recall(index), 0.95);
}

TEST_F(GlobalPartsTest, RemovedOnesStayHiddenInPartsTailsAndMergedParts) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, 500);
  add(index, 0, 1700);
  std::vector<ImageId> removed;
  for (std::size_t i = 0; i < 1700; i += 3) removed.push_back(ids_[i]);
  index.remove(removed);
  index.remove(removed);
  const auto size = static_cast<std::int64_t>(1700 - removed.size());
  EXPECT_EQ(index.size(), size);
  const auto expect_hidden = [&](std::int64_t expected_size) {
    EXPECT_EQ(index.size(), expected_size);
    for (std::size_t q = 0; q < kQueries; ++q) {
      for (const bool is_exact : {false, true}) {
        for (const Neighbour& n : index.search(query(q), 200, {.is_exact = is_exact})) {
          EXPECT_FALSE(std::binary_search(removed.begin(), removed.end(), n.id));
        }
      }
    }
    EXPECT_GE(recall(index), 0.95);
  };
  expect_hidden(size);
  add(index, 1700, 900);
  EXPECT_EQ(index.parts(), 2u);  // four became one, without what was removed
  expect_hidden(size + 900);
}

TEST_F(GlobalPartsTest, AllRemovedLeavesNothing) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, 500);
  add(index, 0, 1200);
  index.remove(ids(0, 1200));
  EXPECT_EQ(index.size(), 0);
  EXPECT_TRUE(index.search(query(0), 10).empty());
  add(index, 1200, 1);
  EXPECT_EQ(index.search(query(0), 10).size(), 1u);
}

TEST_F(GlobalPartsTest, ASelectionKeepsRecallHoweverFewItLeaves) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, kNever);
  index.add_part(listed_part(0, 8000));
  add(index, 8000, 1000);
  for (const std::size_t step : {2u, 20u, 1000u}) {
    std::vector<ImageId> selected;
    for (std::size_t i = step / 2; i < kRows; i += step) selected.push_back(ids_[i]);
    const ImageSelection selection(selected);
    const GlobalSearch search{.selection = &selection};
    const auto found = index.search(query(0), 10, search);
    EXPECT_EQ(found.size(), std::min<std::size_t>(10, selected.size()));
    for (const Neighbour& n : found) EXPECT_TRUE(selection.contains(n.id));
    EXPECT_GE(recall(index, search), 0.95) << step;
  }
}

TEST_F(GlobalPartsTest, ASelectionOfRemovedOrUnknownImagesFindsNothing) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, kNever);
  index.add_part(listed_part(0, 2000));
  index.remove(ids(10, 5));
  const ImageSelection removed(ids(10, 5)), unknown(std::vector<ImageId>{4, 6, 100'000});
  for (const ImageSelection* selection : {&removed, &unknown}) {
    EXPECT_TRUE(index.search(query(0), 10, {.selection = selection}).empty());
  }
}

TEST_F(GlobalPartsTest, WithADeviceASelectionIsExact) {
  GlobalIndex index(static_cast<int>(kDimension),
                    std::make_unique<HalfSearch>(kDimension, std::size_t{1000}));
  index.add_part(listed_part(0, 3000));
  add(index, 3000, 100);
  EXPECT_EQ(index.parts(), 0u);
  std::vector<ImageId> selected;
  for (std::size_t i = 0; i < 3100; i += 2) selected.push_back(ids_[i]);
  const ImageSelection selection(selected);
  for (std::size_t q = 0; q < kQueries; ++q) {
    EXPECT_EQ(pairs(index.search(query(q), 10, {.selection = &selection})),
              pairs(index.search(query(q), 10, {.selection = &selection, .is_exact = true})));
  }
}

TEST_F(GlobalPartsTest, RefusesAndForgetsVectorsThatAreNotFinite) {
  GlobalIndex index(static_cast<int>(kDimension));
  std::vector<float> values(2 * kDimension, 0.1f);
  values[40] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(index.add(ids(0, 2), values), Error);
  EXPECT_EQ(index.size(), 0);
  add(index, 0, 2);
  EXPECT_EQ(index.size(), 2);
}

TEST_F(GlobalPartsTest, AQueryThatIsNotFiniteFindsNothing) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, kNever);
  index.add_part(listed_part(0, 2000));
  add(index, 2000, 10);
  std::vector<float> query(kDimension, 0.1f);
  query[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(index.search(query, 10).empty());
}

TEST_F(GlobalPartsTest, DriftIsDueOnceUnlikeVectorsWereAdded) {
  GlobalIndex index(static_cast<int>(kDimension), nullptr, kNever);
  index.add_part(listed_part(0, 4000));
  ASSERT_TRUE(index.drift());
  EXPECT_FALSE(index.drift()->is_due());
  add(index, 4000, 1200);
  EXPECT_NEAR(index.drift()->growth(), 1, 0.1);
  EXPECT_FALSE(index.drift()->is_due());
  EXPECT_THAT(index.description(), testing::Not(testing::HasSubstr("due")));
  const std::vector<float> unlike = random_unit_rows(3800, kDimension, 9);
  index.add(ids(5200, 3800), unlike);
  EXPECT_TRUE(index.drift()->is_due());
  EXPECT_THAT(index.description(), testing::EndsWith(": reindex is due"));
}

}  // namespace
}  // namespace pressmark::index
