// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "conformance.hpp"
#include "reference.hpp"

namespace pressmark::kernels {
namespace {

class EmbedTest : public BackendTest {
 protected:
  Whitening whitening() const { return {mean_, projection_}; }

  std::vector<std::int8_t> embed(const std::vector<float>& descriptors) const {
    LocalFeatures features;
    features.keypoints.resize(descriptors.size() / kDescriptorSize);
    features.descriptors = descriptors;
    std::vector<std::int8_t> codes;
    backend_->embed({&features, 1}, whitening(), {&codes, 1});
    return codes;
  }

  std::mt19937_64 random_{1};
  std::vector<float> mean_ = uniform_values(random_, kDescriptorSize, 0, 0.1);
  std::vector<float> projection_ =
      uniform_values(random_, std::size_t{kLocalCodeSize} * kDescriptorSize, -1, 1);
};
PRESSMARK_ON_ALL_BACKENDS(EmbedTest);

TEST_P(EmbedTest, StaysWithinOneStepOfTheReference) {
  for (std::size_t count : {1u, 2u, 3u, 17u, 300u}) {
    const std::vector<float> descriptors =
        uniform_values(random_, count * kDescriptorSize, 0, 0.18);
    const std::vector<std::int8_t> codes = embed(descriptors);
    const std::vector<double> expected = reference::embed(descriptors, whitening());
    ASSERT_EQ(codes.size(), expected.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      // Half a step of rounding, and what single precision may shift.
      ASSERT_NEAR(codes[i], expected[i], 0.51) << "value " << i << " of " << count << " codes";
    }
  }
}

TEST_P(EmbedTest, CodesHaveLength127) {
  const std::vector<std::int8_t> codes = embed(uniform_values(random_, 20 * kDescriptorSize, 0, 1));
  for (std::size_t i = 0; i < codes.size(); i += kLocalCodeSize) {
    double squared = 0;
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) squared += codes[i + d] * codes[i + d];
    EXPECT_NEAR(std::sqrt(squared), 127, 4);
  }
}

TEST_P(EmbedTest, ADescriptorAtTheMeanGivesZeros) {
  EXPECT_EQ(embed(mean_), std::vector<std::int8_t>(kLocalCodeSize, 0));
}

TEST_P(EmbedTest, ASingleDirectionReachesTheFullScale) {
  projection_.assign(projection_.size(), 0.0f);
  projection_[3 * kDescriptorSize] = 1;
  std::vector<float> descriptor = mean_;
  descriptor[0] += 1;
  std::vector<std::int8_t> expected(kLocalCodeSize, 0);
  expected[3] = 127;
  EXPECT_EQ(embed(descriptor), expected);
  descriptor[0] -= 2;
  expected[3] = -127;
  EXPECT_EQ(embed(descriptor), expected);
}

TEST_P(EmbedTest, NoKeypointsGiveNoCodesAndBatchesMayBeEmpty) {
  backend_->embed({}, whitening(), {});
  EXPECT_TRUE(embed({}).empty());
}

}  // namespace
}  // namespace pressmark::kernels
