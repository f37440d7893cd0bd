// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "conformance.hpp"
#include "reference.hpp"

namespace pressmark::kernels {
namespace {

using testing::IsEmpty;

struct Side {
  std::vector<Keypoint> keypoints;
  std::vector<std::int8_t> codes;
  operator CodesView() const { return {keypoints, codes}; }
};

Side random_side(std::mt19937_64& random, std::size_t count, double side_px = 400) {
  return {random_keypoints(random, count, side_px), random_codes(random, count)};
}

// The codes of `from`, each moved a little, in another order.
Side disturbed(std::mt19937_64& random, const Side& from, double noise) {
  Side result = from;
  const std::size_t count = from.keypoints.size();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      result.codes[(count - 1 - i) * kLocalCodeSize + d] = static_cast<std::int8_t>(
          from.codes[i * kLocalCodeSize + d] + uniform(random, -noise, noise));
    }
  }
  return result;
}

// What a photo of inverted contrast has.
Side with_inverted_codes(Side side, int even_size) {
  for (std::size_t i = 0; i < side.codes.size(); ++i) {
    if (static_cast<int>(i % kLocalCodeSize) >= even_size) {
      side.codes[i] = static_cast<std::int8_t>(-side.codes[i]);
    }
  }
  return side;
}

// One keypoint per place, with a code of zeros but for its first elements.
using Place = std::pair<float, std::vector<int>>;
Side simple_side(const std::vector<Place>& x_and_values) {
  Side side;
  for (const auto& [x, values] : x_and_values) {
    side.keypoints.push_back({x, 0, 4, 0});
    const std::size_t first = side.codes.size();
    side.codes.resize(first + kLocalCodeSize, 0);
    for (std::size_t d = 0; d < values.size(); ++d) {
      side.codes[first + d] = static_cast<std::int8_t>(values[d]);
    }
  }
  return side;
}

constexpr int kEvenSize = 24;

class MatchTest : public BackendTest {
 protected:
  SignedMatches match(const CodesView& query, const CodesView& candidate, float ratio,
                      int even_size = kEvenSize) const {
    SignedMatches matches{{{7, 7, 7}}, {{8, 8, 8}}};  // left over from an earlier call
    backend_->match(query, {&candidate, 1}, even_size, ratio, {&matches, 1});
    return matches;
  }

  void expect_as_reference(const CodesView& query, const CodesView& candidate, float ratio,
                           int even_size = kEvenSize) const {
    const SignedMatches found = match(query, candidate, ratio, even_size);
    const SignedMatches expected = reference::match(query, candidate, even_size, ratio);
    ASSERT_EQ(found.same, expected.same) << even_size << ", ratio " << ratio;
    ASSERT_EQ(found.inverted, expected.inverted) << even_size << ", ratio " << ratio;
  }

  std::mt19937_64 random_{3};
};
PRESSMARK_ON_ALL_BACKENDS(MatchTest);

constexpr std::size_t kSizes[] = {0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 511};

TEST_P(MatchTest, EqualsTheReferenceForAllSizes) {
  for (std::size_t queries : kSizes) {
    for (std::size_t candidates : kSizes) {
      const Side a = random_side(random_, queries), b = random_side(random_, candidates);
      for (float ratio : {0.95f, 1.0f}) {
        SCOPED_TRACE(std::to_string(queries) + " x " + std::to_string(candidates));
        expect_as_reference(a, b, ratio);
      }
    }
  }
}

TEST_P(MatchTest, EqualsTheReferenceForAllEvenSizes) {
  for (int even_size = 0; even_size <= kLocalCodeSize; even_size += 2) {
    const Side a = random_side(random_, 60), b = random_side(random_, 45);
    expect_as_reference(a, b, 0.95f, even_size);
  }
}

TEST_P(MatchTest, EqualsTheReferenceWhereMostMatch) {
  for (std::size_t count : {5u, 64u, 200u}) {
    const Side a = random_side(random_, count), b = disturbed(random_, a, 12);
    const SignedMatches found = match(a, b, 0.9f);
    EXPECT_GT(found.same.size(), count * 9 / 10);
    EXPECT_LT(found.inverted.size(), count / 2);
    expect_as_reference(a, b, 0.9f);
  }
}

TEST_P(MatchTest, InvertedContrastIsFoundUnderItsHypothesis) {
  for (std::size_t count : {5u, 64u, 200u}) {
    const Side a = random_side(random_, count);
    const Side b = with_inverted_codes(disturbed(random_, a, 12), kEvenSize);
    const SignedMatches found = match(a, b, 0.9f);
    EXPECT_GT(found.inverted.size(), count * 9 / 10);
    EXPECT_LT(found.same.size(), count / 2);
    expect_as_reference(a, b, 0.9f);
  }
}

TEST_P(MatchTest, InvertingTheQueryExchangesTheHypotheses) {
  const Side a = random_side(random_, 80), b = random_side(random_, 90);
  for (int even_size : {0, 2, 32, 62, 64}) {
    const SignedMatches found = match(a, b, 1.0f, even_size);
    const SignedMatches exchanged = match(with_inverted_codes(a, even_size), b, 1.0f, even_size);
    EXPECT_EQ(exchanged.same, found.inverted);
    EXPECT_EQ(exchanged.inverted, found.same);
    // Without odd elements there is nothing to tell them apart.
    EXPECT_EQ(found.same == found.inverted, even_size == 64);
  }
}

TEST_P(MatchTest, EqualsTheReferenceWithManyTiesAndDuplicates) {
  // Codes of two values at two places: nearly all similarities are equal to others.
  for (std::size_t count : {4u, 17u, 90u}) {
    Side a = random_side(random_, count, 25), b = random_side(random_, count + 3, 25);
    for (Side* side : {&a, &b}) {
      for (std::size_t i = 0; i < side->codes.size(); ++i) {
        side->codes[i] = i % kLocalCodeSize < 4 && random_() % 2 == 0 ? 60 : 0;
      }
    }
    for (float ratio : {0.8f, 1.0f}) expect_as_reference(a, b, ratio, 2);
  }
}

TEST_P(MatchTest, ExtremeCodesAreExact) {
  // A few elements of full scale, and the longest codes whose similarities have room beside the
  // index: embedded ones are nowhere near.
  Side a = random_side(random_, 9), b = random_side(random_, 20);
  for (int largest : {127, 63}) {
    for (Side* side : {&a, &b}) {
      for (std::size_t i = 0; i < side->codes.size(); ++i) {
        const bool used = largest < 127 || i % kLocalCodeSize == random_() % 3;
        side->codes[i] = static_cast<std::int8_t>(!used                ? 0
                                                  : random_() % 2 == 0 ? largest
                                                                       : -largest);
      }
    }
    for (int even_size : {0, 2, 64}) expect_as_reference(a, b, 1.0f, even_size);
    for (int even_size : {0, 2, 64}) expect_as_reference(a, b, 0.9f, even_size);
  }
}

TEST_P(MatchTest, DistancesAreOfUnitLengthCodes) {
  const Side one = simple_side({{0, {127}}});
  const auto distance = [&](const std::vector<int>& values, bool inverted = false) {
    const SignedMatches found = match(one, simple_side({{0, values}}), 1.0f, 0);
    const auto& matches = inverted ? found.inverted : found.same;
    EXPECT_EQ(matches.size(), 1u);
    return matches.empty() ? -1.0f : matches[0].distance;
  };
  EXPECT_EQ(distance({127}), 0);
  EXPECT_EQ(distance({-127}), 2);
  EXPECT_FLOAT_EQ(distance({0, 127}), std::sqrt(2.0f));
  EXPECT_EQ(distance({127}, true), 2);
  EXPECT_EQ(distance({-127}, true), 0);
  // Rounding makes codes a little longer than 127: nothing is nearer than 0.
  EXPECT_EQ(distance({127, 20}), 0);
  EXPECT_EQ(distance({-128}, true), 0);
}

TEST_P(MatchTest, ATieGoesToTheLowestIndex) {
  const Side query = simple_side({{0, {90, 90}}});
  const Side twins = simple_side({{0, {0, 127}}, {100, {90, 90}}, {105, {90, 90}}});
  const std::vector<CodeMatch> matches = match(query, twins, 0.9f).same;
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(std::pair(matches[0].query, matches[0].candidate), std::pair(0, 1));
  const std::vector<CodeMatch> reverse = match(twins, query, 0.9f).same;
  ASSERT_EQ(reverse.size(), 1u);
  EXPECT_EQ(std::pair(reverse[0].query, reverse[0].candidate), std::pair(1, 0));
}

TEST_P(MatchTest, ARivalNearbyIsTheSamePlace) {
  const Side query = simple_side({{0, {127}}});
  const std::vector<int> alike{120, 40}, other{0, 127};
  // At 10 px the equally good one is the same place, beyond it is a rival.
  const Side near = simple_side({{100, alike}, {110, alike}, {300, other}});
  const Side far = simple_side({{100, alike}, {110.25f, alike}, {300, other}});
  EXPECT_EQ(match(query, near, 0.8f).same.size(), 1u);
  EXPECT_THAT(match(query, far, 0.8f).same, IsEmpty());
  EXPECT_EQ(match(query, far, 1.0f).same.size(), 1u);
  EXPECT_THAT(match(with_inverted_codes(query, 0), far, 0.8f, 0).inverted, IsEmpty());
}

TEST_P(MatchTest, TheRatioIsOfDistancesAndInclusive) {
  // Similarities 0 and -3 in units of 127^2: squared distances 2 and 8, without rounding.
  const Side query = simple_side({{0, {127, 127, 127}}});
  const Side candidates = simple_side({{100, {}}, {200, {-127, -127, -127}}});
  EXPECT_EQ(match(query, candidates, 0.5f, 64).same.size(), 1u);
  EXPECT_THAT(match(query, candidates, 0.499f, 64).same, IsEmpty());
}

TEST_P(MatchTest, OnlyMutualNeighboursMatch) {
  const Side query = simple_side({{0, {100, 78}}, {50, {120, 40}}});
  const std::vector<CodeMatch> matches = match(query, simple_side({{100, {127}}}), 0.9f).same;
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0].query, 1);
}

TEST_P(MatchTest, TheMostKeypointsThatThereMayBe) {
  Side query = random_side(random_, 1), candidates = random_side(random_, kMaxKeypoints);
  std::copy_n(query.codes.begin(), kLocalCodeSize, candidates.codes.end() - kLocalCodeSize);
  const std::vector<CodeMatch> found = match(query, candidates, 0.9f).same;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].candidate, static_cast<int>(kMaxKeypoints) - 1);
  const std::vector<CodeMatch> reverse = match(candidates, query, 0.9f).same;
  ASSERT_EQ(reverse.size(), 1u);
  EXPECT_EQ(reverse[0].query, static_cast<int>(kMaxKeypoints) - 1);
}

TEST_P(MatchTest, ManyKeypointsOnBothSides) {
  constexpr std::size_t kCount = 2950;
  const Side query = random_side(random_, kCount, 1000);
  const std::vector<CodeMatch> found = match(query, disturbed(random_, query, 4), 0.9f).same;
  ASSERT_EQ(found.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(found[i].query, static_cast<int>(i));
    EXPECT_EQ(found[i].candidate, static_cast<int>(kCount - 1 - i));
  }
}

TEST_P(MatchTest, ABatchEqualsSingleCallsAndMayBeEmpty) {
  const Side query = random_side(random_, 30);
  backend_->match(query, {}, kEvenSize, 0.9f, {});
  const Side sides[] = {disturbed(random_, query, 10), Side{}, random_side(random_, 21)};
  const CodesView views[] = {sides[0], sides[1], sides[2]};
  SignedMatches outputs[3];
  backend_->match(query, views, kEvenSize, 0.95f, outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(equal(outputs[i], match(query, views[i], 0.95f))) << i;
  }
}

}  // namespace
}  // namespace pressmark::kernels
