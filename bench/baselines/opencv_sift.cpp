// SPDX-License-Identifier: Apache-2.0
#include "bench/baselines/opencv_sift.hpp"

#include <algorithm>
#include <opencv2/calib3d.hpp>
#include <opencv2/features2d.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>

namespace pressmark::baselines {

namespace {

bool is_repeated(cv::Point2f point, const std::vector<cv::Point2f>& kept, double separation_px) {
  return std::any_of(kept.begin(), kept.end(),
                     [&](cv::Point2f other) { return cv::norm(point - other) < separation_px; });
}

}  // namespace

GreyPhoto read_grey(const std::filesystem::path& file, int long_side_px) {
  GreyPhoto photo{cv::imread(file.string(), cv::IMREAD_GRAYSCALE), 1};
  if (photo.pixels.empty()) throw std::runtime_error("cannot read " + file.string());
  const int long_side = std::max(photo.pixels.cols, photo.pixels.rows);
  if (long_side_px > 0 && long_side > long_side_px) {
    photo.photo_scale = static_cast<double>(long_side) / long_side_px;
    cv::resize(photo.pixels, photo.pixels, {}, 1 / photo.photo_scale, 1 / photo.photo_scale,
               cv::INTER_AREA);
  }
  return photo;
}

SiftPhoto detect_and_compute(const GreyPhoto& photo, int max_keypoints) {
  SiftPhoto described;
  described.photo_scale = photo.photo_scale;
  cv::SIFT::create(max_keypoints)
      ->detectAndCompute(photo.pixels, cv::noArray(), described.keypoints, described.descriptors);
  return described;
}

SiftPhoto describe(const std::filesystem::path& file, int long_side_px, int max_keypoints) {
  return detect_and_compute(read_grey(file, long_side_px), max_keypoints);
}

SiftMatch match(const SiftPhoto& query, const SiftPhoto& hit, double threshold_px) {
  SiftMatch result;
  if (query.keypoints.size() < 4 || hit.keypoints.size() < 4) return result;
  std::vector<std::vector<cv::DMatch>> nearest;
  cv::BFMatcher(cv::NORM_L2).knnMatch(query.descriptors, hit.descriptors, nearest, 2);
  std::vector<cv::Point2f> from, to;
  for (const auto& pair : nearest) {
    if (pair.size() < 2 || pair[0].distance > kLoweRatio * pair[1].distance) continue;
    const auto photo_point = [](const cv::KeyPoint& point, double scale) {
      return (point.pt + cv::Point2f(0.5f, 0.5f)) * static_cast<float>(scale) -
             cv::Point2f(0.5f, 0.5f);
    };
    from.push_back(photo_point(query.keypoints[static_cast<std::size_t>(pair[0].queryIdx)],
                               query.photo_scale));
    to.push_back(
        photo_point(hit.keypoints[static_cast<std::size_t>(pair[0].trainIdx)], hit.photo_scale));
  }
  if (from.size() < 4) return result;
  std::vector<unsigned char> mask;
  const cv::Mat homography = cv::findHomography(from, to, cv::USAC_MAGSAC,
                                                threshold_px * hit.photo_scale, mask, 2000, 0.999);
  if (homography.empty()) return result;
  result.hit_from_query = homography;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (mask[i] == 0 || is_repeated(from[i], result.query, threshold_px * query.photo_scale) ||
        is_repeated(to[i], result.hit, threshold_px * hit.photo_scale)) {
      continue;
    }
    result.query.push_back(from[i]);
    result.hit.push_back(to[i]);
  }
  return result;
}

}  // namespace pressmark::baselines
