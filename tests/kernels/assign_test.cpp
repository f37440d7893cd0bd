// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "conformance.hpp"

namespace pressmark::kernels {
namespace {

class AssignTest : public BackendTest {
 protected:
  WordAssignment assign(const std::vector<std::int8_t>& codes,
                        const std::vector<std::int8_t>& centroids, int even_size,
                        int nearest) const {
    const std::span<const std::int8_t> batch(codes);
    WordAssignment output;
    backend_->assign({&batch, 1}, {static_cast<int>(centroids.size() / kLocalCodeSize), centroids},
                     even_size, nearest, {&output, 1});
    return output;
  }

  // By definition: all distances, sorted.
  static std::vector<std::uint16_t> reference(const std::vector<std::int8_t>& codes,
                                              const std::vector<std::int8_t>& centroids,
                                              int negated_from, int nearest) {
    std::vector<std::uint16_t> words;
    for (std::size_t i = 0; i < codes.size(); i += kLocalCodeSize) {
      std::vector<std::pair<int, std::uint16_t>> distances;
      for (std::size_t w = 0; w < centroids.size(); w += kLocalCodeSize) {
        int squared = 0;
        for (std::size_t d = 0; d < kLocalCodeSize; ++d) {
          const int value = static_cast<int>(d) >= negated_from ? -codes[i + d] : codes[i + d];
          squared += (value - centroids[w + d]) * (value - centroids[w + d]);
        }
        distances.emplace_back(squared, static_cast<std::uint16_t>(w / kLocalCodeSize));
      }
      std::sort(distances.begin(), distances.end());
      for (int n = 0; n < nearest; ++n) {
        words.push_back(distances[static_cast<std::size_t>(n)].second);
      }
    }
    return words;
  }

  std::mt19937_64 random_{1};
};
PRESSMARK_ON_ALL_BACKENDS(AssignTest);

TEST_P(AssignTest, FindsTheNearestWordsUnderBothHypotheses) {
  for (std::size_t words : {1u, 7u, 8u, 127u, 128u, 129u, 1000u}) {
    const auto centroids = random_codes(random_, words);
    for (std::size_t count : {0u, 1u, 3u, 40u}) {
      const auto codes = random_codes(random_, count);
      for (int even_size : {0, 30, 64}) {
        for (int nearest : {1, 4, 16}) {
          if (static_cast<std::size_t>(nearest) > words) continue;
          const WordAssignment found = assign(codes, centroids, even_size, nearest);
          ASSERT_EQ(found.same, reference(codes, centroids, kLocalCodeSize, nearest)) << words;
          ASSERT_EQ(found.inverted, reference(codes, centroids, even_size, nearest)) << words;
        }
      }
    }
  }
}

TEST_P(AssignTest, TheMostWordsThatThereMayBe) {
  auto centroids = random_codes(random_, kMaxWords);
  const auto codes = random_codes(random_, 2);
  std::copy_n(codes.begin(), kLocalCodeSize, centroids.end() - kLocalCodeSize);
  const WordAssignment found = assign(codes, centroids, 32, kMaxNearestWords);
  EXPECT_EQ(found.same[0], kMaxWords - 1);
  EXPECT_EQ(found.same, reference(codes, centroids, kLocalCodeSize, kMaxNearestWords));
  EXPECT_EQ(found.inverted, reference(codes, centroids, 32, kMaxNearestWords));
}

TEST_P(AssignTest, LengthsOfWordsCount) {
  // Two words in one direction: a short code belongs to the short one.
  std::vector<std::int8_t> centroids(2 * kLocalCodeSize, 0), code(kLocalCodeSize, 0);
  centroids[0] = 127;
  centroids[kLocalCodeSize] = 40;
  code[0] = 60;
  EXPECT_EQ(assign(code, centroids, 0, 2).same, (std::vector<std::uint16_t>{1, 0}));
}

TEST_P(AssignTest, OfEquallyNearWordsTheLowestComesFirst) {
  const auto word = random_codes(random_, 1);
  std::vector<std::int8_t> centroids;
  for (int w = 0; w < 300; ++w) centroids.insert(centroids.end(), word.begin(), word.end());
  EXPECT_EQ(assign(word, centroids, 32, 3).same, (std::vector<std::uint16_t>{0, 1, 2}));
}

TEST_P(AssignTest, ExtremeValuesDoNotOverflow) {
  std::vector<std::int8_t> centroids(3 * kLocalCodeSize, 127);
  std::fill_n(centroids.begin(), 2 * kLocalCodeSize, std::int8_t{-127});
  std::fill_n(centroids.begin() + kLocalCodeSize, kLocalCodeSize, std::int8_t{0});
  const std::vector<std::int8_t> code(kLocalCodeSize, 127);
  const WordAssignment found = assign(code, centroids, 0, 3);
  EXPECT_EQ(found.same, (std::vector<std::uint16_t>{2, 1, 0}));
  EXPECT_EQ(found.inverted, (std::vector<std::uint16_t>{0, 1, 2}));
}

}  // namespace
}  // namespace pressmark::kernels
