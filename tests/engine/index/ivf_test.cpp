// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <set>

#include "clustered_vectors.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/ivf_batch.hpp"
#include "engine/index/ivf_builder.hpp"
#include "engine/index/ivf_lists.hpp"
#include "engine/index/ivf_search.hpp"
#include "every_target.hpp"
#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 32, kRows = 6000, kQueries = 40, kClusters = 300;

class IvfTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    vectors_ = clustered_unit_rows(kRows, kDimension, kClusters, 1);
    queries_ = clustered_unit_rows(kQueries, kDimension, kClusters, 2);
    image_ = new IvfImage(IvfBuilder(vectors_, kDimension).build());
  }
  static void TearDownTestSuite() { delete image_; }

  static IvfListsView lists() { return view_ivf(std::as_const(*image_).bytes(), "lists"); }
  static std::span<const float> query(std::size_t q) {
    return std::span(queries_).subspan(q * kDimension, kDimension);
  }

  static std::vector<NearRow> brute_force(std::span<const float> query, std::size_t count,
                                          const RowFilter& is_wanted = nullptr) {
    std::vector<NearRow> rows;
    for (std::size_t row = 0; row < kRows; ++row) {
      if (is_wanted && !is_wanted(static_cast<std::int64_t>(row))) continue;
      rows.push_back(
          {static_cast<std::int64_t>(row), inner_product(query, &vectors_[row * kDimension])});
    }
    std::sort(rows.begin(), rows.end(), ranks_before);
    rows.resize(std::min(rows.size(), count));
    return rows;
  }

  static double recall(const std::function<std::vector<NearRow>(std::size_t)>& search,
                       const RowFilter& is_wanted = nullptr) {
    std::size_t met = 0, total = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      const std::vector<NearRow> found = search(q);
      for (const NearRow& row : brute_force(query(q), 10, is_wanted)) {
        met += std::count(found.begin(), found.end(), row) != 0 ? 1 : 0;
        ++total;
      }
    }
    return static_cast<double>(met) / static_cast<double>(total);
  }

  static std::vector<float> vectors_, queries_;
  static IvfImage* image_;
};

std::vector<float> IvfTest::vectors_, IvfTest::queries_;
IvfImage* IvfTest::image_ = nullptr;

TEST_F(IvfTest, EveryRowIsInOneListAndRowsOfAListAscend) {
  std::vector<int> seen(kRows, 0);
  const IvfListsView view = lists();
  for (std::size_t list = 0; list < view.facts.lists; ++list) {
    std::int64_t last = -1;
    for (std::size_t i = view.starts[list] * kRowsPerBlock;
         i < view.starts[list + 1] * kRowsPerBlock; ++i) {
      if (view.rows[i] == kNoRow) continue;
      EXPECT_LT(last, std::int64_t{view.rows[i]});
      last = view.rows[i];
      ++seen[view.rows[i]];
    }
  }
  EXPECT_THAT(seen, testing::Each(1));
}

TEST_F(IvfTest, AllListsAndALongShortlistGiveTheExactAnswer) {
  for (std::size_t q = 0; q < kQueries; ++q) {
    EXPECT_EQ(search_ivf(lists(), vectors_.data(), query(q), 10, {lists().facts.lists, 400}),
              brute_force(query(q), 10));
  }
}

TEST_F(IvfTest, MeetsTheRecallThatIsAskedFor) {
  for (const double wanted : {0.9, 0.95, 0.99}) {
    const IvfEffort effort = effort_for(lists().facts, 10, wanted);
    EXPECT_LT(effort.probes, lists().facts.lists / 2);
    const double found = recall(
        [&](std::size_t q) { return search_ivf(lists(), vectors_.data(), query(q), 10, effort); });
    EXPECT_GE(found, wanted - 0.03);
  }
}

TEST_F(IvfTest, MoreRecallAndMoreNeighboursTakeMoreLists) {
  const IvfFacts facts = lists().facts;
  EXPECT_EQ(facts.curves[0].count, 10u);
  EXPECT_EQ(facts.curves[1].count, 100u);
  for (const RecallCurve& curve : facts.curves) {
    EXPECT_TRUE(std::is_sorted(curve.recall.begin(), curve.recall.end()));
    EXPECT_EQ(curve.recall.back(), 1);
  }
  EXPECT_LT(effort_for(facts, 10, 0.8).probes, effort_for(facts, 10, 0.99).probes);
  EXPECT_LT(effort_for(facts, 100, 0.95).probes, effort_for(facts, 400, 0.95).probes);
  EXPECT_EQ(effort_for(facts, 10, 1).probes, facts.lists);
}

TEST_F(IvfTest, WithoutCurvesAShareOfTheListsIsProbed) {
  IvfFacts facts = lists().facts;
  facts.curves = {};
  const std::size_t probes = effort_for(facts, 10, 0.95).probes;
  EXPECT_GT(probes, 1u);
  EXPECT_LT(probes, facts.lists);
}

TEST_F(IvfTest, SimilaritiesAreThoseOfTheVectors) {
  for (const NearRow& row : search_ivf(lists(), vectors_.data(), query(0), 20, {4, 30})) {
    EXPECT_EQ(row.similarity,
              inner_product(query(0), &vectors_[static_cast<std::size_t>(row.row) * kDimension]));
  }
}

TEST_F(IvfTest, ABatchGivesTheAnswersOfSingleQueries) {
  const IvfEffort effort = effort_for(lists().facts, 10, 0.9);
  const RowFilter odd = [](std::int64_t row) { return row % 2 == 1; };
  for (const RowFilter* filter : {static_cast<const RowFilter*>(nullptr), &odd}) {
    const auto together = search_ivf_batch(lists(), vectors_.data(), queries_, 10, effort, filter);
    ASSERT_EQ(together.size(), kQueries);
    for (std::size_t q = 0; q < kQueries; ++q) {
      EXPECT_EQ(together[q], search_ivf(lists(), vectors_.data(), query(q), 10, effort, filter));
    }
  }
}

TEST_F(IvfTest, FewWantedRowsAreFoundAsSurely) {
  for (const std::int64_t step : {2, 10, 50}) {
    const IvfEffort effort = effort_for(lists().facts, 10, 0.97, 1.0 / static_cast<double>(step));
    const RowFilter is_wanted = [step](std::int64_t row) { return row % step == 0; };
    const auto search = [&](std::size_t q) {
      const auto found = search_ivf(lists(), vectors_.data(), query(q), 10, effort, &is_wanted);
      for (const NearRow& row : found) EXPECT_EQ(row.row % step, 0);
      return found;
    };
    EXPECT_GE(recall(search, is_wanted), 0.95) << step;
  }
}

TEST_F(IvfTest, WantedRowsFarFromTheQueryAreFound) {
  // The 60 rows that are least like the query.
  const std::vector<NearRow> all = brute_force(query(0), kRows);
  std::set<std::int64_t> far;
  for (std::size_t i = kRows - 60; i < kRows; ++i) far.insert(all[i].row);
  const RowFilter is_wanted = [&](std::int64_t row) { return far.contains(row); };
  EXPECT_EQ(search_ivf(lists(), vectors_.data(), query(0), 10, {4, 40, 60}, &is_wanted),
            brute_force(query(0), 10, is_wanted));
}

TEST_F(IvfTest, NothingWantedGivesNothing) {
  const RowFilter none = [](std::int64_t) { return false; };
  for (const std::size_t least : {0u, 100u}) {
    EXPECT_TRUE(search_ivf(lists(), vectors_.data(), query(0), 10, {4, 40, least}, &none).empty());
  }
}

TEST_F(IvfTest, TheImageIsTheSameForAnyThreadsAndInstructions) {
  const std::span<const float> some = std::span(vectors_).first(1500 * kDimension);
  const IvfImage first = IvfBuilder(some, kDimension).build();
  const std::span<const std::byte> expected = first.bytes();
  const auto expect_same = [&] {
    const IvfImage image = IvfBuilder(some, kDimension).build();
    ASSERT_EQ(image.bytes().size(), expected.size());
    EXPECT_EQ(std::memcmp(image.bytes().data(), expected.data(), expected.size()), 0);
  };
  for (const int threads : {1, 2}) tbb::task_arena(threads).execute(expect_same);
  on_every_target(expect_same);
}

TEST_F(IvfTest, EveryTargetGivesTheSameAnswers) {
  const auto answers = [&] {
    return search_ivf_batch(lists(), vectors_.data(), queries_, 25, {10, 60});
  };
  const auto expected = answers();
  on_every_target([&] { EXPECT_EQ(answers(), expected); });
}

TEST_F(IvfTest, TakesOverCentroidsAndKnowsHowWellTheyFit) {
  const std::vector<float> alike = clustered_unit_rows(2000, kDimension, kClusters, 3);
  const std::vector<float> others = random_unit_rows(2000, kDimension, 4);
  const IvfImage fitting = IvfBuilder(alike, lists()).build();
  const IvfImage unlike = IvfBuilder(others, lists()).build();
  const IvfFacts good = view_ivf(fitting.bytes(), "fitting").facts;
  const IvfFacts bad = view_ivf(unlike.bytes(), "unlike").facts;
  EXPECT_EQ(good.lists, lists().facts.lists);
  EXPECT_EQ(good.trained_error, lists().facts.trained_error);
  EXPECT_NEAR(good.rows_error, good.trained_error, 0.1 * good.trained_error);
  EXPECT_GT(bad.rows_error, 1.5 * bad.trained_error);
  EXPECT_NEAR(quantisation_error(lists(), others, 500), bad.rows_error, 0.05 * bad.rows_error);
  EXPECT_EQ(quantisation_error(lists(), {}, 500), 0);
}

TEST(IvfListsTest, ListsGrowWithTheRootOfTheRows) {
  EXPECT_EQ(default_lists(1), 2);
  EXPECT_EQ(default_lists(65'536), 512);
  EXPECT_EQ(default_lists(65'537), 1024);
  EXPECT_EQ(default_lists(1'000'000), 2048);
  EXPECT_EQ(default_lists(10'000'000), 16384);
  EXPECT_EQ(default_lists(4'000'000'000), 65'536);
}

TEST_F(IvfTest, FewRowsHaveLists) {
  for (const std::size_t rows : {1u, 2u, 17u, 300u}) {
    const IvfImage image =
        IvfBuilder(std::span(vectors_).first(rows * kDimension), kDimension).build();
    const IvfListsView view = view_ivf(image.bytes(), "few");
    const auto found = search_ivf(view, vectors_.data(), query(0), rows, {view.facts.lists, rows});
    EXPECT_EQ(found.size(), rows);
  }
}

TEST_F(IvfTest, EqualRowsComeByNumber) {
  std::vector<float> rows;
  for (int i = 0; i < 500; ++i) rows.insert(rows.end(), query(0).begin(), query(0).end());
  const IvfImage image = IvfBuilder(rows, kDimension).build();
  const auto found =
      search_ivf(view_ivf(image.bytes(), "equal"), rows.data(), query(0), 20, {64, 40});
  ASSERT_EQ(found.size(), 20u);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].row, static_cast<std::int64_t>(i));
  }
}

TEST_F(IvfTest, RefusesValuesThatAreNotFinite) {
  std::vector<float> rows(vectors_.begin(), vectors_.begin() + 100 * kDimension);
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    rows[777] = value;
    EXPECT_THROW(IvfBuilder(rows, kDimension), Error);
  }
  EXPECT_THROW(IvfBuilder(std::span<const float>(), kDimension), Error);
}

// A copy of the image with a change.
class DamagedIvfTest : public IvfTest {
 protected:
  DamagedIvfTest() : copy_(std::as_const(*image_).bytes().size()) {
    std::ranges::copy(std::as_const(*image_).bytes(), copy_.bytes().begin());
  }

  template <typename T>
  void set(std::size_t offset, T value) {
    std::memcpy(copy_.bytes().data() + offset, &value, sizeof(value));
  }

  ErrorCode refusal(std::span<const std::byte> bytes) const {
    try {
      static_cast<void>(view_ivf(bytes, "index/7.pmidx"));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("index/7.pmidx: "));
      return error.code();
    }
    ADD_FAILURE() << "was not refused";
    return ErrorCode::kInvalidArgument;
  }
  void expect_refused() const { EXPECT_EQ(refusal(copy_.bytes()), ErrorCode::kCorruptData); }

  IvfImage copy_;
};

TEST_F(DamagedIvfTest, IsRefusedWhereItsHeaderIsWrong) {
  const std::size_t of_lists = offsetof(IvfFacts, lists);
  const std::pair<std::size_t, std::uint32_t> changes[] = {
      {0, 1},
      {offsetof(IvfFacts, version), 0},
      {offsetof(IvfFacts, dimension), 0},
      {offsetof(IvfFacts, dimension), 1 << 17},
      {of_lists, 0},
      {of_lists, 1 << 17},
      {of_lists, lists().facts.lists + 1},
      {offsetof(IvfFacts, rows), kNoRow},
      {offsetof(IvfFacts, rows), kRows * 2},
      {offsetof(IvfFacts, blocks), 0},
      {offsetof(IvfFacts, blocks), 0xffffffff},
      {offsetof(IvfFacts, curves) + 4, 0x7fc00000},
      {offsetof(IvfFacts, trained_error) + 4, 0x7ff80000}};
  for (const auto& [offset, value] : changes) {
    std::uint32_t before = 0;
    std::memcpy(&before, copy_.bytes().data() + offset, sizeof(before));
    set(offset, value);
    expect_refused();
    set(offset, before);
  }
  EXPECT_NO_THROW(view_ivf(copy_.bytes(), "whole again"));
}

TEST_F(DamagedIvfTest, OfANewerVersionIsSaidToBeSo) {
  set(offsetof(IvfFacts, version), IvfFacts::kVersion + 1);
  EXPECT_EQ(refusal(copy_.bytes()), ErrorCode::kUnsupported);
}

TEST_F(DamagedIvfTest, IsRefusedWhereItIsCutOff) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, sizeof(IvfFacts),
                                  copy_.bytes().size() / 2, copy_.bytes().size() - 1}) {
    EXPECT_EQ(refusal(copy_.bytes().first(bytes)), ErrorCode::kCorruptData);
  }
}

TEST_F(DamagedIvfTest, IsRefusedWhereListsDoNotFollowEachOther) {
  const std::size_t starts = ivf_layout(lists().facts).starts.offset;
  for (const auto& [list, value] :
       {std::pair<std::size_t, std::uint32_t>{0, 1}, {3, 0xffffffff}, {lists().facts.lists, 0}}) {
    std::uint32_t before = 0;
    std::memcpy(&before, copy_.bytes().data() + starts + 4 * list, sizeof(before));
    set(starts + 4 * list, value);
    expect_refused();
    set(starts + 4 * list, before);
  }
}

TEST_F(DamagedIvfTest, RowsOutOfBoundsAreSkipped) {
  const IvfLayout layout = ivf_layout(lists().facts);
  for (std::size_t i = 0; i < layout.rows.bytes; i += 8) {
    set(layout.rows.offset + i, std::uint32_t{kRows + 17});
  }
  const IvfListsView view = view_ivf(copy_.bytes(), "damaged");
  const IvfEffort all{view.facts.lists, 100}, few{view.facts.lists, 100, kRows};
  const RowFilter any = [](std::int64_t row) { return row >= 0 && row < std::int64_t{kRows}; };
  for (const auto& found : {search_ivf(view, vectors_.data(), query(0), 50, all),
                            search_ivf(view, vectors_.data(), query(0), 50, few, &any),
                            search_ivf_batch(view, vectors_.data(), query(0), 50, all)[0]}) {
    EXPECT_EQ(found.size(), 50u);
    for (const NearRow& row : found) EXPECT_LT(row.row, std::int64_t{kRows});
  }
}

}  // namespace
}  // namespace pressmark::index
