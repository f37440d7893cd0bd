// SPDX-License-Identifier: Apache-2.0
//
// The textbook: OpenCV SIFT, brute-force matching with Lowe's ratio test, homography by MAGSAC.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/features2d.hpp>
#include <vector>

namespace pressmark::baselines {

struct SiftPhoto {
  std::vector<cv::KeyPoint> keypoints;  // pixels of the reduced image
  cv::Mat descriptors;
  double photo_scale = 1;  // photo pixels per pixel of the reduced image
};

// A grey photo, reduced by area averaging to the long side (0: keeps the size).
struct GreyPhoto {
  cv::Mat pixels;
  double photo_scale = 1;  // photo pixels per pixel
};
GreyPhoto reduced(cv::Mat grey, int long_side_px);
GreyPhoto read_grey(const std::filesystem::path& file, int long_side_px);

// At most max_keypoints of cv::SIFT with its default settings.
SiftPhoto detect_and_compute(const GreyPhoto& photo, int max_keypoints);

// Both of them.
SiftPhoto describe(const std::filesystem::path& file, int long_side_px, int max_keypoints);

constexpr float kLoweRatio = 0.8f;

// Rows of both whose nearest other passes Lowe's ratio test, by brute force.
std::vector<cv::DMatch> ratio_test(const cv::BFMatcher& matcher, const cv::Mat& query,
                                   const cv::Mat& hit);

// Which inliers of MAGSAC's homography lie at distinct places, as Pressmark counts its own: one
// that lies within the separation of an earlier one in either photo is left out.
struct Homography {
  cv::Mat hit_from_query;  // 3x3, empty where none was found
  std::vector<std::size_t> inliers;
};
struct Separation {
  double query_px, hit_px;
};
Homography find_homography(const std::vector<cv::Point2f>& query,
                           const std::vector<cv::Point2f>& hit, double threshold_px,
                           const Separation& separation);

struct SiftMatch {
  cv::Mat hit_from_query;               // 3x3 of photo pixels, empty where none was found
  std::vector<cv::Point2f> query, hit;  // inliers, photo pixels
};

// threshold_px in pixels of the reduced images, also the separation of distinct places.
SiftMatch match(const SiftPhoto& query, const SiftPhoto& hit, double threshold_px);

}  // namespace pressmark::baselines
