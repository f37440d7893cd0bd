// SPDX-License-Identifier: Apache-2.0
#include "describe_inputs.hpp"
#include "kernels/staged_describer.hpp"

namespace pressmark::kernels {
namespace {

void expect_equal(const ImageDescription& actual, const ImageDescription& expected) {
  EXPECT_EQ(actual.grey.width, expected.grey.width);
  EXPECT_EQ(actual.grey.height, expected.grey.height);
  EXPECT_EQ(actual.grey.pixels, expected.grey.pixels);
  EXPECT_EQ(actual.light, expected.light);
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    EXPECT_EQ(actual.local[c].keypoints, expected.local[c].keypoints) << c;
    EXPECT_EQ(actual.local[c].codes, expected.local[c].codes) << c;
    EXPECT_EQ(actual.local[c].words, expected.local[c].words) << c;
  }
  EXPECT_EQ(actual.global, expected.global);
  EXPECT_EQ(actual.dense, expected.dense);
  EXPECT_EQ(actual.dense_cohort, expected.dense_cohort);
  EXPECT_EQ(actual.detail, expected.detail);
}

// Stage after stage, each for all images.
std::vector<ImageDescription> by_stages(const Backend& backend, const DescribeModel& model,
                                        std::span<const ImageView> images) {
  const std::size_t count = images.size();
  std::vector<ImageDescription> results(count);
  std::vector<GreyImage> greys(count), glare(count), relit(count);
  std::vector<Light> lights(count);
  std::vector<DenseCode> dense(count);
  std::vector<std::vector<std::uint8_t>> details(count);
  backend.canonicalise(images, model.long_side_px, greys);
  backend.mask_glare(greys, glare);
  backend.relight(greys, glare, relit, lights);
  backend.dense_codes(greys, glare, dense);
  backend.code_details(greys, details);
  const auto cohort = backend.prepare_cohort(model.cohort);
  for (std::size_t c = 0; c < kChannels.size(); ++c) {
    const DescribeModel::OfChannel& channel = model.channels[c];
    std::vector<LocalFeatures> features(count);
    std::vector<std::vector<std::int8_t>> codes(count);
    std::vector<std::span<const std::int8_t>> indexed;
    std::vector<WordAssignment> words(count);
    std::vector<std::vector<float>> globals(count);
    backend.extract(kChannels[c] == Channel::kRaw ? greys : relit, glare, model.max_keypoints,
                    features);
    backend.embed(features, channel.whitening, codes);
    for (const std::vector<std::int8_t>& own : codes) {
      indexed.push_back(
          std::span(own).first(std::min(own.size(), model.indexed_codes * kLocalCodeSize)));
    }
    backend.assign(indexed, channel.vocabulary, channel.even_size, 1, words);
    backend.aggregate(codes, model.aggregation, globals);
    for (std::size_t i = 0; i < count; ++i) {
      results[i].local[c] = {features[i].keypoints, codes[i], words[i].same};
      if (kChannels[c] == Channel::kRaw) results[i].global = globals[i];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    results[i].grey = greys[i];
    results[i].light = lights[i];
    results[i].dense = dense[i];
    results[i].dense_cohort = cohort->statistics(dense[i]);
    results[i].detail = details[i];
  }
  return results;
}

class DescribeTest : public BackendTest {
 protected:
  static constexpr std::size_t kIndexed = 12;

  const RandomDescribeModel model_{48, 20, kIndexed, 2};
  const ReliefPhotos photos_{{{66, 50, 3}, {1, 1, 1}, {44, 31, 1, 3}}};
};
PRESSMARK_ON_ALL_BACKENDS(DescribeTest);

TEST_P(DescribeTest, GivesWhatTheStagesGiveOneByOne) {
  std::vector<ImageDescription> actual(photos_.views().size());
  backend_->prepare_describer(model_.get())->describe(photos_.views(), actual);
  const auto expected = by_stages(*backend_, model_.get(), photos_.views());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(actual[i], expected[i]);
  }
  // More keypoints than are indexed, and none.
  EXPECT_GT(actual[0].local[0].keypoints.size(), kIndexed);
  EXPECT_EQ(actual[0].local[0].words.size(), kIndexed);
  EXPECT_TRUE(actual[1].local[0].keypoints.empty());
}

TEST_P(DescribeTest, GivesTheSameInAnyGrouping) {
  std::vector<ImageDescription> together(photos_.views().size());
  const auto describer = backend_->prepare_describer(model_.get());
  describer->describe(photos_.views(), together);
  describer->describe({}, {});
  for (std::size_t i = 0; i < together.size(); ++i) {
    SCOPED_TRACE(i);
    ImageDescription alone = together[(i + 1) % together.size()];  // to be replaced as a whole
    describer->describe(photos_.views().subspan(i, 1), {&alone, 1});
    expect_equal(alone, together[i]);
  }
}

TEST_P(DescribeTest, OfStagesAgreesWithTheBackends) {
  std::vector<ImageDescription> actual(photos_.views().size()), expected(actual.size());
  backend_->prepare_describer(model_.get())->describe(photos_.views(), actual);
  make_staged_describer(*backend_, model_.get())->describe(photos_.views(), expected);
  for (std::size_t i = 0; i < actual.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(actual[i], expected[i]);
  }
}

}  // namespace
}  // namespace pressmark::kernels
