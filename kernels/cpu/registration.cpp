// SPDX-License-Identifier: Apache-2.0
//
// Robust registration of point pairs: which transform explains them, and how simply?
//
// Homography and affinity by MAGSAC++ (OpenCV USAC), similarity by RANSAC; among them the lowest
// geometric robust information criterion (GRIC, Torr, "An assessment of information criteria for
// motion model selection", CVPR 1997 and 1998):
//   GRIC = sum_i min(e_i^2 / sigma^2, lambda3 (r - d)) + lambda1 d n + lambda2 k
// with r = 4 (a pair's coordinates), d = 2 (both are maps of the plane), lambda1 = log r,
// lambda2 = log(r n), lambda3 = 2; k = 4, 6, 8 parameters. lambda1 d n is common to all and left
// out.
#include <opencv2/calib3d.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/cpu/refine.hpp"
#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {
namespace {

constexpr int kMaxIterations = 2000;
constexpr double kConfidence = 0.999;
// The inlier threshold is the 99 % quantile of a two-dimensional Gaussian error.
constexpr double kSigmasOfThreshold = 3.03;
// Larger changes of scale cannot come from two usable photos of one mark.
constexpr double kMaxScale = 16.0;

using Matrix3 = std::array<double, 9>;

struct Candidate {
  TransformKind kind;
  int parameters;
  Matrix3 matrix;
};

cv::UsacParams magsac(float threshold_px) {
  cv::UsacParams params;
  params.confidence = kConfidence;
  params.isParallel = false;
  params.loIterations = 5;
  params.loMethod = cv::LOCAL_OPTIM_SIGMA;
  params.loSampleSize = 50;
  params.maxIterations = kMaxIterations;
  params.neighborsSearch = cv::NEIGH_GRID;
  params.randomGeneratorState = 1;
  params.sampler = cv::SAMPLING_UNIFORM;
  params.score = cv::SCORE_METHOD_MAGSAC;
  params.threshold = threshold_px;
  return params;
}

// Empty unless `estimate` is a finite 2x3 or 3x3 matrix.
std::vector<double> flatten(const cv::Mat& estimate) {
  if (estimate.empty() || estimate.cols != 3 || estimate.rows < 2) return {};
  cv::Mat matrix;
  estimate.convertTo(matrix, CV_64F);
  std::vector<double> values(matrix.ptr<double>(), matrix.ptr<double>() + matrix.total());
  if (values.size() == 6) values.insert(values.end(), {0.0, 0.0, 1.0});
  for (double value : values) {
    if (!std::isfinite(value)) return {};
  }
  if (std::abs(values[8]) < 1e-12) return {};
  for (int i = 0; i < 9; ++i) values[static_cast<std::size_t>(i)] /= values[8];
  return values;
}

struct Projection {
  double x, y, w, determinant;  // determinant of the map's Jacobian there
};

Projection project(const Matrix3& m, double x, double y) {
  const double w = m[6] * x + m[7] * y + m[8];
  const double u = (m[0] * x + m[1] * y + m[2]) / w, v = (m[3] * x + m[4] * y + m[5]) / w;
  const double a = (m[0] - u * m[6]) / w, b = (m[1] - u * m[7]) / w;
  const double c = (m[3] - v * m[6]) / w, d = (m[4] - v * m[7]) / w;
  return {u, v, w, a * d - b * c};
}

double squared_error(const Matrix3& m, const PointPair& pair) {
  const Projection p = project(m, pair.query_x, pair.query_y);
  if (!(p.w > 0)) return std::numeric_limits<double>::infinity();
  const double dx = p.x - pair.hit_x, dy = p.y - pair.hit_y;
  return dx * dx + dy * dy;
}

double gric(const Candidate& candidate, const std::vector<PointPair>& pairs, double threshold_px) {
  const double sigma = threshold_px / kSigmasOfThreshold;
  const double variance = sigma * sigma;
  constexpr double kOutlierCost = 2.0 * (4 - 2);
  double cost = 0;
  for (const PointPair& pair : pairs) {
    cost += std::min(squared_error(candidate.matrix, pair) / variance, kOutlierCost);
  }
  return cost + std::log(4.0 * static_cast<double>(pairs.size())) * candidate.parameters;
}

// A photo of a flat mark is never mirrored, folded, or seen at another scale by more than
// kMaxScale: checked at every inlier.
bool is_plausible(const Candidate& candidate, const std::vector<PointPair>& pairs,
                  const std::vector<int>& inliers) {
  for (int index : inliers) {
    const PointPair& pair = pairs[static_cast<std::size_t>(index)];
    const Projection p = project(candidate.matrix, pair.query_x, pair.query_y);
    if (!(p.w > 0) || !(p.determinant > 1 / (kMaxScale * kMaxScale)) ||
        p.determinant > kMaxScale * kMaxScale) {
      return false;
    }
  }
  return true;
}

std::vector<int> inliers_of(const Matrix3& matrix, const std::vector<PointPair>& pairs,
                            double threshold_px) {
  std::vector<int> inliers;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (squared_error(matrix, pairs[i]) <= threshold_px * threshold_px) {
      inliers.push_back(static_cast<int>(i));
    }
  }
  return inliers;
}

}  // namespace

void register_pairs(const std::vector<PointPair>& pairs, float threshold_px, Registration& output) {
  output = {};
  if (pairs.size() < 3) return;
  std::vector<cv::Point2f> query, hit;
  query.reserve(pairs.size());
  hit.reserve(pairs.size());
  for (const PointPair& pair : pairs) {
    query.emplace_back(pair.query_x, pair.query_y);
    hit.emplace_back(pair.hit_x, pair.hit_y);
  }

  std::vector<Candidate> candidates;
  const auto consider = [&](TransformKind kind, int parameters, const cv::Mat& estimate) {
    const std::vector<double> values = flatten(estimate);
    if (values.empty()) return;
    Candidate candidate{kind, parameters, {}};
    std::copy(values.begin(), values.end(), candidate.matrix.begin());
    candidate.matrix =
        refine(kind, candidate.matrix, pairs, threshold_px / kSigmasOfThreshold, threshold_px);
    candidates.push_back(candidate);
  };
  // Degenerate point sets make OpenCV throw; such a set has no transform of that kind.
  const auto attempt = [&](const auto& estimate) {
    try {
      estimate();
    } catch (const cv::Exception&) {
    }
  };
  cv::Mat mask;
  attempt([&] {
    consider(TransformKind::kSimilarity, 4,
             cv::estimateAffinePartial2D(query, hit, mask, cv::RANSAC, threshold_px, kMaxIterations,
                                         kConfidence, 10));
  });
  const cv::UsacParams params = magsac(threshold_px);
  attempt(
      [&] { consider(TransformKind::kAffine, 6, cv::estimateAffine2D(query, hit, mask, params)); });
  if (pairs.size() >= 4) {
    attempt([&] {
      consider(TransformKind::kHomography, 8, cv::findHomography(query, hit, mask, params));
    });
  }

  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates) {
    const double cost = gric(candidate, pairs, threshold_px);
    if (!(cost < best)) continue;
    std::vector<int> inliers = inliers_of(candidate.matrix, pairs, threshold_px);
    if (inliers.size() < 3 || !is_plausible(candidate, pairs, inliers)) continue;
    best = cost;
    output = {true, candidate.kind, candidate.matrix, std::move(inliers)};
  }
}

}  // namespace pressmark::kernels::cpu
