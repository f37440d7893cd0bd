// SPDX-License-Identifier: Apache-2.0
#include "engine/index/int8_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>

#include "engine/index/centroids.hpp"
#include "engine/index/float_products.hpp"
#include "engine/index/tile_scan.hpp"
#include "every_target.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr float kAll = std::numeric_limits<float>::lowest();

std::vector<ScanHit> scanned(const CodeBlocks& blocks, const Int8Query& query, float threshold) {
  std::vector<ScanHit> hits(blocks.blocks * kRowsPerBlock);
  hits.resize(scan(blocks, query, threshold, hits.data()));
  return hits;
}

void expect_equal(const std::vector<ScanHit>& found, const std::vector<ScanHit>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].position, expected[i].position);
    EXPECT_EQ(found[i].score, expected[i].score);
  }
}

// What a scan is, one row after the other.
std::vector<ScanHit> plainly_scanned(const std::vector<float>& rows, std::size_t dimension,
                                     std::size_t padded, std::span<const float> query,
                                     float threshold) {
  std::vector<std::int8_t> asked(dimension), code(dimension);
  encode_int8(query, asked);
  std::vector<ScanHit> hits;
  for (std::size_t row = 0; row < padded; ++row) {
    float score = 0;
    if (row * dimension < rows.size()) {
      const float scale = encode_int8(std::span(rows).subspan(row * dimension, dimension), code);
      int sum = 0;
      for (std::size_t d = 0; d < dimension; ++d) sum += code[d] * asked[d];
      score = static_cast<float>(sum) * scale;
    }
    if (score >= threshold) hits.push_back({static_cast<std::uint32_t>(row), score});
  }
  return hits;
}

class Int8ScanTest : public testing::TestWithParam<std::size_t> {};

TEST_P(Int8ScanTest, EveryTargetGivesThePlainSums) {
  const std::size_t dimension = GetParam();
  for (const std::size_t count : {1u, 16u, 149u}) {
    const std::vector<float> rows = random_unit_rows(count, dimension, 1);
    const std::vector<float> query = random_unit_rows(1, dimension, 2);
    const CentroidCodes codes(rows, dimension);
    const std::size_t padded = codes.blocks().blocks * kRowsPerBlock;
    for (const float threshold : {kAll, 0.5f, 4.0f}) {
      const auto expected = plainly_scanned(rows, dimension, padded, query, threshold);
      on_every_target(
          [&] { expect_equal(scanned(codes.blocks(), Int8Query(query), threshold), expected); });
    }
  }
}

TEST_P(Int8ScanTest, FourQueriesAtOnceEqualEachAlone) {
  const std::size_t dimension = GetParam();
  const CentroidCodes codes(random_unit_rows(100, dimension, 1), dimension);
  const std::vector<float> rows = random_unit_rows(kScannedTogether, dimension, 3);
  std::vector<Int8Query> queries;
  std::vector<std::vector<ScanHit>> hits(kScannedTogether, std::vector<ScanHit>(112));
  std::array<const Int8Query*, kScannedTogether> asked{};
  std::array<ScanHit*, kScannedTogether> found{};
  std::array<float, kScannedTogether> thresholds = {kAll, 0.0f, 1.5f, 1e9f};
  for (std::size_t q = 0; q < kScannedTogether; ++q) {
    queries.emplace_back(std::span(rows).subspan(q * dimension, dimension));
  }
  for (std::size_t q = 0; q < kScannedTogether; ++q) {
    asked[q] = &queries[q];
    found[q] = hits[q].data();
  }
  on_every_target([&] {
    const auto counts = scan_together(codes.blocks(), asked, thresholds, found);
    for (std::size_t q = 0; q < kScannedTogether; ++q) {
      expect_equal({hits[q].begin(), hits[q].begin() + static_cast<std::ptrdiff_t>(counts[q])},
                   scanned(codes.blocks(), queries[q], thresholds[q]));
    }
  });
}

TEST_P(Int8ScanTest, AGroupOfQueriesEqualsEachAlone) {
  const std::size_t dimension = GetParam();
  const std::vector<float> rows = random_unit_rows(QueryGroup::kMost, dimension, 4);
  std::vector<Int8Query> queries;
  std::vector<const Int8Query*> asked;
  for (std::size_t q = 0; q < QueryGroup::kMost; ++q) {
    queries.emplace_back(std::span(rows).subspan(q * dimension, dimension));
  }
  for (const Int8Query& query : queries) asked.push_back(&query);
  for (const std::size_t count : {1u, 16u, 48u, 150u}) {
    const CentroidCodes codes(random_unit_rows(count, dimension, 1), dimension);
    const std::size_t room = codes.blocks().blocks * kRowsPerBlock;
    std::vector<ScanHit> hits(QueryGroup::kMost * room);
    std::vector<ScanHit*> places;
    std::vector<float> thresholds;
    for (std::size_t q = 0; q < QueryGroup::kMost; ++q) {
      places.push_back(&hits[q * room]);
      thresholds.push_back(std::array{kAll, 0.0f, 1.5f, 1e9f}[q % 4]);
    }
    for (const std::size_t size : {1u, 3u, 5u, 16u, 17u, 32u}) {
      on_every_target([&] {
        std::vector<std::size_t> found(QueryGroup::kMost, 7);
        QueryGroup(std::span(asked).first(size)).scan(codes.blocks(), thresholds, places, found);
        for (std::size_t q = 0; q < size; ++q) {
          expect_equal({places[q], places[q] + found[q]},
                       scanned(codes.blocks(), queries[q], thresholds[q]));
        }
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dimensions, Int8ScanTest, testing::Values(1, 4, 7, 24, 64, 128, 255, 256));

TEST(Int8ScanTest, LargestCodesDoNotOverflow) {
  constexpr std::size_t kDimension = 65536;
  std::vector<float> row(kDimension, 1.0f);
  const CentroidCodes codes(row, kDimension);
  const std::vector<float> opposite(kDimension, -1.0f);
  const float expected = 127.0f * 127.0f * kDimension * (1 / 127.0f);
  on_every_target([&] {
    EXPECT_EQ(scanned(codes.blocks(), Int8Query(row), kAll)[0].score, expected);
    EXPECT_EQ(scanned(codes.blocks(), Int8Query(opposite), kAll)[0].score, -expected);
  });
}

TEST(Int8ScanTest, ARowOfZerosHasScoreZero) {
  const std::vector<float> zeros(32, 0.0f), row = random_unit_rows(1, 32, 1);
  EXPECT_EQ(scanned(CentroidCodes(zeros, 32).blocks(), Int8Query(row), kAll)[0].score, 0);
  EXPECT_EQ(scanned(CentroidCodes(row, 32).blocks(), Int8Query(zeros), kAll)[0].score, 0);
}

TEST(Int8ScanTest, ScoresEstimateTheProduct) {
  constexpr std::size_t kDimension = 256;
  const std::vector<float> rows = random_unit_rows(200, kDimension, 1);
  const std::vector<float> query = random_unit_rows(1, kDimension, 2);
  const Int8Query code(query);
  for (const ScanHit& hit : scanned(CentroidCodes(rows, kDimension).blocks(), code, kAll)) {
    if (hit.position >= 200) continue;
    EXPECT_NEAR(hit.score * code.scale(), inner_product(query, &rows[hit.position * kDimension]),
                0.005);
  }
}

TEST(FloatProductsTest, EveryTargetGivesTheSameBits) {
  for (const std::size_t dimension : {1u, 15u, 16u, 24u, 128u, 250u, 256u}) {
    const std::vector<float> rows = random_unit_rows(40, dimension, 1);
    const std::vector<float> query = random_unit_rows(1, dimension, 2);
    std::vector<float> expected;
    for (std::size_t row = 0; row < 40; ++row) {
      expected.push_back(inner_product(query, &rows[row * dimension]));
      double exact = 0;
      for (std::size_t d = 0; d < dimension; ++d) {
        exact += double{query[d]} * double{rows[row * dimension + d]};
      }
      EXPECT_NEAR(expected.back(), exact, 1e-6);
    }
    std::vector<std::uint32_t> backwards(40);
    for (std::uint32_t i = 0; i < 40; ++i) backwards[i] = 39 - i;
    on_every_target([&] {
      std::vector<float> products(30), listed(40);
      row_products(query, rows.data(), 10, products);
      listed_products(query, rows.data(), backwards, listed);
      EXPECT_TRUE(std::equal(products.begin(), products.end(), expected.begin() + 10));
      EXPECT_TRUE(std::equal(listed.rbegin(), listed.rend(), expected.begin()));
    });
  }
}

}  // namespace
}  // namespace pressmark::index
