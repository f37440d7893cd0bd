// SPDX-License-Identifier: Apache-2.0
#include "engine/train/projections.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>

#include "kernels/ops.hpp"

namespace pressmark::train {
namespace {

TEST(MomentsTest, GiveMeanAndCovarianceInAnySplit) {
  Eigen::MatrixXf columns(2, 4);
  columns << 1, 3, 5, 7, 2, 2, 6, 6;
  Moments whole(2), left(2), right(2);
  whole.add(columns);
  left.add(columns.leftCols(1));
  right.add(columns.rightCols(3));
  right.add(Eigen::MatrixXf(2, 0));
  left += right;
  for (const Moments* moments : {&whole, &left}) {
    EXPECT_EQ(moments->count, 4);
    EXPECT_TRUE(moments->mean().isApprox(Eigen::Vector2d(4, 4)));
    Eigen::Matrix2d expected;
    expected << 5, 4, 4, 4;
    EXPECT_TRUE(moments->covariance().isApprox(expected));
  }
}

TEST(LearnedWhiteningTest, KeepsTheDirectionWithMoreSignalThanNoise) {
  // The first axis varies most, but as much within pairs; the third is what tells things apart.
  const Eigen::MatrixXd noise = Eigen::Vector3d(9, 1, 0.1).asDiagonal();
  const Eigen::MatrixXd total = Eigen::Vector3d(10, 1.5, 2).asDiagonal();
  const Eigen::MatrixXd rows = learned_whitening(noise, total, 2);
  ASSERT_EQ(rows.rows(), 2);
  EXPECT_GT(std::abs(rows(0, 2)), 10 * std::abs(rows(0, 0)));
  EXPECT_GT(std::abs(rows(0, 2)), 10 * std::abs(rows(0, 1)));
}

TEST(LearnedWhiteningTest, MakesNoiseRound) {
  Eigen::MatrixXd root = Eigen::MatrixXd::Zero(4, 4);
  root.diagonal() << 3, 2, 2, 1;
  root(0, 1) = 0.5;
  const Eigen::MatrixXd noise = root * root.transpose();
  const Eigen::MatrixXd total = noise + Eigen::MatrixXd::Identity(4, 4) * 20;
  const Eigen::MatrixXd rows = learned_whitening(noise, total, 4);
  const Eigen::MatrixXd whitened = rows * noise * rows.transpose();
  // Up to the ridge: 5 % of the mean variance.
  EXPECT_TRUE(whitened.isApprox(Eigen::MatrixXd::Identity(4, 4), 0.25)) << whitened;
}

TEST(LearnedWhiteningTest, UnobservedDirectionsStayFinite) {
  const Eigen::MatrixXd noise = Eigen::Vector3d(1, 1, 0).asDiagonal();
  const Eigen::MatrixXd rows = learned_whitening(noise, Eigen::Matrix3d::Identity(), 3);
  EXPECT_TRUE(rows.allFinite());
}

constexpr int kSize = kernels::kDescriptorSize, kRows = kLocalCodeSize;

Eigen::MatrixXd random_matrix(std::uint64_t seed, int rows, int columns) {
  std::mt19937_64 random(seed);
  return Eigen::MatrixXd::NullaryExpr(
      rows, columns, [&] { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; });
}

Eigen::MatrixXd random_covariance(std::uint64_t seed, double spread) {
  const Eigen::MatrixXd root = random_matrix(seed, kSize, kSize);
  return root * root.transpose() * spread / kSize + Eigen::MatrixXd::Identity(kSize, kSize);
}

Eigen::MatrixXd inverted(const Eigen::MatrixXd& descriptors) {
  Eigen::MatrixXd result(descriptors.rows(), descriptors.cols());
  for (int d = 0; d < kSize; ++d) result.row(d) = descriptors.row(inverted_element(d));
  return result;
}

TEST(InvertedElementTest, ExchangesCellsAndKeepsBins) {
  std::set<int> seen;
  for (int cell = 0; cell < 16; ++cell) {
    for (int bin = 0; bin < 8; ++bin) {
      const int element = inverted_element(cell * 8 + bin);
      EXPECT_EQ(element, (15 - cell) * 8 + bin);
      EXPECT_EQ(inverted_element(element), cell * 8 + bin);
      seen.insert(element);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kSize));
}

TEST(SignedWhiteningTest, CommutesWithInversion) {
  for (std::uint64_t seed : {1u, 2u, 3u}) {
    const SignedWhitening whitening = learned_signed_whitening(
        random_covariance(seed, 3), random_covariance(seed + 10, 30), kRows);
    ASSERT_EQ(whitening.projection.rows(), kRows);
    ASSERT_EQ(whitening.projection.cols(), kSize);
    EXPECT_EQ(whitening.even_rows % 2, 0);
    EXPECT_GT(whitening.even_rows, 0);
    EXPECT_LT(whitening.even_rows, kRows);
    const Eigen::MatrixXd descriptors = random_matrix(seed + 20, kSize, 20);
    Eigen::MatrixXd expected = whitening.projection * descriptors;
    EXPECT_GT(expected.cwiseAbs().minCoeff(), 0);
    expected.bottomRows(kRows - whitening.even_rows) *= -1;
    EXPECT_LT((whitening.projection * inverted(descriptors) - expected).cwiseAbs().maxCoeff(),
              1e-9);
  }
}

TEST(SignedWhiteningTest, MakesTheSymmetricPartOfNoiseRound) {
  const Eigen::MatrixXd noise = random_covariance(4, 3);
  const SignedWhitening whitening =
      learned_signed_whitening(noise, random_covariance(5, 30), kRows);
  const Eigen::MatrixXd symmetric = (noise + inverted(inverted(noise).transpose())) / 2;
  const Eigen::MatrixXd whitened =
      whitening.projection * symmetric * whitening.projection.transpose();
  // Up to the ridge: 5 % of the mean variance.
  EXPECT_TRUE(whitened.isApprox(Eigen::MatrixXd::Identity(kRows, kRows), 0.15));
  EXPECT_LT((whitened - Eigen::MatrixXd(whitened.diagonal().asDiagonal())).cwiseAbs().maxCoeff(),
            0.1);
}

TEST(SignedWhiteningTest, TheSpaceThatTellsMoreApartGetsMoreRows) {
  const Eigen::MatrixXd noise = Eigen::MatrixXd::Identity(kSize, kSize);
  Eigen::MatrixXd exchange = Eigen::MatrixXd::Zero(kSize, kSize);
  for (int d = 0; d < kSize; ++d) exchange(d, inverted_element(d)) = 1;
  // Variance 1 + share along even vectors, 1 - share along odd ones.
  for (double share : {0.6, -0.6}) {
    const SignedWhitening whitening =
        learned_signed_whitening(noise, noise + share * exchange, kRows);
    EXPECT_EQ(whitening.even_rows, share > 0 ? kRows : 0);
  }
  // A total that does not see a difference takes as many of both as there are.
  EXPECT_EQ(learned_signed_whitening(noise, noise, kSize).even_rows, kSize / 2);
}

TEST(SignedWhiteningTest, EvenRowsArePaired) {
  // The 33 best directions are even: one of them has to give way.
  Eigen::MatrixXd total = Eigen::MatrixXd::Identity(kSize, kSize);
  for (int d = 0; d < 33; ++d) {
    Eigen::VectorXd even = Eigen::VectorXd::Zero(kSize);
    even[d] = even[inverted_element(d)] = 1;
    total += (5 + 0.1 * d) * even * even.transpose();
  }
  for (int d = 0; d < 60; ++d) {
    Eigen::VectorXd odd = Eigen::VectorXd::Zero(kSize);
    odd[d] = 1;
    odd[inverted_element(d)] = -1;
    total += (2 + 0.01 * d) * odd * odd.transpose();
  }
  EXPECT_EQ(
      learned_signed_whitening(Eigen::MatrixXd::Identity(kSize, kSize), total, kRows).even_rows,
      32);
}

}  // namespace
}  // namespace pressmark::train
