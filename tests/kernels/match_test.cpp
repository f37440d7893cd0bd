// SPDX-License-Identifier: Apache-2.0
#include "conformance.hpp"
#include "reference.hpp"

namespace pressmark::kernels {
namespace {

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

// One keypoint per place, with a code that has `value` at its first element and 100 at the next.
Side simple_side(const std::vector<std::pair<float, int>>& x_and_value) {
  Side side;
  for (const auto& [x, value] : x_and_value) {
    side.keypoints.push_back({x, 0, 4, 0});
    side.codes.resize(side.codes.size() + kLocalCodeSize, 0);
    side.codes[side.codes.size() - kLocalCodeSize] = static_cast<std::int8_t>(value);
    side.codes[side.codes.size() - kLocalCodeSize + 1] = 100;
  }
  return side;
}

class MatchTest : public BackendTest {
 protected:
  std::vector<CodeMatch> match(const CodesView& query, const CodesView& candidate,
                               float ratio) const {
    std::vector<CodeMatch> matches{{7, 7, 7}};  // left over from an earlier call
    backend_->match(query, {&candidate, 1}, ratio, {&matches, 1});
    return matches;
  }

  std::mt19937_64 random_{3};
};
PRESSMARK_ON_ALL_BACKENDS(MatchTest);

constexpr std::size_t kSizes[] = {0, 1, 3, 4, 5, 15, 16, 17, 511};

TEST_P(MatchTest, EqualsTheReferenceForAllSizes) {
  for (std::size_t queries : kSizes) {
    for (std::size_t candidates : kSizes) {
      const Side a = random_side(random_, queries), b = random_side(random_, candidates);
      for (float ratio : {0.95f, 1.0f}) {
        ASSERT_EQ(match(a, b, ratio), reference::match(a, b, ratio))
            << queries << " x " << candidates << ", ratio " << ratio;
      }
    }
  }
}

TEST_P(MatchTest, EqualsTheReferenceWhereMostMatch) {
  for (std::size_t count : {5u, 64u, 200u}) {
    const Side a = random_side(random_, count), b = disturbed(random_, a, 12);
    const auto matches = match(a, b, 0.9f);
    EXPECT_GT(matches.size(), count * 9 / 10);
    ASSERT_EQ(matches, reference::match(a, b, 0.9f));
  }
}

TEST_P(MatchTest, EqualsTheReferenceWithManyTiesAndDuplicates) {
  // Codes of two values at two places: nearly all distances are equal to others.
  for (std::size_t count : {4u, 17u, 90u}) {
    Side a = random_side(random_, count, 25), b = random_side(random_, count + 3, 25);
    for (Side* side : {&a, &b}) {
      for (std::size_t i = 0; i < side->codes.size(); ++i) {
        side->codes[i] = i % kLocalCodeSize < 3 && random_() % 2 == 0 ? 50 : 0;
      }
    }
    for (float ratio : {0.8f, 1.0f}) {
      ASSERT_EQ(match(a, b, ratio), reference::match(a, b, ratio));
    }
  }
}

TEST_P(MatchTest, ExtremeCodesAreExact) {
  Side a = random_side(random_, 9), b = random_side(random_, 20);
  for (Side* side : {&a, &b}) {
    for (std::int8_t& value : side->codes) value = random_() % 2 == 0 ? 127 : -127;
  }
  ASSERT_EQ(match(a, b, 1.0f), reference::match(a, b, 1.0f));
  const Side top{{Keypoint{}}, std::vector<std::int8_t>(kLocalCodeSize, 127)};
  const Side bottom{{Keypoint{}}, std::vector<std::int8_t>(kLocalCodeSize, -127)};
  const std::vector<CodeMatch> far = match(top, bottom, 1.0f);
  ASSERT_EQ(far.size(), 1u);
  EXPECT_EQ(far[0].distance, 16.0f);
}

TEST_P(MatchTest, ATieGoesToTheLowestIndex) {
  const Side query = simple_side({{0, 50}});
  const Side twins = simple_side({{0, 0}, {100, 50}, {105, 50}});
  const std::vector<CodeMatch> matches = match(query, twins, 0.9f);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0], (CodeMatch{0, 1, 0}));
  const std::vector<CodeMatch> reverse = match(twins, query, 0.9f);
  ASSERT_EQ(reverse.size(), 1u);
  EXPECT_EQ(reverse[0], (CodeMatch{1, 0, 0}));
}

TEST_P(MatchTest, ARivalNearbyIsTheSamePlace) {
  const Side query = simple_side({{0, 50}});
  // At 10 px the equally good one is the same place, beyond it is a rival.
  EXPECT_EQ(match(query, simple_side({{100, 48}, {110, 48}, {300, -100}}), 0.8f).size(), 1u);
  EXPECT_EQ(match(query, simple_side({{100, 48}, {110.25f, 48}, {300, -100}}), 0.8f).size(), 0u);
}

TEST_P(MatchTest, TheRatioIsOfDistancesAndInclusive) {
  const Side query = simple_side({{0, 0}});
  const Side candidates = simple_side({{100, 20}, {200, 40}});
  EXPECT_EQ(match(query, candidates, 0.5f).size(), 1u);
  EXPECT_EQ(match(query, candidates, 0.49f).size(), 0u);
}

TEST_P(MatchTest, OnlyMutualNeighboursMatch) {
  const Side query = simple_side({{0, 10}, {50, 12}});
  const std::vector<CodeMatch> matches = match(query, simple_side({{100, 12}}), 0.9f);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0].query, 1);
}

TEST_P(MatchTest, ABatchEqualsSingleCallsAndMayBeEmpty) {
  const Side query = random_side(random_, 30);
  backend_->match(query, {}, 0.9f, {});
  const Side sides[] = {disturbed(random_, query, 10), Side{}, random_side(random_, 21)};
  const CodesView views[] = {sides[0], sides[1], sides[2]};
  std::vector<CodeMatch> outputs[3];
  backend_->match(query, views, 0.95f, outputs);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(outputs[i], match(query, views[i], 0.95f));
}

}  // namespace
}  // namespace pressmark::kernels
