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

// One image in a thousand is selected, and far more others than candidates resemble the query more.
TEST_F(CandidateFinderTest, CandidatesAreTheBestOfTheSelectedNotTheSelectedOfTheBest) {
  constexpr int kImages = 2000, kCount = 1, kQueries = 4, kLookalikes = 5;
  constexpr std::size_t kKept = 6;  // raw codes
  CandidateFinder finder(*backend_, model_);
  std::vector<Description> mates;
  for (ImageId id = 1; id <= kImages; ++id) {
    const Description description = random_description();
    finder.add(id, description);
    if (id <= kQueries) mates.push_back(description);
  }
  std::vector<Description> queries;
  ImageId next = kImages;
  for (const Description& mate : mates) {
    Description query = seen_again(mate);
    std::copy_n(mate.raw.keypoints.begin(), kKept, query.raw.keypoints.begin());
    std::copy_n(mate.raw.codes.begin(), kKept * kLocalCodeSize, query.raw.codes.begin());
    assign_words(query);
    for (int copy = 0; copy < kLookalikes; ++copy) finder.add(++next, query);
    queries.push_back(std::move(query));
  }
  for (std::size_t i = 0; i < kQueries; ++i) {
    const auto mate = static_cast<ImageId>(i + 1);
    const index::ImageSelection selection(std::vector<ImageId>{mate, kImages / 2 + mate});
    options_.dense_images = 0;
    EXPECT_GT(find(finder, queries[i], kCount).united.at(0), kImages);  // a lookalike
    for (const int dense_images : {0, 500}) {
      options_.dense_images = dense_images;
      const Rankings rankings = find(finder, queries[i], kCount, std::nullopt, &selection);
      EXPECT_THAT(rankings.votes, testing::ElementsAre(mate));
      EXPECT_THAT(rankings.dense, testing::ElementsAre(mate));
      EXPECT_THAT(rankings.united, testing::ElementsAre(mate));
      EXPECT_EQ(rankings.global.size(), 1u);
      for (const ImageId id : rankings.global) EXPECT_TRUE(selection.contains(id)) << id;
    }
  }
}

TEST_F(CandidateFinderTest, ASelectionIsRankedLikeACatalogueOfItsImagesAlone) {
  CandidateFinder all(*backend_, model_), alone(*backend_, model_);
  index::ImageSelection selection;
  for (ImageId id = 1; id <= 400; ++id) {
    const Description description = random_description();
    all.add(id, description);
    if (id % 7 != 0) continue;
    alone.add(id, description);
    selection.append(id);
  }
  for (const int dense_images : {0, 100}) {
    options_.dense_images = dense_images;
    for (int i = 0; i < 2; ++i) {
      const Description query = random_description();
      const Rankings filtered = find(all, query, 20, std::nullopt, &selection);
      const Rankings expected = find(alone, query, 20);
      EXPECT_EQ(filtered.votes, expected.votes);
      EXPECT_EQ(filtered.dense, expected.dense);
      EXPECT_EQ(filtered.global, expected.global);
      EXPECT_EQ(filtered.united, expected.united);
    }
  }
}

TEST_F(CandidateFinderTest, AsManyCandidatesAsAreSelectedNameThemAll) {
  CandidateFinder finder(*backend_, model_);
  for (ImageId id = 1; id <= 200; ++id) finder.add(id, random_description());
  const std::vector<ImageId> ids = {5, 77, 130, 199};
  const index::ImageSelection selection(ids);
  EXPECT_THAT(find(finder, random_description(), 4, std::nullopt, &selection).united,
              testing::UnorderedElementsAreArray(ids));
  const index::ImageSelection nothing, absent(std::vector<ImageId>{500, 600});
  EXPECT_TRUE(find(finder, random_description(), 4, std::nullopt, &nothing).united.empty());
  EXPECT_TRUE(find(finder, random_description(), 4, std::nullopt, &absent).united.empty());
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
