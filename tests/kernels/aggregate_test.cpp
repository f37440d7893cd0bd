// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "conformance.hpp"
#include "reference.hpp"

namespace pressmark::kernels {
namespace {

constexpr int kWords = 7, kGlobalSize = 19;
constexpr std::size_t kVladSize = std::size_t{kWords} * kLocalCodeSize;

class AggregateTest : public BackendTest {
 protected:
  Aggregation projected() const { return {kWords, kGlobalSize, centroids_, mean_, projection_}; }
  Aggregation plain() const { return {kWords, static_cast<int>(kVladSize), centroids_, {}, {}}; }

  std::vector<float> aggregate(const std::vector<std::int8_t>& codes,
                               const Aggregation& aggregation) const {
    std::vector<float> output;
    backend_->aggregate({&codes, 1}, aggregation, {&output, 1});
    return output;
  }

  void expect_close_to_reference(const std::vector<std::int8_t>& codes,
                                 const Aggregation& aggregation) const {
    const std::vector<float> output = aggregate(codes, aggregation);
    const std::vector<double> expected = reference::aggregate(codes, aggregation);
    ASSERT_EQ(output.size(), expected.size());
    double squared = 0;
    for (std::size_t i = 0; i < output.size(); ++i) {
      ASSERT_NEAR(output[i], expected[i], 2e-5) << i;
      squared += double{output[i]} * double{output[i]};
    }
    EXPECT_NEAR(squared, 1, 1e-5);
  }

  std::mt19937_64 random_{2};
  std::vector<float> centroids_ = uniform_values(random_, kVladSize, -0.15, 0.15);
  std::vector<float> mean_ = uniform_values(random_, kVladSize, -0.01, 0.01);
  std::vector<float> projection_ = uniform_values(random_, kGlobalSize* kVladSize, -1, 1);
};
PRESSMARK_ON_ALL_BACKENDS(AggregateTest);

TEST_P(AggregateTest, EqualsTheReferenceUpToRounding) {
  for (std::size_t count : {1u, 2u, 9u, 100u, 511u}) {
    const std::vector<std::int8_t> codes = random_codes(random_, count);
    expect_close_to_reference(codes, plain());
    expect_close_to_reference(codes, projected());
  }
}

TEST_P(AggregateTest, NoKeypointsGiveAZeroVectorOfFullLength) {
  EXPECT_EQ(aggregate({}, projected()), std::vector<float>(kGlobalSize, 0.0f));
  EXPECT_EQ(aggregate({}, plain()), std::vector<float>(kVladSize, 0.0f));
}

TEST_P(AggregateTest, WordsWithoutCodesStayZero) {
  // One code: one word's block has unit length, all others are zero.
  const std::vector<float> vlad = aggregate(random_codes(random_, 1), plain());
  int used = 0;
  for (std::size_t w = 0; w < kWords; ++w) {
    double squared = 0;
    for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
      squared += std::pow(double{vlad[w * kLocalCodeSize + d]}, 2);
    }
    if (squared > 0) {
      ++used;
      EXPECT_NEAR(squared, 1, 1e-5);
    }
  }
  EXPECT_EQ(used, 1);
}

TEST_P(AggregateTest, EqualCentroidsGiveTheFirstOne) {
  std::copy_n(centroids_.begin(), kLocalCodeSize, centroids_.begin() + kLocalCodeSize);
  const std::vector<float> vlad = aggregate(random_codes(random_, 50), plain());
  for (std::size_t d = 0; d < kLocalCodeSize; ++d) EXPECT_EQ(vlad[kLocalCodeSize + d], 0.0f);
}

TEST_P(AggregateTest, ABatchEqualsSingleCallsAndMayBeEmpty) {
  backend_->aggregate({}, projected(), {});
  const std::vector<std::int8_t> batch[] = {
      random_codes(random_, 40), {}, random_codes(random_, 3)};
  std::vector<float> outputs[3];
  backend_->aggregate(batch, projected(), outputs);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(outputs[i], aggregate(batch[i], projected()));
}

}  // namespace
}  // namespace pressmark::kernels
