// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>
#include <cstddef>

namespace pressmark::train {

// Weights of a logistic model by Newton's method, with a small ridge; both classes weigh alike,
// however many rows each has. row(i): a vector of the size of Weights; is_positive(i): its class.
// Both classes must occur. Deterministic.
template <typename Weights, typename Row, typename IsPositive>
Weights fit_logistic(std::size_t rows, const Row& row, const IsPositive& is_positive) {
  constexpr int kNewtonSteps = 30;
  constexpr double kRidge = 1e-3;
  using Matrix = Eigen::Matrix<double, Weights::RowsAtCompileTime, Weights::RowsAtCompileTime>;
  std::size_t positives = 0;
  for (std::size_t i = 0; i < rows; ++i) positives += is_positive(i);
  Weights weights = Weights::Zero();
  for (int step = 0; step < kNewtonSteps; ++step) {
    Matrix hessian = kRidge * Matrix::Identity();
    Weights gradient = -kRidge * weights;
    for (std::size_t i = 0; i < rows; ++i) {
      const Weights x = row(i);
      const bool positive = is_positive(i);
      const double importance = 0.5 / static_cast<double>(positive ? positives : rows - positives);
      const double probability = 1 / (1 + std::exp(-weights.dot(x)));
      gradient += importance * ((positive ? 1.0 : 0.0) - probability) * x;
      hessian += importance * probability * (1 - probability) * x * x.transpose();
    }
    const Weights change = hessian.ldlt().solve(gradient);
    weights += change;
    if (change.cwiseAbs().maxCoeff() < 1e-9) break;
  }
  return weights;
}

}  // namespace pressmark::train
