// SPDX-License-Identifier: Apache-2.0
#include "engine/train/projections.hpp"

#include <Eigen/Eigenvalues>

namespace pressmark::train {
namespace {

// Share of the mean variance that is added to every direction of the noise: few pairs leave some
// directions unobserved, and whitening must not blow those up.
constexpr double kShrinkage = 0.05;

}  // namespace

Moments::Moments(int size)
    : sum(Eigen::VectorXd::Zero(size)), outer(Eigen::MatrixXd::Zero(size, size)) {}

void Moments::add(const Eigen::MatrixXf& columns) {
  if (columns.cols() == 0) return;  // Eigen's rankUpdate divides by the number of columns
  const Eigen::MatrixXd wide = columns.cast<double>();
  sum += wide.rowwise().sum();
  outer.selfadjointView<Eigen::Lower>().rankUpdate(wide);
  count += static_cast<double>(columns.cols());
}

Moments& Moments::operator+=(const Moments& other) {
  sum += other.sum;
  outer += other.outer;
  count += other.count;
  return *this;
}

Eigen::MatrixXd Moments::covariance() const {
  const Eigen::MatrixXd full = outer.selfadjointView<Eigen::Lower>();
  return full / count - mean() * mean().transpose();
}

Eigen::MatrixXd learned_whitening(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total,
                                  int rows) {
  const Eigen::Index size = noise.rows();
  const double ridge = kShrinkage * noise.trace() / static_cast<double>(size);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> noise_axes(
      noise + ridge * Eigen::MatrixXd::Identity(size, size));
  const Eigen::MatrixXd whiten = noise_axes.operatorInverseSqrt();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> axes(whiten * total * whiten);
  // Eigenvalues ascend.
  return axes.eigenvectors().rightCols(rows).rowwise().reverse().transpose() * whiten;
}

}  // namespace pressmark::train
