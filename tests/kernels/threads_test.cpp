// SPDX-License-Identifier: Apache-2.0
//
// One backend used from several threads at once answers as it does from one.
#include <array>
#include <thread>

#include "conformance.hpp"
#include "planted_pairs.hpp"
#include "tests/support/test_picture.hpp"

namespace pressmark::kernels {
namespace {

class BackendThreadsTest : public BackendTest {};
PRESSMARK_ON_ALL_BACKENDS(BackendThreadsTest);

struct Answers {
  GreyImage grey, mask, relit;
  Light light;
  std::array<LocalFeatures, 2> features;  // of the grey and the relit image
  std::vector<std::int8_t> codes;
  std::vector<float> global;
  SignedMatches matches;
  Consensus consensus;
  std::vector<Registration> registrations{3};

  bool operator==(const Answers& other) const {
    for (std::size_t i = 0; i < registrations.size(); ++i) {
      if (!equal(registrations[i], other.registrations[i])) return false;
    }
    for (std::size_t i = 0; i < features.size(); ++i) {
      if (features[i].keypoints != other.features[i].keypoints ||
          features[i].descriptors != other.features[i].descriptors) {
        return false;
      }
    }
    return grey.pixels == other.grey.pixels && mask.pixels == other.mask.pixels &&
           relit.pixels == other.relit.pixels && light == other.light && codes == other.codes &&
           global == other.global && equal(matches, other.matches) &&
           equal(consensus, other.consensus);
  }
};

// Every stage once, on what the stage before it gave.
Answers work_through(const Backend& backend) {
  std::mt19937_64 random(5);
  const test::Picture picture = test::test_picture(240, 160, 4);
  const ImageView view{picture.pixels.data(), 240, 160, 3, 720};
  Answers answers;
  backend.canonicalise({&view, 1}, 200, {&answers.grey, 1});
  backend.mask_glare({&answers.grey, 1}, {&answers.mask, 1});
  backend.relight({&answers.grey, 1}, {&answers.mask, 1}, {&answers.relit, 1}, {&answers.light, 1});
  backend.extract({&answers.grey, 1}, {&answers.mask, 1}, 100, {&answers.features[0], 1});
  backend.extract({&answers.relit, 1}, {&answers.mask, 1}, 100, {&answers.features[1], 1});
  const LocalFeatures& features = answers.features[0];
  const auto mean = uniform_values(random, kDescriptorSize, 0, 0.1);
  const auto projection =
      uniform_values(random, std::size_t{kLocalCodeSize} * kDescriptorSize, -1, 1);
  backend.embed({&features, 1}, {mean, projection}, {&answers.codes, 1});
  const auto centroids = uniform_values(random, 4 * kLocalCodeSize, -0.1, 0.1);
  backend.aggregate({&answers.codes, 1}, {4, 4 * kLocalCodeSize, centroids, {}, {}},
                    {&answers.global, 1});
  const CodesView codes{features.keypoints, answers.codes};
  backend.match(codes, {&codes, 1}, 32, 0.9f, {&answers.matches, 1});
  std::vector<KeypointPair> matched;
  for (const CodeMatch& match : answers.matches.same) {
    matched.push_back({features.keypoints[static_cast<std::size_t>(match.query)],
                       features.keypoints[static_cast<std::size_t>(match.candidate)]});
  }
  backend.find_consensus({&matched, 1}, 4, {&answers.consensus, 1});
  const std::vector<PointPair> sets[] = {planted_pairs(kHomographyMap, 40, 40, 1, 5),
                                         planted_pairs(kSimilarityMap, 30, 60, 1, 6),
                                         planted_pairs(kAffineMap, 20, 10, 1, 7)};
  backend.register_pairs(sets, 4, answers.registrations);
  return answers;
}

TEST_P(BackendThreadsTest, TwoThreadsGetTheAnswersOfOne) {
  const Answers alone = work_through(*backend_);
  ASSERT_FALSE(alone.matches.same.empty());
  ASSERT_FALSE(alone.features[1].keypoints.empty());
  ASSERT_GT(alone.consensus.places, 20);
  ASSERT_TRUE(alone.registrations[0].found);
  std::vector<Answers> results(6);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < results.size(); i += 2) results[i] = work_through(*backend_);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Answers& result : results) EXPECT_TRUE(result == alone);
}

}  // namespace
}  // namespace pressmark::kernels
