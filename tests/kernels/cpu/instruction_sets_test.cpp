// SPDX-License-Identifier: Apache-2.0
//
// Every instruction set that the machine has gives the same bytes.
#include <array>

#include "kernels/byte_products.hpp"
#include "kernels/byte_tiles.hpp"
#include "tests/kernels/conformance.hpp"
#include "tests/kernels/cpu/every_target.hpp"
#include "tests/kernels/relief.hpp"

namespace pressmark::kernels {
namespace {

struct Described {
  GreyImage reduced, glare, relit;
  Light light;
  DenseCode dense;
  CohortStatistics cohort;
  DenseMatch dense_match, refined_match;
  std::vector<DenseCell> cells;
  std::vector<std::uint8_t> detail;
  LocalFeatures features;
  std::vector<std::int8_t> codes;
  std::vector<float> global;
  WordAssignment words;
  SignedMatches matches;
};

bool equal(const DenseMatch& a, const DenseMatch& b) {
  return a.score == b.score && a.position.linear == b.position.linear &&
         a.position.shift_x == b.position.shift_x && a.position.shift_y == b.position.shift_y;
}

bool equal(const std::vector<DenseCell>& a, const std::vector<DenseCell>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const DenseCell& one, const DenseCell& other) {
                      return one.x == other.x && one.y == other.y && one.side == other.side &&
                             one.shift_x == other.shift_x && one.shift_y == other.shift_y &&
                             one.score == other.score && one.agrees == other.agrees;
                    });
}

Described describe(const GreyImage& photo, const GreyImage& other) {
  std::mt19937_64 random(7);
  const std::vector<std::int8_t> words = random_codes(random, 301);
  const std::vector<float> mean = uniform_values(random, kDescriptorSize, 0, 0.1);
  const std::vector<float> projection =
      uniform_values(random, std::size_t{kLocalCodeSize} * kDescriptorSize, -1, 1);
  const std::vector<float> centroids = uniform_values(random, 9 * kLocalCodeSize, -0.2, 0.2);
  const std::unique_ptr<Backend> backend = make_cpu_backend();

  Described result;
  const ImageView view{photo.pixels.data(), photo.width, photo.height, 1, photo.width};
  backend->canonicalise({&view, 1}, 171, {&result.reduced, 1});
  const GreyImage& image = result.reduced;
  backend->mask_glare({&image, 1}, {&result.glare, 1});
  backend->relight({&image, 1}, {&result.glare, 1}, {&result.relit, 1}, {&result.light, 1});
  backend->dense_codes({&image, 1}, {&result.glare, 1}, {&result.dense, 1});
  DenseCode cohort;
  const GreyImage unmasked;
  backend->dense_codes({&other, 1}, {&unmasked, 1}, {&cohort, 1});
  result.cohort = backend->prepare_cohort({&cohort, 1})->statistics(result.dense);
  backend->prepare_search(result.dense)->search({&cohort, 1}, {&result.dense_match, 1});
  // Of itself, turned: there many cells meet, and some do not.
  result.refined_match.position.linear = {0.9, -0.2, 0.2, 0.9};
  backend->refine_dense(result.dense, {&result.dense, 1}, {&result.refined_match, 1});
  backend->congruent_cells(result.dense, {&result.dense, 1}, {&result.refined_match, 1},
                           {&result.cells, 1});
  backend->code_details({&image, 1}, {&result.detail, 1});
  backend->extract({&image, 1}, {&result.glare, 1}, 300, {&result.features, 1});
  backend->embed({&result.features, 1}, {mean, projection}, {&result.codes, 1});
  backend->aggregate({&result.codes, 1}, {9, 9 * kLocalCodeSize, centroids, {}, {}},
                     {&result.global, 1});
  const std::span<const std::int8_t> codes(result.codes);
  backend->assign({&codes, 1}, {301, words}, 32, 3, {&result.words, 1});
  const std::vector<Keypoint> places = random_keypoints(random, 301, 170);
  const CodesView candidate{places, words};
  backend->match({result.features.keypoints, result.codes}, {&candidate, 1}, 32, 0.95f,
                 {&result.matches, 1});
  return result;
}

TEST(InstructionSetsTest, AllGiveTheSameBytes) {
  const GreyImage photo = Relief(263, 217, 5).lit(0.7), other = Relief(120, 100, 6).lit(2.0);
  const Described expected = describe(photo, other);
  ASSERT_GT(expected.features.keypoints.size(), 50u);
  ASSERT_NE(expected.cohort.mean, 0);
  ASSERT_GT(expected.dense_match.score, 0);
  ASSERT_GT(expected.refined_match.score, 0.5f);
  ASSERT_GT(expected.cells.size(), 10u);
  test::on_every_target([&] {
    const Described found = describe(photo, other);
    EXPECT_EQ(found.reduced.pixels, expected.reduced.pixels);
    EXPECT_EQ(found.glare.pixels, expected.glare.pixels);
    EXPECT_EQ(found.relit.pixels, expected.relit.pixels);
    EXPECT_EQ(found.light.azimuth_rad, expected.light.azimuth_rad);
    EXPECT_EQ(found.light.coherence, expected.light.coherence);
    EXPECT_EQ(found.dense.values, expected.dense.values);
    EXPECT_EQ(found.cohort.mean, expected.cohort.mean);
    EXPECT_EQ(found.cohort.deviation, expected.cohort.deviation);
    EXPECT_TRUE(equal(found.dense_match, expected.dense_match));
    EXPECT_TRUE(equal(found.refined_match, expected.refined_match));
    EXPECT_TRUE(equal(found.cells, expected.cells));
    EXPECT_EQ(found.detail, expected.detail);
    EXPECT_EQ(found.features.keypoints, expected.features.keypoints);
    EXPECT_EQ(found.features.descriptors, expected.features.descriptors);
    EXPECT_EQ(found.codes, expected.codes);
    EXPECT_EQ(found.global, expected.global);
    EXPECT_EQ(found.words.same, expected.words.same);
    EXPECT_EQ(found.words.inverted, expected.words.inverted);
    EXPECT_TRUE(equal(found.matches, expected.matches));
  });
}

// How a query's codes and a candidate's go together.
struct Compared {
  std::vector<SignedMatches> matches;
  Consensus consensus;
};

bool equal_matches(const std::vector<SignedMatches>& a, const std::vector<SignedMatches>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& one, const auto& other) { return equal(one, other); });
}

// Sets of codes with equal ones among them, of which the first counts, and of as many as fill tiles
// or leave them almost empty.
std::vector<SignedMatches> match_sets(std::int8_t least) {
  std::mt19937_64 random(19);
  const std::unique_ptr<Backend> backend = make_cpu_backend();
  std::vector<SignedMatches> matches;
  for (const auto& [queries, candidates] : {std::pair<std::size_t, std::size_t>{1, 1},
                                            {1, 33},
                                            {16, 32},
                                            {17, 48},
                                            {50, 31},
                                            {95, 64}}) {
    std::vector<std::int8_t> query_codes = random_codes(random, queries);
    std::vector<std::int8_t> codes = random_codes(random, candidates);
    query_codes.back() = least;
    // Some are seen again with noise, one of each side twice.
    for (std::size_t i = 0; i < std::min(queries, candidates) / 2; ++i) {
      for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
        codes[(candidates - 1 - i) * kLocalCodeSize + d] = static_cast<std::int8_t>(
            query_codes[i * kLocalCodeSize + d] + static_cast<int>(uniform(random, -9, 9)));
      }
    }
    std::copy_n(query_codes.end() - kLocalCodeSize, kLocalCodeSize, query_codes.begin());
    std::copy_n(codes.end() - kLocalCodeSize, kLocalCodeSize, codes.begin());
    const std::vector<Keypoint> query_places = random_keypoints(random, queries, 100);
    const std::vector<Keypoint> places = random_keypoints(random, candidates, 40);
    const CodesView candidate{places, codes};
    for (const int even_size : {0, 26, 32, 64}) {
      for (const float ratio : {0.0f, 0.8f, 0.95f, 1.0f}) {
        matches.emplace_back();
        backend->match({query_places, query_codes}, {&candidate, 1}, even_size, ratio,
                       {&matches.back(), 1});
      }
    }
  }
  return matches;
}

Compared compare() {
  std::mt19937_64 random(11);
  const std::unique_ptr<Backend> backend = make_cpu_backend();
  const std::vector<Keypoint> query_places = random_keypoints(random, 133, 300);
  const std::vector<std::int8_t> query_codes = random_codes(random, 133);
  // The query's own codes among others.
  std::vector<Keypoint> places = random_keypoints(random, 201, 300);
  std::vector<std::int8_t> codes = random_codes(random, 201);
  std::copy(query_places.begin(), query_places.begin() + 90, places.begin() + 7);
  std::copy_n(query_codes.begin(), 90 * kLocalCodeSize, codes.begin() + 7 * kLocalCodeSize);
  const CodesView query{query_places, query_codes}, candidate{places, codes};
  Compared result;
  for (const int even_size : {0, 26, 32, 64}) {
    result.matches.emplace_back();
    backend->match(query, {&candidate, 1}, even_size, 0.95f, {&result.matches.back(), 1});
  }
  std::vector<KeypointPair> pairs;
  for (const CodeMatch& match : result.matches.back().same) {
    pairs.push_back({query_places[static_cast<std::size_t>(match.query)],
                     places[static_cast<std::size_t>(match.candidate)]});
  }
  backend->find_consensus({&pairs, 1}, 3, {&result.consensus, 1});
  return result;
}

TEST(InstructionSetsTest, AllCompareAlike) {
  const Compared expected = compare();
  ASSERT_GE(expected.consensus.places, 50);
  test::on_every_target([&] {
    for (const bool by_bytes : {true, false}) {
      const bool used = allow_byte_products(by_bytes);
      EXPECT_TRUE(by_bytes || !used);
      allow_tiles(false);  // they take the place of these instructions
      const Compared found = compare();
      for (std::size_t i = 0; i < expected.matches.size(); ++i) {
        EXPECT_TRUE(equal(found.matches[i], expected.matches[i]));
      }
      EXPECT_EQ(found.consensus.places, expected.consensus.places);
      EXPECT_EQ(found.consensus.agreeing, expected.consensus.agreeing);
      EXPECT_EQ(found.consensus.hit_from_query, expected.consensus.hit_from_query);
    }
  });
  allow_byte_products(true);
  allow_tiles(true);
}

// Scores and places of starts everywhere, at the edges too, where fewer shifts are tried.
std::vector<float> align() {
  std::mt19937_64 random(23);
  const std::unique_ptr<Backend> backend = make_cpu_backend();
  std::array<DenseCode, 3> codes;  // of noise, of noise, as heavy as can be
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::int8_t& value : codes[i].values) {
      value = static_cast<std::int8_t>(uniform(random, -127, 127));
    }
  }
  codes[2].values.fill(127);
  std::array<DensePyramid, 3> pyramids;
  backend->reduce_dense(codes, pyramids);
  std::vector<DenseStart> starts(1);  // where they are
  for (int i = 0; i < 60; ++i) {
    const auto value = [&](double reach) {
      return static_cast<float>(uniform(random, -reach, reach));
    };
    starts.push_back({value(0.7), value(0.7), value(0.7), value(0.7), value(4), value(1.4), 0});
  }
  const std::vector<const DensePyramid*> candidates{&pyramids[0], &pyramids[1], &pyramids[2]};
  const std::vector<std::span<const DenseStart>> of_each(candidates.size(), starts);
  std::vector<float> numbers;
  for (const DenseCode& query : codes) {
    const std::unique_ptr<const DenseAlignment> alignment = backend->prepare_alignment(query);
    std::vector<std::vector<DenseStart>> screened(candidates.size());
    alignment->screen(candidates, of_each, screened);
    for (const std::vector<DenseStart>& some : screened) {
      for (const DenseStart& start : some) {
        numbers.insert(numbers.end(), {start.candidate_x, start.candidate_y, start.rotation_rad,
                                       start.octaves, start.score});
      }
    }
    std::vector<float> scores(candidates.size());
    alignment->align(candidates, of_each, scores);
    numbers.insert(numbers.end(), scores.begin(), scores.end());
  }
  return numbers;
}

TEST(InstructionSetsTest, AllAlignAlike) {
  const std::vector<float> expected = align();
  ASSERT_GT(expected.back(), 0.99f);  // what is heavy, with itself
  test::on_every_target([&] {
    for (const bool by_bytes : {true, false}) {
      allow_byte_products(by_bytes);
      EXPECT_EQ(align(), expected);
    }
  });
  allow_byte_products(true);
}

// Also with a value that no byte holds negated.
TEST(InstructionSetsTest, AllMatchAlike) {
  for (const std::int8_t least : {std::int8_t{-127}, std::int8_t{-128}}) {
    const std::vector<SignedMatches> expected = match_sets(least);
    ASSERT_FALSE(expected.back().same.empty());
    ASSERT_FALSE(expected[1].same.empty());
    test::on_every_target([&] {
      for (const bool by_tiles : {true, false}) {
        const bool tiled = allow_tiles(by_tiles);
        EXPECT_TRUE(by_tiles || !tiled);
        for (const bool by_bytes : {true, false}) {
          allow_byte_products(by_bytes);
          EXPECT_TRUE(equal_matches(match_sets(least), expected));
        }
      }
      allow_tiles(true);
      allow_byte_products(true);
    });
  }
}

}  // namespace
}  // namespace pressmark::kernels
