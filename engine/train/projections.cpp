// SPDX-License-Identifier: Apache-2.0
#include "engine/train/projections.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>

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

namespace {

struct Axes {
  Eigen::MatrixXd rows;    // by descending value
  Eigen::VectorXd values;  // variance along a row where that of the noise is 1
};

Axes whitened_axes(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total) {
  const Eigen::Index size = noise.rows();
  const double ridge = kShrinkage * noise.trace() / static_cast<double>(size);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> noise_axes(
      noise + ridge * Eigen::MatrixXd::Identity(size, size));
  const Eigen::MatrixXd whiten = noise_axes.operatorInverseSqrt();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> axes(whiten * total * whiten);
  // Eigenvalues ascend.
  return {axes.eigenvectors().rowwise().reverse().transpose() * whiten,
          axes.eigenvalues().reverse()};
}

// Columns: an orthonormal basis of the descriptors that inversion keeps (sign 1) or negates (-1).
Eigen::MatrixXd inversion_space(int size, double sign) {
  Eigen::MatrixXd basis = Eigen::MatrixXd::Zero(size, size / 2);
  Eigen::Index column = 0;
  for (int element = 0; element < size; ++element) {
    const int other = inverted_element(element);
    if (other < element) continue;
    basis(element, column) = std::sqrt(0.5);
    basis(other, column) = sign * std::sqrt(0.5);
    ++column;
  }
  return basis;
}

}  // namespace

Eigen::MatrixXd learned_whitening(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total,
                                  int rows) {
  return whitened_axes(noise, total).rows.topRows(rows);
}

int inverted_element(int element) {
  constexpr int kBins = 8, kLastCell = 15;
  return (kLastCell - element / kBins) * kBins + element % kBins;
}

SignedWhitening learned_signed_whitening(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total,
                                         int rows) {
  const int size = static_cast<int>(noise.rows());
  const Eigen::MatrixXd even = inversion_space(size, 1), odd = inversion_space(size, -1);
  // Restricting to the two spaces is what makes both matrices symmetric under the permutation.
  const Axes even_axes =
      whitened_axes(even.transpose() * noise * even, even.transpose() * total * even);
  const Axes odd_axes = whitened_axes(odd.transpose() * noise * odd, odd.transpose() * total * odd);
  int evens = 0, odds = 0;
  while (evens + odds < rows) {
    const bool take_even =
        odds == odd_axes.values.size() ||
        (evens < even_axes.values.size() && even_axes.values[evens] >= odd_axes.values[odds]);
    ++(take_even ? evens : odds);
  }
  if (evens % 2 == 1) {
    --evens;
    ++odds;
  }
  SignedWhitening result;
  result.even_rows = evens;
  result.projection.resize(rows, size);
  result.projection.topRows(evens) = even_axes.rows.topRows(evens) * even.transpose();
  result.projection.bottomRows(odds) = odd_axes.rows.topRows(odds) * odd.transpose();
  return result;
}

}  // namespace pressmark::train
