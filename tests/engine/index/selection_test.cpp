// SPDX-License-Identifier: Apache-2.0
#include "engine/index/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "pressmark/error.hpp"

namespace pressmark::index {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<ImageId> ids_between(const ImageSelection& selection, ImageId first, ImageId last) {
  std::vector<ImageId> ids;
  selection.for_each_between(first, last, [&](ImageId id) { ids.push_back(id); });
  return ids;
}

TEST(ImageSelection, HoldsTheIdsItWasMadeOfAndNoOthers) {
  const std::vector<ImageId> ids = {1, 2, 63, 64, 127, 128, 1000};
  const ImageSelection selection(ids);
  EXPECT_EQ(selection.count(), 7);
  for (ImageId id = -3; id < 1200; ++id) {
    EXPECT_EQ(selection.contains(id), std::binary_search(ids.begin(), ids.end(), id)) << id;
  }
  EXPECT_FALSE(selection.contains(std::numeric_limits<ImageId>::max()));
  EXPECT_FALSE(selection.contains(std::numeric_limits<ImageId>::min()));
}

TEST(ImageSelection, OfNothingContainsNothing) {
  const ImageSelection selection;
  EXPECT_TRUE(selection.is_empty());
  EXPECT_FALSE(selection.contains(1));
  EXPECT_EQ(selection.count_between(1, 100), 0);
  EXPECT_THAT(ids_between(selection, 1, 100), IsEmpty());
  EXPECT_THAT(selected_rows(selection, std::vector<ImageId>{1, 2, 3}), IsEmpty());
}

TEST(ImageSelection, CountsAndVisitsRangesAsASetDoes) {
  std::mt19937 random(7);
  std::set<ImageId> wanted;
  for (int i = 0; i < 400; ++i) wanted.insert(1 + static_cast<ImageId>(random() % 3000));
  const ImageSelection selection(std::vector<ImageId>(wanted.begin(), wanted.end()));
  for (int i = 0; i < 500; ++i) {
    const auto first = static_cast<ImageId>(random() % 3200) - 50;
    const auto last = static_cast<ImageId>(random() % 3200) - 50;
    std::vector<ImageId> expected;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(expected),
                 [&](ImageId id) { return id >= first && id <= last; });
    EXPECT_EQ(selection.count_between(first, last), static_cast<std::int64_t>(expected.size()));
    EXPECT_EQ(ids_between(selection, first, last), expected);
  }
}

TEST(ImageSelection, RefusesIdsThatDoNotAscend) {
  ImageSelection selection;
  EXPECT_THROW(selection.append(0), Error);
  selection.append(5);
  EXPECT_THROW(selection.append(5), Error);
  EXPECT_THROW(selection.append(4), Error);
  EXPECT_THROW(selection.append(ImageSelection::kMostId + 1), Error);
  EXPECT_EQ(selection.count(), 1);
}

TEST(ImageSelection, FindsItsRowsWhetherFewOrManyAreSelected) {
  std::vector<ImageId> ids;
  for (ImageId id = 3; id < 3000; id += 3) ids.push_back(id);
  for (const int every : {1, 2, 200}) {
    std::vector<ImageId> selected;
    for (ImageId id = 1; id < 4000; id += every) selected.push_back(id);
    const ImageSelection selection(selected);
    std::vector<std::size_t> expected;
    for (std::size_t row = 0; row < ids.size(); ++row) {
      if (selection.contains(ids[row])) expected.push_back(row);
    }
    EXPECT_EQ(selected_rows(selection, ids), expected) << every;
    EXPECT_FALSE(expected.empty());
  }
  EXPECT_THAT(selected_rows(ImageSelection(std::vector<ImageId>{3, 9}), ids), ElementsAre(0, 2));
}

}  // namespace
}  // namespace pressmark::index
