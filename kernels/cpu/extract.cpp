// SPDX-License-Identifier: Apache-2.0
#include <opencv2/features2d.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <tuple>

#include "kernels/cpu/stages.hpp"
#include "kernels/math/keypoint_grid.hpp"

namespace pressmark::kernels::cpu {
namespace {

// Below OpenCV's default of .04: faint prints must still fill the keypoint budget; the budget, not
// the threshold, is what limits textured photos.
constexpr double kContrastThreshold = 0.01;
// SIFT needs a neighbourhood; smaller images have no keypoints.
constexpr int kMinSidePx = 16;

Keypoint snap(const cv::KeyPoint& point) {
  Keypoint result;
  result.x_px = px_from_grid(grid_from_px(point.pt.x));
  result.y_px = px_from_grid(grid_from_px(point.pt.y));
  result.size_px = px_from_grid(std::max<std::uint16_t>(1, grid_from_px(point.size)));
  // OpenCV's angle: degrees, clockwise in image coordinates, -1 where undefined.
  const float angle_rad = std::max(0.0f, point.angle) * (std::numbers::pi_v<float> / 180.0f);
  result.angle_rad = angle_from_grid(grid_from_angle(angle_rad));
  return result;
}

// RootSIFT: Hellinger kernel as a dot product of unit vectors.
void root_normalise(const float* sift, float* root) {
  float sum = 0;
  for (int d = 0; d < kDescriptorSize; ++d) sum += sift[d];
  const float inverse = sum > 0 ? 1.0f / sum : 0.0f;
  for (int d = 0; d < kDescriptorSize; ++d) root[d] = std::sqrt(sift[d] * inverse);
}

}  // namespace

void extract(const GreyImage& image, int max_keypoints, LocalFeatures& output) {
  output.keypoints.clear();
  output.descriptors.clear();
  if (std::min(image.width, image.height) < kMinSidePx) return;

  const cv::Mat grey(image.height, image.width, CV_8UC1,
                     const_cast<std::uint8_t*>(image.pixels.data()));
  std::vector<cv::KeyPoint> points;
  cv::Mat sift;
  cv::SIFT::create(max_keypoints, 3, kContrastThreshold)
      ->detectAndCompute(grey, cv::noArray(), points, sift);

  // OpenCV keeps every keypoint that ties with the weakest one, in an order of its own.
  std::vector<int> order(points.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int i) {
    const cv::KeyPoint& p = points[static_cast<std::size_t>(i)];
    return std::make_tuple(-p.response, p.pt.y, p.pt.x, p.size, p.angle);
  };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
  order.resize(std::min(order.size(), static_cast<std::size_t>(max_keypoints)));

  output.keypoints.reserve(order.size());
  output.descriptors.resize(order.size() * kDescriptorSize);
  for (std::size_t i = 0; i < order.size(); ++i) {
    output.keypoints.push_back(snap(points[static_cast<std::size_t>(order[i])]));
    root_normalise(sift.ptr<float>(order[i]), &output.descriptors[i * kDescriptorSize]);
  }
}

}  // namespace pressmark::kernels::cpu
