// SPDX-License-Identifier: Apache-2.0
#include "engine/index/coded_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "clustered_vectors.hpp"
#include "engine/index/float_products.hpp"
#include "every_target.hpp"
#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 30;  // no whole groups of four values

std::span<const float> row_of(const std::vector<float>& rows, std::size_t row) {
  return std::span(rows).subspan(row * kDimension, kDimension);
}

// By comparing all.
std::vector<NearRow> expected_rows(const std::vector<float>& vectors, std::span<const float> query,
                                   std::size_t count, const RowFilter* is_wanted = nullptr) {
  std::vector<NearRow> rows;
  for (std::size_t row = 0; row < vectors.size() / kDimension; ++row) {
    const auto number = static_cast<std::int64_t>(row);
    if (is_wanted != nullptr && !(*is_wanted)(number)) continue;
    const float similarity = inner_product(query, &vectors[row * kDimension]);
    // Not a number, or minus infinity: in no answer.
    if (similarity >= std::numeric_limits<float>::lowest()) rows.push_back({number, similarity});
  }
  std::sort(rows.begin(), rows.end(), ranks_before);
  rows.resize(std::min(rows.size(), count));
  return rows;
}

CodedRows coded(const std::vector<float>& vectors) {
  const std::size_t rows = vectors.size() / kDimension;
  CodedRows codes(rows, kDimension);
  codes.extend(vectors.data(), rows);
  return codes;
}

void expect_exact(const std::vector<float>& vectors, const std::vector<float>& queries) {
  const CodedRows codes = coded(vectors);
  EXPECT_EQ(codes.view().rows(), vectors.size() / kDimension / kRowsPerBlock * kRowsPerBlock);
  const RowFilter odd = [](std::int64_t row) { return row % 2 != 0; };
  for (const std::size_t count : {1u, 10u, 70u, 100'000u}) {
    for (const RowFilter* filter : {static_cast<const RowFilter*>(nullptr), &odd}) {
      const auto found = search_coded(codes.view(), vectors, queries, kDimension, count, filter);
      ASSERT_EQ(found.size(), queries.size() / kDimension);
      for (std::size_t q = 0; q < found.size(); ++q) {
        EXPECT_EQ(found[q], expected_rows(vectors, row_of(queries, q), count, filter))
            << "query " << q << ", count " << count;
      }
    }
  }
}

TEST(CodedRowsTest, FindWhatComparingAllFindsOnEveryTarget) {
  const std::vector<float> vectors = clustered_unit_rows(1207, kDimension, 40, 1);
  const std::vector<float> queries = clustered_unit_rows(37, kDimension, 40, 2);
  on_every_target([&] { expect_exact(vectors, queries); });
}

// Similarities that differ by less than codes can tell.
TEST(CodedRowsTest, FindTheBestOfRowsThatAreNearlyEqual) {
  std::vector<float> vectors = random_unit_rows(1, kDimension, 3);
  const std::vector<float> noise = random_unit_rows(900, kDimension, 4);
  vectors.reserve(noise.size());
  while (vectors.size() < noise.size()) {
    const std::size_t at = vectors.size();
    vectors.push_back(vectors[at % kDimension] + 0.004f * noise[at]);
  }
  expect_exact(vectors, clustered_unit_rows(20, kDimension, 5, 5));
  std::vector<float> equal;
  for (std::size_t i = 0; i < 100; ++i) {
    equal.insert(equal.end(), vectors.begin(), vectors.begin() + kDimension);
  }
  expect_exact(equal, random_unit_rows(3, kDimension, 6));
}

TEST(CodedRowsTest, RowsThatRoundBadlyAreFoundAsWell) {
  std::vector<float> vectors = clustered_unit_rows(640, kDimension, 10, 7);
  for (std::size_t row = 0; row < 640; row += 7) {
    float* values = &vectors[row * kDimension];
    switch (row % 5) {
      case 0:
        std::fill_n(values, kDimension, 0.0f);
        break;
      case 1:
        std::fill_n(values, kDimension, 1e-41f);
        break;
      case 2:
        std::fill_n(values, kDimension, 0.0039f);
        values[row % kDimension] = 1;
        break;
      case 3:
        std::fill_n(values, kDimension, 30.0f);
        values[3] = -17;
        break;
      default:
        values[row % kDimension] = -0.9f;
        break;
    }
  }
  expect_exact(vectors, clustered_unit_rows(12, kDimension, 10, 8));
  expect_exact(vectors, {vectors.begin(), vectors.begin() + 50 * kDimension});
}

TEST(CodedRowsTest, QueriesWithoutACodeAreAnsweredAsWell) {
  const std::vector<float> vectors = random_unit_rows(100, kDimension, 9);
  std::vector<float> queries(5 * kDimension, 0.0f);
  std::copy_n(vectors.begin(), kDimension, queries.begin());
  queries[1 * kDimension] = std::numeric_limits<float>::quiet_NaN();
  queries[2 * kDimension + 4] = std::numeric_limits<float>::infinity();
  std::fill_n(queries.begin() + 3 * kDimension, kDimension, 1e-42f);
  expect_exact(vectors, queries);
}

TEST(CodedRowsTest, FewRowsPassTheCodes) {
  constexpr std::size_t kRows = 8000;
  const std::vector<float> vectors = clustered_unit_rows(kRows, kDimension, 200, 10);
  const CodedRows codes = coded(vectors);
  std::size_t looked_at = 0;
  const RowFilter count = [&](std::int64_t) { return ++looked_at > 0; };
  search_coded(codes.view(), vectors, row_of(vectors, 17), kDimension, 10, &count);
  EXPECT_GE(looked_at, 10u);
  EXPECT_LT(looked_at, kRows / 4);
}

TEST(CodedRowsTest, AViewStaysAsItIsWhileRowsAreAdded) {
  std::vector<float> vectors = clustered_unit_rows(800, kDimension, 20, 11);
  const std::vector<float> queries = clustered_unit_rows(5, kDimension, 20, 12);
  CodedRows codes(800, kDimension);
  codes.extend(vectors.data(), 15);
  EXPECT_EQ(codes.view().rows(), 0u);
  codes.extend(vectors.data(), 400);
  const CodedRowsView before = codes.view();
  codes.extend(vectors.data(), 800);
  const CodedRows larger(1600, codes);
  const std::vector<float> first(vectors.begin(), vectors.begin() + 400 * kDimension);
  const auto then = search_coded(before, first, queries, kDimension, 20, nullptr);
  const auto now = search_coded(larger.view(), vectors, queries, kDimension, 20, nullptr);
  for (std::size_t q = 0; q < 5; ++q) {
    EXPECT_EQ(then[q], expected_rows(first, row_of(queries, q), 20));
    EXPECT_EQ(now[q], expected_rows(vectors, row_of(queries, q), 20));
  }
}

}  // namespace
}  // namespace pressmark::index
