// SPDX-License-Identifier: Apache-2.0
#include "tools/render/camera.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "tools/render/background.hpp"
#include "tools/render/noise.hpp"
#include "tools/render/occluder.hpp"

namespace pressmark::render {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kMostOccluded = 0.15;
constexpr double kMostOutside = 0.20;

cv::Matx33d translation(double x, double y) {
  return {1, 0, x, 0, 1, y, 0, 0, 1};
}

// Pinhole camera that looks at the mark's centre; the plane of the mark is turned about an axis in
// it. With P = R_axis(tilt) (s R_z(rotation) p, 0):  x = c + f P_xy / (f + P_z).
cv::Matx33d pose_matrix(const Pose& pose, double focal_px) {
  const double c = pose.scale * std::cos(pose.rotation_rad);
  const double s = pose.scale * std::sin(pose.rotation_rad);
  const cv::Matx33d similarity(c, -s, 0, s, c, 0, 0, 0, 1);
  const double ux = std::cos(pose.tilt_axis_rad);
  const double uy = std::sin(pose.tilt_axis_rad);
  const double ct = std::cos(pose.tilt_rad);
  const double st = std::sin(pose.tilt_rad);
  // Rodrigues for an axis in the plane, third column dropped (z = 0 before).
  const cv::Matx33d tilt(ct + ux * ux * (1 - ct), ux * uy * (1 - ct), 0,  //
                         ux * uy * (1 - ct), ct + uy * uy * (1 - ct), 0,  //
                         -uy * st / focal_px, ux * st / focal_px, 1);
  return translation(pose.centre.x, pose.centre.y) * tilt * similarity;
}

// An examiner's close-up: the mark's longer side takes most of the frame's shorter side; one in
// eight stands farther off.
Pose random_pose(const Scene& scene, Physics physics, cv::Size size, double zoom, double largest,
                 Rng& rng) {
  const bool is_hard = physics == Physics::kHard;
  Pose pose;
  pose.rotation_rad = rng.uniform(0, 2 * kPi);
  const double fill = rng.chance(0.12) ? rng.uniform(0.4, 0.6) : rng.uniform(0.6, 0.95);
  const double fitting = fill * std::min(size.width, size.height) / (2 * scene.mark_radius);
  pose.scale = std::clamp(fitting, 0.6 * zoom, largest * zoom);
  if (is_hard) {
    pose.tilt_rad = rng.uniform(0, 12) * kPi / 180;
    pose.tilt_axis_rad = rng.uniform(0, 2 * kPi);
  }
  const double radius = pose.scale * scene.mark_radius;
  const double angle = rng.uniform(0, 2 * kPi);
  const double slack = std::max(0.0, std::min(size.width, size.height) / 2.0 - radius);
  double away = slack * rng.uniform(0, is_hard ? 0.8 : 0.4);
  if (is_hard && rng.chance(0.15)) away = slack + 2 * radius * kMostOutside * rng.uniform();
  pose.centre = {size.width / 2.0 + away * std::cos(angle),
                 size.height / 2.0 + away * std::sin(angle)};
  const double focal = size.width * rng.uniform(1.2, 2.2);
  pose.photo_from_mark = pose_matrix(pose, focal);
  return pose;
}

cv::Matx33d photo_from_field(const Pose& pose, int field_px) {
  const double middle = (field_px - 1) / 2.0;
  return pose.photo_from_mark * translation(-middle, -middle);
}

// Share of the mark beyond the frame: the mark is drawn into a frame three times as wide.
double outside_share(const cv::Mat& mark, const Pose& pose, cv::Size size) {
  constexpr double kReduction = 8;
  const cv::Matx33d shrink(1 / kReduction, 0, 0, 0, 1 / kReduction, 0, 0, 0, 1);
  const cv::Matx33d map =
      shrink * translation(size.width, size.height) * photo_from_field(pose, mark.cols);
  const cv::Size wide(static_cast<int>(3 * size.width / kReduction),
                      static_cast<int>(3 * size.height / kReduction));
  cv::Mat drawn;
  cv::warpPerspective(mark, drawn, map, wide, cv::INTER_NEAREST);
  const int all = cv::countNonZero(drawn);
  const cv::Rect frame(
      static_cast<int>(size.width / kReduction), static_cast<int>(size.height / kReduction),
      static_cast<int>(size.width / kReduction), static_cast<int>(size.height / kReduction));
  const int inside = cv::countNonZero(drawn(frame));
  return all == 0 ? 0 : 1 - static_cast<double>(inside) / all;
}

// Lays the package, with its shadow, over the background.
cv::Mat compose(const Scene& scene, const Pose& pose, cv::Size size, double unit, Rng& rng) {
  const cv::Matx33d map = photo_from_field(pose, scene.radiance.cols);
  cv::Mat package;
  cv::warpPerspective(scene.radiance, package, map, size, cv::INTER_LINEAR, cv::BORDER_REFLECT);
  if (scene.cover.empty()) return package;
  cv::Mat bytes;
  scene.cover.convertTo(bytes, CV_8U, 255);
  cv::Mat cover;
  cv::warpPerspective(bytes, cover, map, size, cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  cv::Mat table = background(size, rng);
  // The shadow: the package's outline, moved away from the light and blurred, at low resolution.
  constexpr double kReduction = 4;
  cv::Mat shadow;
  const double azimuth = scene.shadow_azimuth_rad + pose.rotation_rad;
  const double length = unit * pose.scale * rng.uniform(4, 36);
  const cv::Matx33d low = cv::Matx33d(1 / kReduction, 0, 0, 0, 1 / kReduction, 0, 0, 0, 1) *
                          translation(-length * std::cos(azimuth), -length * std::sin(azimuth)) *
                          map;
  cv::warpPerspective(
      bytes, shadow, low,
      {static_cast<int>(size.width / kReduction), static_cast<int>(size.height / kReduction)});
  shadow.convertTo(shadow, CV_32F, 1.0 / 255);
  cv::GaussianBlur(shadow, shadow, {0, 0}, 0.7 + length / kReduction / 2.5);
  cv::resize(shadow, shadow, size, 0, 0, cv::INTER_LINEAR);
  const float darkness = rng.uniform_f(0.4, 0.8);
  for (int y = 0; y < size.height; ++y) {
    auto* p = package.ptr<cv::Vec3f>(y);
    const auto* c = cover.ptr<unsigned char>(y);
    const auto* t = table.ptr<cv::Vec3f>(y);
    const auto* s = shadow.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) {
      const float in = static_cast<float>(c[x]) * (1.0F / 255);
      p[x] = p[x] * in + t[x] * ((1 - in) * (1 - darkness * s[x]));
    }
  }
  return package;
}

// 0, 1 or 2 things over the picture; those that hide too much of the mark are dropped.
double occlude(cv::Mat& photo, const Scene& scene, const Pose& pose, Rng& rng) {
  const double dice = rng.uniform();
  const int count = dice < 0.7 ? 0 : (dice < 0.93 ? 1 : 2);
  if (count == 0) return 0;
  cv::Mat mark;
  cv::warpPerspective(scene.mark, mark, photo_from_field(pose, scene.mark.cols), photo.size(),
                      cv::INTER_NEAREST);
  const int all = std::max(1, cv::countNonZero(mark));
  cv::Mat hidden = cv::Mat::zeros(photo.size(), CV_8U);
  double share = 0;
  for (int i = 0; i < count; ++i) {
    for (int attempt = 0; attempt < 4; ++attempt) {
      const Occluder occluder = make_occluder(photo.size(), rng);
      const cv::Mat both = hidden | (occluder.cover > 0.5);
      const double both_share = static_cast<double>(cv::countNonZero(both & mark)) / all;
      if (both_share > kMostOccluded) continue;
      share = both_share;
      hidden = both;
      for (int y = 0; y < photo.rows; ++y) {
        auto* p = photo.ptr<cv::Vec3f>(y);
        const auto* o = occluder.colour.ptr<cv::Vec3f>(y);
        const auto* c = occluder.cover.ptr<float>(y);
        for (int x = 0; x < photo.cols; ++x) p[x] += (o[x] - p[x]) * c[x];
      }
      break;
    }
  }
  return share;
}

void blur(cv::Mat& image, Photo& photo, double unit, Physics physics, Rng& rng) {
  const bool is_hard = physics == Physics::kHard;
  photo.blur_px =
      unit * (rng.chance(0.08) ? rng.uniform(1.2, is_hard ? 2.4 : 1.8) : rng.uniform(0.35, 0.8));
  cv::GaussianBlur(image, image, {0, 0}, photo.blur_px);
  if (!is_hard || !rng.chance(0.08)) return;
  photo.motion_px = unit * rng.uniform(2, 6);
  const double angle = rng.uniform(0, kPi);
  const int side = 2 * static_cast<int>(photo.motion_px / 2 + 1) + 1;
  cv::Mat kernel = cv::Mat::zeros(side, side, CV_32F);
  for (double t = -0.5; t <= 0.5; t += 0.02) {
    const int x = static_cast<int>(std::lround(side / 2 + t * photo.motion_px * std::cos(angle)));
    const int y = static_cast<int>(std::lround(side / 2 + t * photo.motion_px * std::sin(angle)));
    kernel.at<float>(y, x) += 1;
  }
  kernel /= cv::sum(kernel)[0];
  cv::filter2D(image, image, -1, kernel, {-1, -1}, 0, cv::BORDER_REPLICATE);
}

// Exposure, lens shading, noise of light and sensor, tone curve: linear floats to sRGB bytes.
cv::Mat develop(const cv::Mat& image, Rng& rng) {
  constexpr int kTable = 4096;
  constexpr float kWhitest = 2;  // the table reaches beyond white: highlights roll off
  const cv::Scalar mean = cv::mean(image);
  const double level = 0.2 * mean[0] + 0.5 * mean[1] + 0.3 * mean[2];
  const double target = std::exp(rng.uniform(std::log(0.15), std::log(0.36)));
  const auto exposure = static_cast<float>(target / std::max(1e-4, level));
  const double gamma = rng.uniform(0.85, 1.2) / 2.2;
  const double shoulder = rng.uniform(2, 6);
  std::array<unsigned char, kTable> table{};
  for (int i = 0; i < kTable; ++i) {
    const double v = static_cast<double>(i) / (kTable - 1) * kWhitest;
    const double rolled = v / std::pow(1 + std::pow(v, shoulder), 1 / shoulder);
    table[static_cast<std::size_t>(i)] = static_cast<unsigned char>(
        std::lround(255 * std::min(1.0, 1.06 * std::pow(rolled, gamma))));
  }
  const float balance[3] = {rng.uniform_f(0.92, 1.08), 1, rng.uniform_f(0.92, 1.08)};
  const float vignetting = rng.chance(0.5) ? rng.uniform_f(0, 0.45) : 0;
  // Variance of noise = read² + shot · signal.
  const bool is_noisy = rng.chance(0.12);
  const float read = is_noisy ? rng.uniform_f(0.002, 0.008) : rng.uniform_f(0.0005, 0.002);
  const float shot = is_noisy ? rng.uniform_f(0.0002, 0.0012) : rng.uniform_f(0.00002, 0.0002);
  const float to_table = (kTable - 1) / kWhitest;
  const float cx = static_cast<float>(image.cols) / 2;
  const float cy = static_cast<float>(image.rows) / 2;
  const float inverse = 1 / (cx * cx + cy * cy);
  cv::Mat out(image.size(), CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    const auto* p = image.ptr<cv::Vec3f>(y);
    auto* q = out.ptr<cv::Vec3b>(y);
    const float dy = static_cast<float>(y) - cy;
    for (int x = 0; x < image.cols; ++x) {
      const float dx = static_cast<float>(x) - cx;
      const float gain = exposure * (1 - vignetting * (dx * dx + dy * dy) * inverse);
      for (int k = 0; k < 3; ++k) {
        const float signal = std::max(0.0F, p[x][k] * gain * balance[k]);
        const float noisy = signal + std::sqrt(read * read + shot * signal) * rng.gaussian();
        const float index = std::clamp(noisy * to_table, 0.0F, static_cast<float>(kTable - 1));
        q[x][k] = table[static_cast<std::size_t>(index)];
      }
    }
  }
  return out;
}

}  // namespace

Photo take_photo(const Scene& scene, Physics physics, double size_px, Rng& rng) {
  const double zoom = size_px / 640 * kField_px / scene.radiance.cols;
  const double unit = size_px / 640;
  Photo photo;
  const double side = size_px * rng.uniform(0.875, 1.125);
  const double aspect = rng.chance(0.4) ? 1 : rng.uniform(1, 4.0 / 3);
  photo.size = {static_cast<int>(side), static_cast<int>(side / aspect)};
  if (rng.chance(0.3)) std::swap(photo.size.width, photo.size.height);
  for (int attempt = 0; attempt < 40; ++attempt) {
    photo.pose =
        random_pose(scene, physics, photo.size, zoom, std::max(0.65, 1.4 - 0.025 * attempt), rng);
    photo.outside_share = outside_share(scene.mark, photo.pose, photo.size);
    if (photo.outside_share <= (physics == Physics::kHard ? kMostOutside : 0.02)) break;
  }
  cv::Mat image = compose(scene, photo.pose, photo.size, unit, rng);
  if (physics == Physics::kHard) photo.occluded_share = occlude(image, scene, photo.pose, rng);
  blur(image, photo, unit, physics, rng);
  const cv::Mat bytes = develop(image, rng);
  photo.jpeg_quality = rng.integer(60, 95);
  cv::imencode(".jpg", bytes, photo.jpeg, {cv::IMWRITE_JPEG_QUALITY, photo.jpeg_quality});
  return photo;
}

}  // namespace pressmark::render
