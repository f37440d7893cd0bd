// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/measure.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pressmark::compare {
namespace {

// Photo i is a picture i + 1 pixels wide; two are alike by how near their widths are.
class Widths final : public Method {
 public:
  std::string_view name() const override { return "widths"; }
  std::string_view title() const override { return "Widths"; }
  void describe(const image::Photo& photo) override { widths_.push_back(photo.pixels.width); }
  std::int64_t bytes(std::size_t photo) const override { return widths_[photo]; }
  void prepare(std::size_t query) override { prepared_ = query; }
  float compare(std::size_t query, std::size_t other) override {
    EXPECT_EQ(query, prepared_);
    pairs.emplace_back(query, other);
    return static_cast<float>(-std::abs(widths_[query] - widths_[other]));
  }
  std::vector<std::pair<std::size_t, std::size_t>> pairs;

 private:
  std::vector<int> widths_;
  std::size_t prepared_ = 99;
};

image::Photo photo(std::size_t number) {
  image::Photo result;
  result.pixels.width = static_cast<int>(number) + 1;
  return result;
}

TEST(CompareMeasure, AccuracyFollowsFromThePlantedScores) {
  // a a b b: 0 finds its mate first, 1 second, 2 first, 3 third.
  PairScores scores(4);
  scores.set(0, 1, 5);
  scores.set(0, 2, 1);
  scores.set(0, 3, 4);
  scores.set(1, 2, 2);
  scores.set(1, 3, 6);
  scores.set(2, 3, 3);
  const std::vector<std::string> identities{"a", "a", "b", "b"};
  const Accuracy accuracy = accuracy_of(scores, identities);
  EXPECT_DOUBLE_EQ(accuracy.mean_average_precision.value(), (1 + 1.0 / 2 + 1 + 1.0 / 3) / 4);
  EXPECT_DOUBLE_EQ(accuracy.recall_at_1.value(), 0.5);
  // Mates 5 and 3 against 1, 4, 2, 6: 3 and 2 of 4 below.
  EXPECT_DOUBLE_EQ(accuracy.auc.value(), 5.0 / 8);
  EXPECT_DOUBLE_EQ(accuracy.tpr_at_fpr_001.value(), 0);
}

TEST(CompareMeasure, SaysNothingWhereNobodyHasAMate) {
  const std::vector<std::string> identities{"a", "b", "c"};
  const Accuracy accuracy = accuracy_of(PairScores(3), identities);
  EXPECT_FALSE(accuracy.mean_average_precision);
  EXPECT_FALSE(accuracy.recall_at_1);
  EXPECT_FALSE(accuracy.auc);
  EXPECT_FALSE(accuracy.tpr_at_fpr_001);
}

TEST(CompareMeasure, ComparesEachPairOnceWithTheEarlierPhotoAsQuery) {
  Methods methods;
  methods.push_back(std::make_unique<Widths>());
  const Widths& widths = static_cast<const Widths&>(*methods.front());
  const std::vector<std::string> identities{"a", "a", "b", "b"};
  std::vector<std::size_t> totals;
  const std::vector<Figures> figures =
      measure(methods, identities, photo,
              [&](const Progress& now) { totals.push_back(now.total - now.done); });
  using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;
  EXPECT_EQ(widths.pairs, (Pairs{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}));
  EXPECT_EQ(totals, (std::vector<std::size_t>{3, 2, 1, 0, 3, 1, 0}));
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].name, "widths");
  EXPECT_DOUBLE_EQ(figures[0].cost.bytes, 2.5);
  // 1 and 2 are as near to the wrong neighbour as to their mate: equals share the worse rank.
  EXPECT_DOUBLE_EQ(figures[0].accuracy.recall_at_1.value(), 0.5);
  EXPECT_DOUBLE_EQ(figures[0].accuracy.mean_average_precision.value(), 0.75);
}

TEST(CompareMeasure, AQueryCostsItsDescriptionAndItsComparisons) {
  Cost cost;
  cost.describe_ms = 30;
  cost.prepare_ms = 5;
  cost.compare_us = 2000;
  EXPECT_DOUBLE_EQ(cost.query_ms(100), 235);
}

}  // namespace
}  // namespace pressmark::compare
