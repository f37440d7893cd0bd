// SPDX-License-Identifier: Apache-2.0
#include "engine/index/global_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 24;

std::span<const float> row_of(const std::vector<float>& rows, std::size_t row) {
  return std::span(rows).subspan(row * kDimension, kDimension);
}

std::vector<ImageId> ids_of(const std::vector<Neighbour>& neighbours) {
  std::vector<ImageId> ids;
  for (const Neighbour& neighbour : neighbours) ids.push_back(neighbour.id);
  return ids;
}

class GlobalIndexTest : public testing::Test {
 protected:
  GlobalIndexTest() {
    for (std::size_t i = 0; i < kRows; ++i) ids_.push_back(static_cast<ImageId>(3 * i + 2));
    index_.add(std::span(ids_).first(100), std::span(vectors_).first(100 * kDimension));
    index_.add(std::span(ids_).subspan(100), std::span(vectors_).subspan(100 * kDimension));
  }

  // All ids that are not `hidden`, by exact similarity.
  std::vector<ImageId> brute_force(std::span<const float> query,
                                   const std::set<ImageId>& hidden = {}) const {
    std::vector<std::pair<double, ImageId>> order;
    for (std::size_t i = 0; i < kRows; ++i) {
      if (hidden.contains(ids_[i])) continue;
      double dot = 0;
      for (std::size_t d = 0; d < kDimension; ++d) {
        dot += double{query[d]} * double{vectors_[i * kDimension + d]};
      }
      order.emplace_back(-dot, ids_[i]);
    }
    std::sort(order.begin(), order.end());
    std::vector<ImageId> ids;
    for (const auto& [similarity, id] : order) ids.push_back(id);
    return ids;
  }

  static constexpr std::size_t kRows = 300;
  std::vector<float> vectors_ = random_unit_rows(kRows, kDimension, 1);
  std::vector<float> queries_ = random_unit_rows(20, kDimension, 2);
  std::vector<ImageId> ids_;
  GlobalIndex index_{static_cast<int>(kDimension)};
};

TEST_F(GlobalIndexTest, EqualsBruteForce) {
  for (std::size_t q = 0; q < 20; ++q) {
    std::vector<ImageId> expected = brute_force(row_of(queries_, q));
    for (int count : {1, 7, 300}) {
      expected.resize(static_cast<std::size_t>(count == 300 ? kRows : count));
      EXPECT_EQ(ids_of(index_.search(row_of(queries_, q), count)), expected);
      expected = brute_force(row_of(queries_, q));
    }
  }
}

TEST_F(GlobalIndexTest, FindsAVectorItselfWithSimilarityOne) {
  const auto found = index_.search(row_of(vectors_, 123), 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].id, ids_[123]);
  EXPECT_NEAR(found[0].similarity, 1, 1e-5);
}

TEST_F(GlobalIndexTest, RemovedOnesAreHidden) {
  const std::vector<ImageId> best = brute_force(row_of(queries_, 0));
  const std::set<ImageId> hidden(best.begin(), best.begin() + 40);
  const std::vector<ImageId> removed(hidden.begin(), hidden.end());
  index_.remove(removed);
  EXPECT_EQ(index_.size(), 260);
  EXPECT_EQ(ids_of(index_.search(row_of(queries_, 0), 1000)),
            brute_force(row_of(queries_, 0), hidden));
}

TEST_F(GlobalIndexTest, RemovingTwiceOrTheUnknownChangesNothing) {
  const ImageId ids[] = {ids_[5], ids_[5], 1, -4, 100'000};
  index_.remove(ids);
  index_.remove(ids);
  EXPECT_EQ(index_.size(), 299);
}

TEST_F(GlobalIndexTest, GivesAllWhereFewerThanAskedFor) {
  EXPECT_EQ(index_.search(row_of(queries_, 0), 100'000).size(), kRows);
  EXPECT_TRUE(index_.search(row_of(queries_, 0), 0).empty());
}

TEST_F(GlobalIndexTest, EqualVectorsComeById) {
  GlobalIndex index(static_cast<int>(kDimension));
  std::vector<float> rows;
  for (int i = 0; i < 50; ++i) {
    const auto row = row_of(vectors_, i % 5 == 0 ? 1 : 0);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  std::vector<ImageId> ids(50);
  std::iota(ids.begin(), ids.end(), 10);
  index.add(ids, rows);
  const auto found = ids_of(index.search(row_of(vectors_, 0), 40));
  ASSERT_EQ(found.size(), 40u);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  for (ImageId id : found) EXPECT_NE(id % 5, 0);
  // A cut through equal ones keeps the lowest ids.
  EXPECT_EQ(ids_of(index.search(row_of(vectors_, 0), 3)), (std::vector<ImageId>{11, 12, 13}));
}

TEST_F(GlobalIndexTest, ALargeCutThroughEqualVectorsKeepsTheLowestIds) {
  GlobalIndex index(static_cast<int>(kDimension));
  std::vector<ImageId> ids(1000);
  std::iota(ids.begin(), ids.end(), 1);
  for (ImageId id : ids) index.add({&id, 1}, row_of(vectors_, id % 4 == 0 ? 1 : 0));
  // 750 are equal; FAISS selects differently from 100 on.
  for (std::size_t count : {99u, 100u, 250u, 600u}) {
    std::vector<ImageId> expected;
    for (ImageId id = 1; expected.size() < count; ++id) {
      if (id % 4 != 0) expected.push_back(id);
    }
    EXPECT_EQ(ids_of(index.search(row_of(vectors_, 0), static_cast<int>(count))), expected);
  }
}

TEST_F(GlobalIndexTest, ACutThroughEqualVectorsKeepsTheLowestIdsWhateverComesLater) {
  for (std::size_t count : {3u, 150u}) {
    GlobalIndex index(static_cast<int>(kDimension));
    std::vector<ImageId> ids(3 * count);
    std::iota(ids.begin(), ids.end(), 1);
    // The last third is nearest, and displaces what was found before.
    for (std::size_t i = 0; i < ids.size(); ++i) {
      index.add({&ids[i], 1}, row_of(vectors_, i < 2 * count ? 1 : 0));
    }
    const std::size_t equal = count + count / 2;
    std::vector<ImageId> expected(ids.begin() + static_cast<std::ptrdiff_t>(2 * count), ids.end());
    for (std::size_t i = 0; expected.size() < equal; ++i) expected.push_back(ids[i]);
    EXPECT_EQ(ids_of(index.search(row_of(vectors_, 0), static_cast<int>(equal))), expected);
  }
}

TEST_F(GlobalIndexTest, AnEmptyIndexAnswersNothing) {
  GlobalIndex empty(static_cast<int>(kDimension));
  empty.add({}, {});
  EXPECT_TRUE(empty.search(row_of(queries_, 0), 5).empty());
  EXPECT_EQ(empty.size(), 0);
  EXPECT_EQ(empty.description(), "Flat, 24 dimensions, 0 vectors");
}

TEST_F(GlobalIndexTest, EmptyAfterRemovingAll) {
  index_.remove(ids_);
  EXPECT_EQ(index_.size(), 0);
  EXPECT_TRUE(index_.search(row_of(queries_, 0), 5).empty());
  const ImageId late = 5000;
  index_.add({&late, 1}, row_of(vectors_, 0));
  EXPECT_EQ(ids_of(index_.search(row_of(queries_, 0), 5)), std::vector<ImageId>{late});
}

TEST_F(GlobalIndexTest, AZeroQueryHasNoSimilarityToAny) {
  const std::vector<float> zero(kDimension, 0.0f);
  const auto found = index_.search(zero, 10);
  ASSERT_EQ(found.size(), 10u);
  for (const Neighbour& neighbour : found) EXPECT_EQ(neighbour.similarity, 0.0f);
}

TEST_F(GlobalIndexTest, DescribesItself) {
  EXPECT_EQ(index_.description(), "Flat, 24 dimensions, 300 vectors");
}

}  // namespace
}  // namespace pressmark::index
