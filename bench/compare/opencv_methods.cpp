// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <opencv2/features2d.hpp>
#include <opencv2/img_hash.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <utility>

#include "bench/baselines/opencv_sift.hpp"
#include "bench/compare/method.hpp"
#include "pressmark/options.hpp"

namespace pressmark::compare {
namespace {

// Position, size and angle as 32-bit floats.
constexpr std::int64_t kKeypointBytes = 16;

cv::Mat pixels_of(const image::Photo& photo) {
  return {photo.pixels.height, photo.pixels.width, photo.pixels.channels == 3 ? CV_8UC3 : CV_8UC1,
          const_cast<std::uint8_t*>(photo.pixels.pixels.data())};
}

cv::Mat reduced_grey(const image::Photo& photo, int long_side_px) {
  cv::Mat grey = pixels_of(photo);
  if (grey.channels() == 3) cv::cvtColor(grey, grey, cv::COLOR_BGR2GRAY);
  return baselines::reduced(std::move(grey), long_side_px).pixels;
}

struct Described {
  std::vector<cv::KeyPoint> keypoints;
  cv::Mat descriptors;  // by rows
};

// For detectors that take no limit, or not quite the one they are given.
void keep_strongest(Described& photo, std::size_t most) {
  if (photo.keypoints.size() <= most) return;
  std::vector<std::size_t> order(photo.keypoints.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return photo.keypoints[a].response > photo.keypoints[b].response;
  });
  Described kept;
  for (std::size_t i = 0; i < most; ++i) {
    kept.keypoints.push_back(photo.keypoints[order[i]]);
    kept.descriptors.push_back(photo.descriptors.row(static_cast<int>(order[i])));
  }
  photo = std::move(kept);
}

class LocalFeatures final : public Method {
 public:
  // descriptor_bytes: of one descriptor in a file.
  LocalFeatures(std::string name, std::string title, cv::Ptr<cv::Feature2D> detector, int norm,
                int descriptor_bytes, int long_side_px, int max_keypoints)
      : name_(std::move(name)),
        title_(std::move(title)),
        detector_(std::move(detector)),
        matcher_(norm),
        descriptor_bytes_(descriptor_bytes),
        long_side_px_(long_side_px),
        max_keypoints_(static_cast<std::size_t>(max_keypoints)) {}

  std::string_view name() const override { return name_; }
  std::string_view title() const override { return title_; }

  void describe(const image::Photo& photo) override {
    const cv::Mat grey = reduced_grey(photo, long_side_px_);
    Described& described = photos_.emplace_back();
    detector_->detectAndCompute(grey, cv::noArray(), described.keypoints, described.descriptors);
    keep_strongest(described, max_keypoints_);
  }

  std::int64_t bytes(std::size_t photo) const override {
    return static_cast<std::int64_t>(photos_[photo].keypoints.size()) *
           (kKeypointBytes + descriptor_bytes_);
  }

  void prepare(std::size_t) override {}

  float compare(std::size_t query, std::size_t other) override {
    const Described& a = photos_[query];
    const Described& b = photos_[other];
    if (a.keypoints.size() < 4 || b.keypoints.size() < 4) return 0;
    std::vector<cv::Point2f> from, to;
    for (const cv::DMatch& pair : baselines::ratio_test(matcher_, a.descriptors, b.descriptors)) {
      from.push_back(a.keypoints[static_cast<std::size_t>(pair.queryIdx)].pt);
      to.push_back(b.keypoints[static_cast<std::size_t>(pair.trainIdx)].pt);
    }
    const float matches = static_cast<float>(from.size());
    const double threshold_px = VerifyOptions{}.threshold_px;
    const std::size_t inliers =
        baselines::find_homography(from, to, threshold_px, {threshold_px, threshold_px})
            .inliers.size();
    return static_cast<float>(inliers) + matches / (matches + 1);  // the latter below one inlier
  }

 private:
  std::string name_, title_;
  cv::Ptr<cv::Feature2D> detector_;
  cv::BFMatcher matcher_;
  int descriptor_bytes_, long_side_px_;
  std::size_t max_keypoints_;
  std::vector<Described> photos_;
};

class PerceptualHash final : public Method {
 public:
  std::string_view name() const override { return "opencv_phash"; }
  std::string_view title() const override { return "pHash"; }

  void describe(const image::Photo& photo) override {
    cv::Mat hash;
    hasher_->compute(pixels_of(photo), hash);
    hashes_.push_back(hash);
  }
  std::int64_t bytes(std::size_t photo) const override {
    return static_cast<std::int64_t>(hashes_[photo].total() * hashes_[photo].elemSize());
  }
  void prepare(std::size_t) override {}
  float compare(std::size_t query, std::size_t other) override {
    const double bits = 8.0 * static_cast<double>(bytes(query));
    return static_cast<float>(bits - hasher_->compare(hashes_[query], hashes_[other]));
  }

 private:
  cv::Ptr<cv::img_hash::PHash> hasher_ = cv::img_hash::PHash::create();
  std::vector<cv::Mat> hashes_;
};

}  // namespace

std::unique_ptr<Method> make_opencv_sift(int long_side_px, int max_keypoints) {
  return std::make_unique<LocalFeatures>("opencv_sift", "OpenCV SIFT",
                                         cv::SIFT::create(max_keypoints), cv::NORM_L2, 128,
                                         long_side_px, max_keypoints);
}

std::unique_ptr<Method> make_opencv_orb(int long_side_px, int max_keypoints) {
  return std::make_unique<LocalFeatures>("opencv_orb", "OpenCV ORB", cv::ORB::create(max_keypoints),
                                         cv::NORM_HAMMING, 32, long_side_px, max_keypoints);
}

std::unique_ptr<Method> make_opencv_akaze(int long_side_px, int max_keypoints) {
  return std::make_unique<LocalFeatures>("opencv_akaze", "OpenCV AKAZE", cv::AKAZE::create(),
                                         cv::NORM_HAMMING, 61, long_side_px, max_keypoints);
}

std::unique_ptr<Method> make_opencv_phash() {
  return std::make_unique<PerceptualHash>();
}

}  // namespace pressmark::compare
