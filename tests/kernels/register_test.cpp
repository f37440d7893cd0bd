// SPDX-License-Identifier: Apache-2.0
#include "conformance.hpp"
#include "planted_pairs.hpp"

namespace pressmark::kernels {
namespace {

constexpr float kThreshold_px = 4;

class RegisterTest : public BackendTest {
 protected:
  Registration registration(const std::vector<PointPair>& pairs) const {
    Registration result;
    result.inliers = {99};  // left over from an earlier call
    backend_->register_pairs({&pairs, 1}, kThreshold_px, {&result, 1});
    return result;
  }

  void expect_recovered(const Map& map, TransformKind kind) const {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const Registration result = registration(planted_pairs(map, 60, 60, 1.0, seed));
      ASSERT_TRUE(result.found) << seed;
      EXPECT_EQ(result.kind, kind) << seed;
      EXPECT_LT(corner_error(result.hit_from_query, map), 2.5) << seed;
      EXPECT_EQ(result.hit_from_query[8], 1.0);
      // The right pairs come first; a few wrong ones may lie close by chance.
      EXPECT_GE(std::count_if(result.inliers.begin(), result.inliers.end(),
                              [](int index) { return index < 60; }),
                58);
      EXPECT_LE(result.inliers.size(), 64u);
      EXPECT_TRUE(std::is_sorted(result.inliers.begin(), result.inliers.end()));
    }
  }

  // Wherever something was found it must be a map that a photo can be taken through.
  void expect_plausible(const std::vector<PointPair>& pairs) const {
    const Registration result = registration(pairs);
    if (!result.found) {
      EXPECT_TRUE(result.inliers.empty());
      return;
    }
    for (double value : result.hit_from_query) EXPECT_TRUE(std::isfinite(value));
    for (int index : result.inliers) {
      ASSERT_GE(index, 0);
      ASSERT_LT(index, static_cast<int>(pairs.size()));
      const PointPair& pair = pairs[static_cast<std::size_t>(index)];
      const PointPair at = mapped(result.hit_from_query, pair.query_x, pair.query_y);
      EXPECT_LE(std::hypot(at.hit_x - pair.hit_x, at.hit_y - pair.hit_y), kThreshold_px + 0.01);
    }
    const Map& m = result.hit_from_query;
    if (result.kind != TransformKind::kHomography) {
      const double determinant = m[0] * m[4] - m[1] * m[3];
      EXPECT_GT(determinant, 1 / 256.1);
      EXPECT_LT(determinant, 256.1);
    }
  }
};
PRESSMARK_ON_ALL_BACKENDS(RegisterTest);

TEST_P(RegisterTest, RecoversASimilarity) {
  expect_recovered(kSimilarityMap, TransformKind::kSimilarity);
}
TEST_P(RegisterTest, RecoversAnAffinity) {
  expect_recovered(kAffineMap, TransformKind::kAffine);
}
TEST_P(RegisterTest, RecoversAHomography) {
  expect_recovered(kHomographyMap, TransformKind::kHomography);
}

TEST_P(RegisterTest, TheIdentityIsASimilarity) {
  const Map identity{1, 0, 0, 0, 1, 0, 0, 0, 1};
  const Registration result = registration(planted_pairs(identity, 100, 0, 0, 1));
  ASSERT_TRUE(result.found);
  EXPECT_EQ(result.kind, TransformKind::kSimilarity);
  EXPECT_EQ(result.inliers.size(), 100u);
  EXPECT_LT(corner_error(result.hit_from_query, identity), 0.01);
}

TEST_P(RegisterTest, AHalfTurnIsNoMirror) {
  const Map turn{-1, 0, 500, 0, -1, 400, 0, 0, 1};
  const Registration result = registration(planted_pairs(turn, 40, 20, 0.5, 2));
  ASSERT_TRUE(result.found);
  EXPECT_LT(corner_error(result.hit_from_query, turn), 2);
}

TEST_P(RegisterTest, NeverAcceptsMirroredPairs) {
  for (const Map& mirror :
       {Map{-1, 0, 500, 0, 1, 0, 0, 0, 1}, Map{0.8, 0, 9, 0, -0.8, 330, 0, 0, 1},
        Map{0, 1, 0, 1, 0, 0, 0, 0, 1}}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto pairs = planted_pairs(mirror, 60, 20, 0.5, seed);
      const Registration result = registration(pairs);
      // A narrow strip of a mirrored set can pass as something else; the set as such cannot.
      EXPECT_LT(result.inliers.size(), 20u) << seed;
      expect_plausible(pairs);
    }
  }
}

TEST_P(RegisterTest, RefusesExtremeChangesOfScale) {
  for (double scale : {0.02, 40.0}) {
    const Map map{scale, 0, 0, 0, scale, 0, 0, 0, 1};
    const auto pairs = planted_pairs(map, 50, 0, 0, 3);
    const Registration result = registration(pairs);
    EXPECT_TRUE(!result.found || scale < 1) << scale;
    expect_plausible(pairs);
  }
}

TEST_P(RegisterTest, FewerThanThreePairsGiveNothing) {
  EXPECT_FALSE(registration({}).found);
  EXPECT_FALSE(registration({{0, 0, 1, 1}}).found);
  const Registration two = registration({{0, 0, 1, 1}, {10, 0, 11, 1}});
  EXPECT_FALSE(two.found);
  EXPECT_TRUE(two.inliers.empty());
}

TEST_P(RegisterTest, ThreeToFivePairsAreHandled) {
  for (int count : {3, 4, 5}) expect_plausible(planted_pairs(kAffineMap, count, 0, 0, 4));
}

TEST_P(RegisterTest, DegenerateSetsAreRefusedOrPlausible) {
  std::vector<PointPair> line, equal, one_to_many, many_to_one, two_places;
  for (int i = 0; i < 40; ++i) {
    const auto t = static_cast<float>(i);
    line.push_back({10 * t, 5 * t, 9 * t + 3, 6 * t + 7});
    equal.push_back({50, 60, 70, 80});
    one_to_many.push_back({50, 60, 10 * t, 7 * t * t / 40});
    many_to_one.push_back({10 * t, 7 * t * t / 40, 50, 60});
    two_places.push_back(i % 2 == 0 ? PointPair{0, 0, 5, 5} : PointPair{90, 10, 95, 15});
  }
  expect_plausible(line);
  expect_plausible(equal);
  expect_plausible(one_to_many);
  expect_plausible(many_to_one);
  expect_plausible(two_places);
  EXPECT_FALSE(registration(equal).found);
  EXPECT_FALSE(registration(one_to_many).found);
}

TEST_P(RegisterTest, PairsByChanceFindLittle) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto pairs = planted_pairs(kAffineMap, 0, 80, 0, seed);
    expect_plausible(pairs);
    EXPECT_LT(registration(pairs).inliers.size(), 12u) << seed;
  }
}

TEST_P(RegisterTest, RepeatsExactlyAndABatchEqualsSingleCalls) {
  backend_->register_pairs({}, kThreshold_px, {});
  const std::vector<PointPair> sets[] = {planted_pairs(kHomographyMap, 40, 40, 1, 5),
                                         planted_pairs(kSimilarityMap, 30, 90, 1, 6),
                                         {},
                                         planted_pairs(kAffineMap, 20, 10, 1, 7)};
  Registration outputs[4];
  backend_->register_pairs(sets, kThreshold_px, outputs);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(equal(outputs[i], registration(sets[i]))) << i;
  }
}

}  // namespace
}  // namespace pressmark::kernels
