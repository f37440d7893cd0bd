// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "conformance.hpp"
#include "planted_pairs.hpp"

namespace pressmark::kernels {
namespace {

constexpr float kThreshold_px = 4;
constexpr auto kPi = std::numbers::pi_v<float>;

Map map_of(const Consensus& consensus) {
  const auto& m = consensus.hit_from_query;
  return {m[0], m[1], m[2], m[3], m[4], m[5], 0, 0, 1};
}

// The pair of a keypoint and its image under an affinity.
KeypointPair mapped_pair(const Map& map, const Keypoint& query) {
  const PointPair place = mapped(map, query.x_px, query.y_px);
  const double turn = std::atan2(map[3] - map[1], map[0] + map[4]);
  const double scale = std::sqrt(map[0] * map[4] - map[1] * map[3]);
  return {query,
          {place.hit_x, place.hit_y, static_cast<float>(query.size_px * scale),
           static_cast<float>(std::fmod(query.angle_rad + turn + 2 * kPi, 2 * kPi))}};
}

Keypoint random_keypoint(std::mt19937_64& random) {
  return {static_cast<float>(uniform(random, 0, 500)), static_cast<float>(uniform(random, 0, 400)),
          static_cast<float>(uniform(random, 3, 20)),
          static_cast<float>(uniform(random, 0, 2 * kPi))};
}

// `right` pairs first, with what detection adds: 1 px, 10 % of size, 0.1 rad; `wrong` ones after
// them.
std::vector<KeypointPair> planted(const Map& map, int right, int wrong, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<KeypointPair> pairs;
  for (int i = 0; i < right + wrong; ++i) {
    KeypointPair pair = mapped_pair(map, random_keypoint(random));
    if (i < right) {
      pair.hit.x_px += static_cast<float>(uniform(random, -1, 1));
      pair.hit.y_px += static_cast<float>(uniform(random, -1, 1));
      pair.hit.size_px *= static_cast<float>(uniform(random, 0.9, 1.1));
      pair.hit.angle_rad += static_cast<float>(uniform(random, -0.1, 0.1));
    } else {
      pair.hit = random_keypoint(random);
    }
    pairs.push_back(pair);
  }
  return pairs;
}

class ConsensusTest : public BackendTest {
 protected:
  Consensus consensus(const std::vector<KeypointPair>& pairs) const {
    Consensus result{99, {9, 9, 9, 9, 9, 9}, {99}};  // left over from an earlier call
    backend_->find_consensus({&pairs, 1}, kThreshold_px, {&result, 1});
    EXPECT_TRUE(std::is_sorted(result.agreeing.begin(), result.agreeing.end()));
    EXPECT_LE(result.places, static_cast<int>(result.agreeing.size()));
    for (int index : result.agreeing) {
      const auto& pair = pairs.at(static_cast<std::size_t>(index));
      const PointPair at = mapped(map_of(result), pair.query.x_px, pair.query.y_px);
      EXPECT_LE(std::hypot(at.hit_x - pair.hit.x_px, at.hit_y - pair.hit.y_px),
                kThreshold_px + 0.01);
    }
    return result;
  }

  void expect_nothing(const std::vector<KeypointPair>& pairs) const {
    const Consensus result = consensus(pairs);
    EXPECT_EQ(result.places, 0);
    EXPECT_TRUE(result.agreeing.empty());
  }
};
PRESSMARK_ON_ALL_BACKENDS(ConsensusTest);

TEST_P(ConsensusTest, RecoversPlantedMapsAmongWrongPairs) {
  const Map identity{1, 0, 0, 0, 1, 0, 0, 0, 1}, half_turn{-1, 0, 500, 0, -1, 400, 0, 0, 1};
  for (const Map& map : {identity, half_turn, kSimilarityMap, kAffineMap}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Consensus found = consensus(planted(map, 40, 120, seed));
      EXPECT_GE(found.places, 36) << seed;
      EXPECT_LE(found.places, 43) << seed;
      EXPECT_LT(corner_error(map_of(found), map), 3) << seed;
      EXPECT_GE(std::count_if(found.agreeing.begin(), found.agreeing.end(),
                              [](int index) { return index < 40; }),
                38);
    }
  }
}

TEST_P(ConsensusTest, TheLargerOfTwoGroupsWins) {
  const Map other{0.6, 0.2, 30, -0.2, 0.6, 90, 0, 0, 1};
  std::vector<KeypointPair> pairs = planted(kSimilarityMap, 12, 0, 3);
  const std::vector<KeypointPair> more = planted(other, 20, 0, 4);
  pairs.insert(pairs.end(), more.begin(), more.end());
  const Consensus found = consensus(pairs);
  EXPECT_GE(found.places, 19);
  EXPECT_LT(corner_error(map_of(found), other), 4);
}

TEST_P(ConsensusTest, SizesAndAnglesMustAgreeToo) {
  const std::vector<KeypointPair> right = planted(kSimilarityMap, 30, 0, 5);
  for (const auto& [size_ratio, turn] : {std::pair{2.2f, 0.0f}, {0.4f, 0.0f}, {1.0f, 0.9f}}) {
    std::vector<KeypointPair> pairs = right;
    for (std::size_t i = 0; i < 10; ++i) {
      pairs[i].hit.size_px *= size_ratio;
      pairs[i].hit.angle_rad += turn;
    }
    const Consensus found = consensus(pairs);
    EXPECT_EQ(found.agreeing.size(), 20u) << size_ratio << ", " << turn;
    EXPECT_EQ(std::ranges::count_if(found.agreeing, [](int index) { return index < 10; }), 0);
  }
}

TEST_P(ConsensusTest, AnglesMayLieBeyondAFullTurn) {
  std::vector<KeypointPair> pairs = planted(kSimilarityMap, 30, 30, 6);
  const Consensus found = consensus(pairs);
  for (KeypointPair& pair : pairs) pair.query.angle_rad += 2 * kPi;
  EXPECT_EQ(consensus(pairs).agreeing, found.agreeing);
  for (KeypointPair& pair : pairs) {
    pair.query.angle_rad -= 2 * kPi;
    pair.hit.angle_rad -= 2 * kPi;
  }
  EXPECT_EQ(consensus(pairs).agreeing, found.agreeing);
}

TEST_P(ConsensusTest, KeypointsAtOnePlaceCountOnce) {
  const std::vector<KeypointPair> pairs = planted(kSimilarityMap, 20, 0, 7);
  std::vector<KeypointPair> twice = pairs;
  for (KeypointPair pair : pairs) {  // another orientation of the same places
    pair.query.angle_rad += 1;
    pair.hit.angle_rad += 1;
    twice.push_back(pair);
  }
  const Consensus one = consensus(pairs), two = consensus(twice);
  EXPECT_EQ(one.agreeing.size(), 20u);
  EXPECT_EQ(two.agreeing.size(), 40u);
  EXPECT_EQ(two.places, one.places);
  // Many places of the query at one of the hit are one place as well.
  std::vector<KeypointPair> crowd;
  for (int i = 0; i < 30; ++i) {
    const auto step = static_cast<float>(i % 5), row = static_cast<float>(i / 5);
    crowd.push_back({{100 + step, 100 + row, 5, 1}, {200 + 0.3f * step, 200 + 0.3f * row, 2, 1}});
  }
  expect_nothing(crowd);
}

TEST_P(ConsensusTest, FewerThanThreePlacesAreNone) {
  expect_nothing({});
  for (int count : {1, 2}) expect_nothing(planted(kSimilarityMap, count, 0, 8));
  EXPECT_EQ(consensus(planted(kSimilarityMap, 3, 0, 8)).places, 3);
  const KeypointPair same = planted(kSimilarityMap, 1, 0, 9)[0];
  expect_nothing(std::vector<KeypointPair>(40, same));
  std::vector<KeypointPair> two_places = planted(kSimilarityMap, 2, 0, 10);
  for (int i = 0; i < 10; ++i) two_places.push_back(two_places[static_cast<std::size_t>(i % 2)]);
  expect_nothing(two_places);
}

TEST_P(ConsensusTest, PlacesOnALineDoNotShearTheMap) {
  std::mt19937_64 random(11);
  std::vector<KeypointPair> pairs;
  for (int i = 0; i < 25; ++i) {
    const auto t = static_cast<float>(18 * i);
    KeypointPair pair = mapped_pair(kSimilarityMap, {t, 100 + 0.4f * t, 8, 1});
    pair.hit.x_px += static_cast<float>(uniform(random, -1, 1));
    pair.hit.y_px += static_cast<float>(uniform(random, -1, 1));
    pairs.push_back(pair);
  }
  const Consensus found = consensus(pairs);
  EXPECT_EQ(found.places, 25);
  const auto& m = found.hit_from_query;
  EXPECT_NEAR(std::sqrt(m[0] * m[4] - m[1] * m[3]), 0.9, 0.05);
  EXPECT_NEAR(std::atan2(m[3], m[0]), std::atan2(m[4], m[1]) - kPi / 2, 0.1);
}

TEST_P(ConsensusTest, MirroredAndHugelyScaledPlacesDoNotAgree) {
  const Map mirror{-1, 0, 500, 0, 1, 0, 0, 0, 1};
  std::mt19937_64 random(12);
  std::vector<KeypointPair> mirrored;
  for (int i = 0; i < 60; ++i) {
    const Keypoint query = random_keypoint(random);
    const PointPair place = mapped(mirror, query.x_px, query.y_px);
    mirrored.push_back(
        {query,
         {place.hit_x, place.hit_y, query.size_px, std::fmod(3 * kPi - query.angle_rad, 2 * kPi)}});
  }
  EXPECT_LT(consensus(mirrored).places, 12);
  for (double scale : {0.2, 5.0}) {
    expect_nothing(planted({scale, 0, 0, 0, scale, 0, 0, 0, 1}, 40, 0, 13));
  }
}

TEST_P(ConsensusTest, PairsByChanceFindLittle) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_LT(consensus(planted(kSimilarityMap, 0, 150, seed)).places, 8) << seed;
  }
}

TEST_P(ConsensusTest, RepeatsExactlyAndABatchEqualsSingleCalls) {
  backend_->find_consensus({}, kThreshold_px, {});
  const std::vector<KeypointPair> sets[] = {
      planted(kAffineMap, 40, 40, 14), {}, planted(kSimilarityMap, 30, 200, 15)};
  Consensus outputs[3];
  backend_->find_consensus(sets, kThreshold_px, outputs);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(equal(outputs[i], consensus(sets[i]))) << i;
  EXPECT_GT(outputs[2].places, 25);
}

}  // namespace
}  // namespace pressmark::kernels
