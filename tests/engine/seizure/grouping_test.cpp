// SPDX-License-Identifier: Apache-2.0
#include "engine/seizure/grouping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace pressmark::seizure {
namespace {

using Photos = std::vector<PhotoIndex>;

constexpr GroupingRule kRule{6.0, 0.25};

std::vector<Photos> photos_of(const std::vector<PhotoGroup>& groups) {
  std::vector<Photos> lists;
  for (const PhotoGroup& group : groups) lists.push_back(group.photos);
  return lists;
}

// All pairs of [first, last) with this score.
void add_clique(std::vector<ComparedPair>& pairs, PhotoIndex first, PhotoIndex last, double score) {
  for (PhotoIndex a = first; a < last; ++a) {
    for (PhotoIndex b = a + 1; b < last; ++b) pairs.push_back({a, b, score});
  }
}

void add_unlinked(std::vector<ComparedPair>& pairs, const Photos& left, const Photos& right) {
  for (const PhotoIndex a : left) {
    for (const PhotoIndex b : right) {
      const bool is_known = std::any_of(pairs.begin(), pairs.end(), [&](const ComparedPair& pair) {
        return pair.a == std::min(a, b) && pair.b == std::max(a, b);
      });
      if (!is_known) pairs.push_back({std::min(a, b), std::max(a, b), 0});
    }
  }
}

// In [0, 1), in steps of 10^-5.
double share(std::mt19937& random) {
  return static_cast<double>(random() % 100'000) / 1e5;
}

TEST(GroupingTest, PhotosWithoutLinksAreGroupsOfTheirOwn) {
  const auto groups = group_photos(3, std::vector<ComparedPair>{{0, 1, 0}}, {}, {}, kRule);
  EXPECT_EQ(photos_of(groups), (std::vector<Photos>{{0}, {1}, {2}}));
  EXPECT_FALSE(groups[0].weakest);
  EXPECT_TRUE(group_photos(0, {}, {}, {}, kRule).empty());
}

TEST(GroupingTest, ASureLinkJoinsTwoPhotosAndAWeakOneDoesNot) {
  const std::vector<ComparedPair> pairs{{0, 1, 6.5}, {2, 3, 5.5}};
  const auto groups = group_photos(4, pairs, {}, {}, kRule);
  EXPECT_EQ(photos_of(groups), (std::vector<Photos>{{0, 1}, {2}, {3}}));
  ASSERT_TRUE(groups[0].weakest);
  EXPECT_EQ(groups[0].weakest->score, 6.5);
}

TEST(GroupingTest, AThirdPhotoSupportsWeakLinks) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 3, 4.0);
  EXPECT_EQ(photos_of(group_photos(3, pairs, {}, {}, kRule)), (std::vector<Photos>{{0, 1, 2}}));
}

TEST(GroupingTest, AChainOfWeakLinksHoldsNothingTogether) {
  const std::vector<ComparedPair> pairs{{0, 1, 4}, {1, 2, 4}, {2, 3, 4}, {0, 2, 0}, {1, 3, 0}};
  EXPECT_EQ(photos_of(group_photos(4, pairs, {}, {}, kRule)),
            (std::vector<Photos>{{0}, {1}, {2}, {3}}));
}

TEST(GroupingTest, AWeakBridgeBetweenTwoMarksIsCut) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 4, 8.0);
  add_clique(pairs, 4, 8, 8.0);
  pairs.push_back({3, 4, 4.5});
  add_unlinked(pairs, {0, 1, 2, 3}, {4, 5, 6, 7});
  EXPECT_EQ(photos_of(group_photos(8, pairs, {}, {}, kRule)),
            (std::vector<Photos>{{0, 1, 2, 3}, {4, 5, 6, 7}}));
}

TEST(GroupingTest, EvenAStrongBridgeIsCutWhereAllOtherPairsSpeakAgainstIt) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 4, 8.0);
  add_clique(pairs, 4, 8, 8.0);
  pairs.push_back({3, 4, 7.0});
  add_unlinked(pairs, {0, 1, 2, 3}, {4, 5, 6, 7});
  EXPECT_EQ(group_photos(8, pairs, {}, {}, kRule).size(), 2u);
}

TEST(GroupingTest, PairsThatWereNotComparedSpeakForNothing) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 4, 8.0);
  add_clique(pairs, 4, 8, 8.0);
  pairs.push_back({3, 4, 7.0});
  EXPECT_EQ(group_photos(8, pairs, {}, {}, kRule).size(), 1u);
}

TEST(GroupingTest, TheWeakestLinkIsTheOneThatHoldsTheGroupTogether) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 3, 9.0);
  pairs.push_back({2, 3, 6.2});
  pairs.push_back({1, 3, 6.1});  // not needed: 2-3 is stronger
  const auto groups = group_photos(4, pairs, {}, {}, kRule);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].weakest->a, 2u);
  EXPECT_EQ(groups[0].weakest->b, 3u);
}

TEST(GroupingTest, StatementsGoBeforeLinks) {
  std::vector<ComparedPair> pairs;
  add_clique(pairs, 0, 3, 9.0);
  pairs.push_back({3, 4, 0});
  const std::vector<PhotoPair> together{{3, 4}}, apart{{0, 2}};
  const auto groups = group_photos(5, pairs, together, apart, kRule);
  for (const PhotoGroup& group : groups) {
    EXPECT_FALSE(std::ranges::find(group.photos, 0u) != group.photos.end() &&
                 std::ranges::find(group.photos, 2u) != group.photos.end());
  }
  EXPECT_EQ(groups.back().photos, (Photos{3, 4}));
  EXPECT_FALSE(groups.back().weakest);
  // A rejected pair keeps apart what statements would join by a detour.
  const std::vector<PhotoPair> detour{{0, 1}, {1, 2}};
  EXPECT_EQ(group_photos(3, {}, detour, apart, kRule).size(), 2u);
}

TEST(GroupingTest, TheOrderOfPairsDoesNotMatter) {
  std::mt19937 random(7);
  std::vector<ComparedPair> pairs;
  for (PhotoIndex a = 0; a < 40; ++a) {
    for (PhotoIndex b = a + 1; b < 40; ++b) {
      const bool is_mate = a / 5 == b / 5;
      if (random() % 3 == 0) continue;
      const double score = is_mate && random() % 2 == 0 ? 4 + 4 * share(random)
                           : random() % 40 == 0         ? 3.5 + share(random)
                                                        : 0;
      pairs.push_back({a, b, score});
    }
  }
  const auto expected = photos_of(group_photos(40, pairs, {}, {}, kRule));
  EXPECT_GT(expected.size(), 5u);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(pairs.begin(), pairs.end(), random);
    EXPECT_EQ(photos_of(group_photos(40, pairs, {}, {}, kRule)), expected);
  }
}

// 60 marks of 5 photos whose links are found with probability 1/2, and false links as many as a
// seizure of some thousand photos has: every photo has one.
TEST(GroupingTest, PlantedMarksSurviveChanceLinks) {
  std::mt19937 random(3);
  const auto tail = [&] { return -std::log10(1 - share(random)); };
  constexpr PhotoIndex kPhotos = 300;
  std::vector<ComparedPair> pairs;
  for (PhotoIndex a = 0; a < kPhotos; ++a) {
    for (PhotoIndex b = a + 1; b < kPhotos; ++b) {
      double score = 0;
      if (a / 5 == b / 5) {
        if (random() % 2 == 0) score = 5 + 2 * tail();
      } else if (random() % kPhotos == 0) {
        score = 3.5 + tail();
      }
      pairs.push_back({a, b, score});
    }
  }
  const auto groups = group_photos(kPhotos, pairs, {}, {}, {sure_score(kPhotos, 0.1, 3.5), 0.25});
  int together = 0, mixed = 0;
  for (const PhotoGroup& group : groups) {
    for (std::size_t i = 0; i < group.photos.size(); ++i) {
      for (std::size_t j = i + 1; j < group.photos.size(); ++j) {
        (group.photos[i] / 5 == group.photos[j] / 5 ? together : mixed) += 1;
      }
    }
  }
  EXPECT_GT(together, 300);  // of 600, of which half are linked
  EXPECT_LE(mixed, 12);
}

TEST(GroupingTest, TheSureScoreGrowsWithTheSeizure) {
  EXPECT_DOUBLE_EQ(sure_score(2000, 0.1, 3.5), std::log10(1999000 / 0.1));
  EXPECT_EQ(sure_score(10, 1.0, 3.5), 3.5);
  EXPECT_EQ(sure_score(1, 0.1, 3.5), 3.5);
  EXPECT_EQ(sure_score(0, 0.1, 3.5), 3.5);
}

}  // namespace
}  // namespace pressmark::seizure
