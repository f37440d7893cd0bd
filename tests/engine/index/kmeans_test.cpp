// SPDX-License-Identifier: Apache-2.0
#include "engine/index/kmeans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "random_vectors.hpp"

namespace pressmark::index {
namespace {

constexpr std::size_t kDimension = 8;

double squared_distance(const float* a, const float* b) {
  double sum = 0;
  for (std::size_t d = 0; d < kDimension; ++d) {
    const double difference = double{a[d]} - double{b[d]};
    sum += difference * difference;
  }
  return sum;
}

double distance_to_nearest(const float* point, const std::vector<float>& centroids) {
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < centroids.size(); c += kDimension) {
    least = std::min(least, squared_distance(point, &centroids[c]));
  }
  return least;
}

// Of more than two clusters Lloyd's algorithm may leave some joined, depending on where it starts.
TEST(KmeansTest, FindsTwoSeparateClusters) {
  const std::vector<float> centres = random_unit_rows(2, kDimension, 1);
  std::vector<float> points;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::vector<float> offset = random_unit_rows(1, kDimension, 100 + i);
    for (std::size_t d = 0; d < kDimension; ++d) {
      points.push_back(10 * centres[i % 2 * kDimension + d] + 0.1f * offset[d]);
    }
  }
  const std::vector<float> found = kmeans(points, kDimension, 2, 1);
  ASSERT_EQ(found.size(), 2 * kDimension);
  for (std::size_t c = 0; c < 2; ++c) {
    std::vector<float> centre(centres.begin() + static_cast<std::ptrdiff_t>(c * kDimension),
                              centres.begin() + static_cast<std::ptrdiff_t>((c + 1) * kDimension));
    for (float& value : centre) value *= 10;
    EXPECT_LT(distance_to_nearest(centre.data(), found), 0.01);
  }
}

TEST(KmeansTest, RepeatsExactlyForASeed) {
  const std::vector<float> points = random_unit_rows(500, kDimension, 2);
  EXPECT_EQ(kmeans(points, kDimension, 12, 7), kmeans(points, kDimension, 12, 7));
  EXPECT_NE(kmeans(points, kDimension, 12, 7), kmeans(points, kDimension, 12, 8));
}

TEST(KmeansTest, DescribesPointsBetterThanAsManyOfThem) {
  const std::vector<float> points = random_unit_rows(400, kDimension, 3);
  const std::vector<float> learned = kmeans(points, kDimension, 16, 1);
  const std::vector<float> first(points.begin(), points.begin() + 16 * kDimension);
  double cost = 0, plain_cost = 0;
  for (std::size_t i = 16 * kDimension; i < points.size(); i += kDimension) {
    cost += distance_to_nearest(&points[i], learned);
    plain_cost += distance_to_nearest(&points[i], first);
  }
  EXPECT_LT(cost, plain_cost);
}

TEST(KmeansTest, AsManyClustersAsPointsGiveThePoints) {
  const std::vector<float> points = random_unit_rows(5, kDimension, 4);
  const std::vector<float> found = kmeans(points, kDimension, 5, 1);
  for (std::size_t i = 0; i < points.size(); i += kDimension) {
    EXPECT_LT(distance_to_nearest(&points[i], found), 1e-10);
  }
}

}  // namespace
}  // namespace pressmark::index
