// SPDX-License-Identifier: Apache-2.0
#include <numbers>

#include "stage_runs.hpp"
#include "tests/kernels/planted_pairs.hpp"

namespace pressmark::kernels {
namespace {

constexpr float kThreshold_px = 9;

Keypoint random_keypoint(std::mt19937_64& random) {
  return {static_cast<float>(uniform(random, 0, 500)), static_cast<float>(uniform(random, 0, 400)),
          static_cast<float>(uniform(random, 3, 20)),
          static_cast<float>(uniform(random, 0, 2 * std::numbers::pi))};
}

// `right` pairs of kSimilarityMap with noise, among `wrong` ones.
std::vector<KeypointPair> keypoint_pairs(int right, int wrong, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<KeypointPair> pairs;
  for (int i = 0; i < right + wrong; ++i) {
    const Keypoint query = random_keypoint(random);
    Keypoint hit = random_keypoint(random);
    // Right and wrong ones in turn, as far as there are.
    if (i % 2 == 0 ? i / 2 < right : i / 2 >= wrong) {
      const PointPair at = mapped(kSimilarityMap, query.x_px, query.y_px);
      hit.x_px = at.hit_x + static_cast<float>(uniform(random, -3, 3));
      hit.y_px = at.hit_y + static_cast<float>(uniform(random, -3, 3));
      hit.size_px = query.size_px * static_cast<float>(uniform(random, 0.8, 1.0));
      hit.angle_rad = query.angle_rad + static_cast<float>(uniform(random, 0.3, 0.7));
    }
    pairs.push_back({query, hit});
  }
  return pairs;
}

// The i-th pair twice more, turned: other keypoints at the same place.
std::vector<KeypointPair> at_few_places(std::vector<KeypointPair> pairs) {
  for (std::size_t i = 0, count = pairs.size(); i < 2 * count; ++i) {
    pairs.push_back(pairs[i]);
    pairs.back().query.angle_rad += 1;
    pairs.back().hit.angle_rad += 1;
  }
  return pairs;
}

// All of them twice, the second time elsewhere in the hit: two groups of one size.
std::vector<KeypointPair> in_two_groups(std::vector<KeypointPair> pairs) {
  for (std::size_t i = 0, count = pairs.size(); i < count; ++i) {
    pairs.push_back(pairs[i]);
    pairs.back().query.x_px += 40;
    pairs.back().hit.y_px += 300;
  }
  return pairs;
}

std::vector<std::vector<KeypointPair>> many_small_sets() {
  std::vector<std::vector<KeypointPair>> sets;
  for (int i = 0; i < 40; ++i) {
    sets.push_back(keypoint_pairs(i % 7, i / 4, static_cast<std::uint64_t>(100 + i)));
  }
  return sets;
}

std::vector<KeypointPair> equal_pairs(std::size_t count) {
  return std::vector<KeypointPair>(count, keypoint_pairs(1, 0, 3)[0]);
}

// Of the eight best hypotheses a first one passes through the map that a later one ends in, and
// comes to nothing. Found by reducing what a photo gave.
std::vector<KeypointPair> with_a_map_passed_through() {
  return {{{136, 176, 3, 8}, {230, 246, 4, 5}},       {{110, 180, 4, 8.5f}, {240, 240, 4, 5.3f}},
          {{80, 200, 2, 9}, {252, 220, 2.25f, 6}},    {{120, 180, 4, 7}, {230, 240, 4, 4}},
          {{131.5f, 180, 4, 6.5f}, {240, 240, 4, 3}}, {{100, 200, 2.25f, 8}, {230, 225, 4, 5}},
          {{120, 200, 4, 9}, {225, 230, 4, 6}},       {{112, 195, 2.25f, 3}, {220, 230, 4, 6}},
          {{123, 120, 2, 4}, {247.312f, 290, 2, 1}}};
}

std::vector<double> consensus(const Backend& backend,
                              const std::vector<std::vector<KeypointPair>>& sets) {
  std::vector<Consensus> outputs(sets.size(), {99, {9, 9, 9, 9, 9, 9}, {99}});
  backend.find_consensus(sets, kThreshold_px, outputs);
  std::vector<double> numbers;
  for (const Consensus& found : outputs) {
    numbers.push_back(found.places);
    numbers.insert(numbers.end(), found.hit_from_query.begin(), found.hit_from_query.end());
    numbers.push_back(static_cast<double>(found.agreeing.size()));
    numbers.insert(numbers.end(), found.agreeing.begin(), found.agreeing.end());
  }
  return numbers;
}

StageRun consensus_run(const char* name, std::vector<std::vector<KeypointPair>> sets) {
  return {name, 0,
          [sets = std::move(sets)](const Backend& backend) { return consensus(backend, sets); }};
}

std::vector<double> registration(const Backend& backend,
                                 const std::vector<std::vector<PointPair>>& sets) {
  std::vector<Registration> outputs(sets.size());
  backend.register_pairs(sets, kThreshold_px / 3, outputs);
  std::vector<double> numbers;
  for (const Registration& found : outputs) {
    numbers.push_back(found.found ? 1 : 0);
    numbers.push_back(static_cast<double>(found.kind));
    numbers.insert(numbers.end(), found.hit_from_query.begin(), found.hit_from_query.end());
    numbers.push_back(static_cast<double>(found.inliers.size()));
    numbers.insert(numbers.end(), found.inliers.begin(), found.inliers.end());
  }
  return numbers;
}

StageRun registration_run(const char* name, std::vector<std::vector<PointPair>> sets) {
  return {name, 0,
          [sets = std::move(sets)](const Backend& backend) { return registration(backend, sets); }};
}

}  // namespace

std::vector<StageRun> geometry_runs() {
  return {
      consensus_run("ConsensusOfNoSets", {}),
      consensus_run("ConsensusOfEmptySets", {{}, {}}),
      consensus_run("ConsensusOfOneToFivePairs",
                    {keypoint_pairs(1, 0, 4), keypoint_pairs(2, 0, 5), keypoint_pairs(3, 0, 6),
                     keypoint_pairs(4, 0, 7), keypoint_pairs(5, 0, 8)}),
      consensus_run("ConsensusOfSetsOfManySizes", {keypoint_pairs(20, 40, 9),
                                                   {},
                                                   keypoint_pairs(0, 33, 10),
                                                   keypoint_pairs(31, 1, 11),
                                                   keypoint_pairs(60, 5, 12)}),
      consensus_run("ConsensusOfMorePairsThanAVoteTile", {keypoint_pairs(40, 270, 13)}),
      consensus_run("ConsensusOfPairsAtFewPlaces", {at_few_places(keypoint_pairs(23, 10, 14))}),
      consensus_run("ConsensusOfTwoEqualGroups", {in_two_groups(keypoint_pairs(12, 0, 18))}),
      consensus_run("ConsensusOfManySmallSets", many_small_sets()),
      consensus_run("ConsensusOfEqualPairs", {equal_pairs(40)}),
      consensus_run("ConsensusWhereAMapIsPassedThrough", {with_a_map_passed_through()}),
      registration_run("RegistrationOfNoSets", {}),
      registration_run("RegistrationOfSets", {planted_pairs(kHomographyMap, 30, 20, 1, 15),
                                              {},
                                              planted_pairs(kSimilarityMap, 2, 0, 0, 16),
                                              planted_pairs(kAffineMap, 20, 10, 1, 17)}),
  };
}

}  // namespace pressmark::kernels
