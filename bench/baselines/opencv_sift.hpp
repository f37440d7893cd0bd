// SPDX-License-Identifier: Apache-2.0
//
// The textbook: OpenCV SIFT, brute-force matching with Lowe's ratio test, homography by MAGSAC.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
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
GreyPhoto read_grey(const std::filesystem::path& file, int long_side_px);

// At most max_keypoints of cv::SIFT with its default settings.
SiftPhoto detect_and_compute(const GreyPhoto& photo, int max_keypoints);

// Both of them.
SiftPhoto describe(const std::filesystem::path& file, int long_side_px, int max_keypoints);

struct SiftMatch {
  cv::Mat hit_from_query;               // 3x3 of photo pixels, empty where none was found
  std::vector<cv::Point2f> query, hit;  // inliers, photo pixels
};

constexpr float kLoweRatio = 0.8f;

// threshold_px in pixels of the reduced images. Inliers are counted at distinct places, as
// Pressmark counts its own: one that lies within the threshold of an earlier one in either photo is
// left out.
SiftMatch match(const SiftPhoto& query, const SiftPhoto& hit, double threshold_px);

}  // namespace pressmark::baselines
