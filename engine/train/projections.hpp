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

// A whitening of descriptors that commutes with contrast inversion.
struct SignedWhitening {
  Eigen::MatrixXd projection;  // rows x kDescriptorSize; even rows first
  int even_rows = 0;           // a multiple of 2
};

// Contrast inversion permutes a descriptor's elements (cell c becomes cell 15 - c). Noise and total
// covariance are made symmetric under that permutation, whose eigenspaces, even and odd vectors,
// are then whitened apart: rows of the even space keep their value under inversion, rows of the odd
// space change sign. The `rows` (even) directions of highest discriminative value are kept.
SignedWhitening learned_signed_whitening(const Eigen::MatrixXd& noise, const Eigen::MatrixXd& total,
                                         int rows);

// The element of a descriptor that contrast inversion moves to `element`.
int inverted_element(int element);

}  // namespace pressmark::train
