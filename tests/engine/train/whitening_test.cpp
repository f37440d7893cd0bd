// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/train/projections.hpp"

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

}  // namespace
}  // namespace pressmark::train
