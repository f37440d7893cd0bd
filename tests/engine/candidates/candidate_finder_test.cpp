// SPDX-License-Identifier: Apache-2.0
#include "engine/candidates/candidate_finder.hpp"

#include <algorithm>

#include "gallery.hpp"

namespace pressmark::candidates {
namespace {

using CandidateFinderTest = GalleryTest;

TEST_F(CandidateFinderTest, AlignmentLiftsWhatHasFewVotes) {
  CandidateFinder finder(*backend_, model_);
  std::vector<Description> gallery;
  for (ImageId id = 1; id <= 150; ++id) {
    gallery.push_back(random_description());
    finder.add(id, gallery.back());
  }
  int first_by_votes = 0, first_by_alignment = 0;
  constexpr int kQueries = 10;
  for (std::size_t i = 0; i < kQueries; ++i) {
    const Description query = seen_again(gallery[10 * i]);
    const auto wanted = static_cast<ImageId>(10 * i + 1);
    const Rankings rankings = find(finder, query, 20);
    first_by_votes += rankings.votes.at(0) == wanted;
    first_by_alignment += rankings.dense.at(0) == wanted && rankings.united.at(0) == wanted;
  }
  EXPECT_LE(first_by_votes, kQueries / 2);
  EXPECT_GE(first_by_alignment, kQueries - 1);
}

TEST_F(CandidateFinderTest, SmallCataloguesAreSearchedWhole) {
  CandidateFinder finder(*backend_, model_);
  std::vector<Description> gallery;
  for (ImageId id = 1; id <= 10; ++id) {
    gallery.push_back(random_description());
    finder.add(id, gallery.back());
  }
  // Without a single local code nothing proposes a position.
  Description query = gallery[6];
  query.raw = query.relit = {};
  EXPECT_TRUE(find(finder, query, 10).dense.empty());
  options_.dense_images = 10;
  EXPECT_EQ(find(finder, query, 10).dense.at(0), 7);
}

TEST_F(CandidateFinderTest, NoRankingIsLongerThanAskedForOrNamesAnImageTwice) {
  CandidateFinder finder(*backend_, model_);
  for (ImageId id = 1; id <= 30; ++id) finder.add(7 * id, random_description());
  for (const int count : {1, 5, 29, 100}) {
    const Rankings rankings = find(finder, random_description(), count);
    for (std::vector<ImageId> ranking :
         {rankings.votes, rankings.dense, rankings.global, rankings.united}) {
      EXPECT_LE(ranking.size(), static_cast<std::size_t>(count));
      std::sort(ranking.begin(), ranking.end());
      EXPECT_EQ(std::adjacent_find(ranking.begin(), ranking.end()), ranking.end());
    }
    EXPECT_EQ(rankings.united.size(), static_cast<std::size_t>(std::min(count, 30)));
  }
}

TEST_F(CandidateFinderTest, WhatIsLeftOutIsInNoRanking) {
  CandidateFinder finder(*backend_, model_);
  const Description query = random_description();
  finder.add(1, random_description());
  finder.add(2, query);
  finder.add(3, random_description());
  EXPECT_EQ(find(finder, query, 3).united.at(0), 2);
  const Rankings rankings = find(finder, query, 3, ImageId{2});
  for (const auto& ranking : {rankings.votes, rankings.dense, rankings.global, rankings.united}) {
    EXPECT_THAT(ranking, testing::Not(testing::Contains(2)));
  }
}

TEST_F(CandidateFinderTest, EmptyCataloguesAndEmptyPhotosGiveNothing) {
  CandidateFinder finder(*backend_, model_);
  EXPECT_TRUE(find(finder, random_description(), 5).united.empty());
  finder.add(1, random_description());
  Description empty;
  empty.global.assign(4, 0);
  EXPECT_TRUE(find(finder, empty, 5).dense.empty());
}

}  // namespace
}  // namespace pressmark::candidates
