// SPDX-License-Identifier: Apache-2.0
#include "bench/baselines/opencv_sift.hpp"

#include <algorithm>
#include <opencv2/calib3d.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <utility>

namespace pressmark::baselines {

GreyPhoto reduced(cv::Mat grey, int long_side_px) {
  GreyPhoto photo{std::move(grey), 1};
  const int long_side = std::max(photo.pixels.cols, photo.pixels.rows);
  if (long_side_px > 0 && long_side > long_side_px) {
    photo.photo_scale = static_cast<double>(long_side) / long_side_px;
    cv::resize(photo.pixels, photo.pixels, {}, 1 / photo.photo_scale, 1 / photo.photo_scale,
               cv::INTER_AREA);
  }
  return photo;
}

GreyPhoto read_grey(const std::filesystem::path& file, int long_side_px) {
  cv::Mat grey = cv::imread(file.string(), cv::IMREAD_GRAYSCALE);
  if (grey.empty()) throw std::runtime_error("cannot read " + file.string());
  return reduced(std::move(grey), long_side_px);
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

std::vector<cv::DMatch> ratio_test(const cv::BFMatcher& matcher, const cv::Mat& query,
                                   const cv::Mat& hit) {
  std::vector<std::vector<cv::DMatch>> nearest;
  matcher.knnMatch(query, hit, nearest, 2);
  std::vector<cv::DMatch> kept;
  for (const auto& pair : nearest) {
    if (pair.size() < 2 || pair[0].distance > kLoweRatio * pair[1].distance) continue;
    kept.push_back(pair[0]);
  }
  return kept;
}

Homography find_homography(const std::vector<cv::Point2f>& query,
                           const std::vector<cv::Point2f>& hit, double threshold_px,
                           const Separation& separation) {
  Homography result;
  if (query.size() < 4) return result;
  std::vector<unsigned char> mask;
  result.hit_from_query =
      cv::findHomography(query, hit, cv::USAC_MAGSAC, threshold_px, mask, 2000, 0.999);
  if (result.hit_from_query.empty()) return result;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    const bool is_repeated =
        std::any_of(result.inliers.begin(), result.inliers.end(), [&](std::size_t kept) {
          return cv::norm(query[i] - query[kept]) < separation.query_px ||
                 cv::norm(hit[i] - hit[kept]) < separation.hit_px;
        });
    if (!is_repeated) result.inliers.push_back(i);
  }
  return result;
}

SiftMatch match(const SiftPhoto& query, const SiftPhoto& hit, double threshold_px) {
  SiftMatch result;
  if (query.keypoints.size() < 4 || hit.keypoints.size() < 4) return result;
  const auto photo_point = [](const cv::KeyPoint& point, double scale) {
    return (point.pt + cv::Point2f(0.5f, 0.5f)) * static_cast<float>(scale) -
           cv::Point2f(0.5f, 0.5f);
  };
  std::vector<cv::Point2f> from, to;
  for (const cv::DMatch& pair :
       ratio_test(cv::BFMatcher(cv::NORM_L2), query.descriptors, hit.descriptors)) {
    from.push_back(
        photo_point(query.keypoints[static_cast<std::size_t>(pair.queryIdx)], query.photo_scale));
    to.push_back(
        photo_point(hit.keypoints[static_cast<std::size_t>(pair.trainIdx)], hit.photo_scale));
  }
  const Homography homography =
      find_homography(from, to, threshold_px * hit.photo_scale,
                      {threshold_px * query.photo_scale, threshold_px * hit.photo_scale});
  result.hit_from_query = homography.hit_from_query;
  for (const std::size_t i : homography.inliers) {
    result.query.push_back(from[i]);
    result.hit.push_back(to[i]);
  }
  return result;
}

}  // namespace pressmark::baselines
