// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/refine.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/LU>

namespace pressmark::kernels::cpu {
namespace {

constexpr int kIterations = 10;
// Coordinates are brought to about [-1, 1], so that all parameters weigh alike.
constexpr double kCentre_px = 256.0;

using Matrix = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;
using Parameters = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, 8, 1>;

int parameter_count(TransformKind kind) {
  switch (kind) {
    case TransformKind::kSimilarity:
      return 4;
    case TransformKind::kAffine:
      return 6;
    case TransformKind::kHomography:
      return 8;
  }
  return 8;
}

Matrix to_matrix(TransformKind kind, const Parameters& p) {
  Matrix m;
  if (kind == TransformKind::kSimilarity) {
    m << p[0], -p[1], p[2], p[1], p[0], p[3], 0, 0, 1;
  } else if (kind == TransformKind::kAffine) {
    m << p[0], p[1], p[2], p[3], p[4], p[5], 0, 0, 1;
  } else {
    m << p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], 1;
  }
  return m;
}

Parameters to_parameters(TransformKind kind, const Matrix& m) {
  Parameters p(parameter_count(kind));
  if (kind == TransformKind::kSimilarity) {
    p << m(0, 0), m(1, 0), m(0, 2), m(1, 2);
  } else if (kind == TransformKind::kAffine) {
    p << m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2);
  } else {
    p << m(0, 0), m(0, 1), m(0, 2), m(1, 0), m(1, 1), m(1, 2), m(2, 0), m(2, 1);
  }
  return p;
}

// Derivatives of the mapped point (u, v) by the parameters, with w the homogeneous divisor.
void jacobian(TransformKind kind, double x, double y, double u, double v, double w, Parameters& du,
              Parameters& dv) {
  if (kind == TransformKind::kSimilarity) {
    du << x, -y, 1, 0;
    dv << y, x, 0, 1;
  } else if (kind == TransformKind::kAffine) {
    du << x, y, 1, 0, 0, 0;
    dv << 0, 0, 0, x, y, 1;
  } else {
    du << x / w, y / w, 1 / w, 0, 0, 0, -u * x / w, -u * y / w;
    dv << 0, 0, 0, x / w, y / w, 1 / w, -v * x / w, -v * y / w;
  }
}

}  // namespace

std::array<double, 9> refine(TransformKind kind, const std::array<double, 9>& hit_from_query,
                             const std::vector<PointPair>& pairs, double scale_px,
                             double reach_px) {
  const int count = parameter_count(kind);
  const double unit = 1 / kCentre_px;
  Matrix normalise;
  normalise << unit, 0, -1, 0, unit, -1, 0, 0, 1;
  Matrix start = normalise * Eigen::Map<const Matrix>(hit_from_query.data()) * normalise.inverse();
  start /= start(2, 2);
  Parameters parameters = to_parameters(kind, start);
  const double squared_scale = scale_px * unit * scale_px * unit;
  const double squared_reach = reach_px * unit * reach_px * unit;

  for (int iteration = 0; iteration < kIterations; ++iteration) {
    const Matrix m = to_matrix(kind, parameters);
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(count, count);
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(count);
    Parameters du(count), dv(count);
    int used = 0;
    for (const PointPair& pair : pairs) {
      const double x = pair.query_x * unit - 1, y = pair.query_y * unit - 1;
      const Eigen::Vector3d mapped = m * Eigen::Vector3d(x, y, 1);
      if (!(mapped[2] > 0)) continue;
      const double u = mapped[0] / mapped[2], v = mapped[1] / mapped[2];
      const double eu = pair.hit_x * unit - 1 - u, ev = pair.hit_y * unit - 1 - v;
      const double squared = eu * eu + ev * ev;
      if (squared > squared_reach) continue;
      const double weight = 1 / (1 + squared / squared_scale);
      jacobian(kind, x, y, u, v, mapped[2], du, dv);
      normal += weight * (du * du.transpose() + dv * dv.transpose());
      gradient += weight * (du * eu + dv * ev);
      ++used;
    }
    if (2 * used < count) return hit_from_query;
    const Eigen::LDLT<Eigen::MatrixXd> solver(normal);
    if (solver.info() != Eigen::Success || solver.rcond() < 1e-12) return hit_from_query;
    parameters += solver.solve(gradient);
    if (!parameters.allFinite()) return hit_from_query;
  }
  Matrix result = normalise.inverse() * to_matrix(kind, parameters) * normalise;
  if (std::abs(result(2, 2)) < 1e-12) return hit_from_query;
  result /= result(2, 2);
  std::array<double, 9> values;
  Eigen::Map<Matrix>(values.data()) = result;
  return values;
}

}  // namespace pressmark::kernels::cpu
