// SPDX-License-Identifier: Apache-2.0
//
// The linear algebra of training: projections learned from second moments. Matrices are summed
// elsewhere, so that memory does not depend on the number of images.
#pragma once

#include <Eigen/Core>

namespace pressmark::train {

// Sums over vectors; join with +=.
struct Moments {
  explicit Moments(int size);
  Eigen::VectorXd sum;
  Eigen::MatrixXd outer;  // sum of x x^T
  double count = 0;

  // One vector per column.
  void add(const Eigen::MatrixXf& columns);
  Moments& operator+=(const Moments& other);
  Eigen::VectorXd mean() const { return sum / count; }
  Eigen::MatrixXd covariance() const;
};

// Rows that whiten the differences of matching pairs and then keep the directions in which all
// vectors differ most ("learned whitening": Mikolajczyk and Matas, ICCV 2007). `noise`: second
// moment of the differences; `total`: covariance of all vectors.
Eigen::MatrixXd learned_whitening(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total,
                                  int rows);

}  // namespace pressmark::train
