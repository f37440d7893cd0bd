// SPDX-License-Identifier: Apache-2.0
#include "engine/image/augment.hpp"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace pressmark::image {
namespace {

// Each corner moves by up to this share of the side: a tilt of about 30 degrees.
constexpr double kCornerShift = 0.12;
constexpr double kMinScale = 0.6, kMaxScale = 1.3;
constexpr double kMaxBlur_px = 1.5;
constexpr double kMaxNoise = 8.0;
constexpr int kMinJpegQuality = 40, kMaxJpegQuality = 95;

}  // namespace

SyntheticView synthesise_view(const PixelBuffer& grey, std::uint64_t seed) {
  assert(grey.channels == 1);
  cv::RNG random(seed * 0x9e3779b97f4a7c15ull + 1);
  const cv::Mat original(grey.height, grey.width, CV_8UC1,
                         const_cast<std::uint8_t*>(grey.pixels.data()));

  const double angle = random.uniform(-CV_PI, CV_PI);
  const double scale = std::exp(random.uniform(std::log(kMinScale), std::log(kMaxScale)));
  const double centre_x = (grey.width - 1) / 2.0, centre_y = (grey.height - 1) / 2.0;
  cv::Point2f from[4], to[4];
  for (int corner = 0; corner < 4; ++corner) {
    const double x = (corner == 1 || corner == 2) ? grey.width - 1 : 0;
    const double y = corner >= 2 ? grey.height - 1 : 0;
    from[corner] = cv::Point2f(static_cast<float>(x), static_cast<float>(y));
    const double dx = x - centre_x + random.uniform(-kCornerShift, kCornerShift) * grey.width;
    const double dy = y - centre_y + random.uniform(-kCornerShift, kCornerShift) * grey.height;
    to[corner] = cv::Point2f(
        static_cast<float>(centre_x + scale * (std::cos(angle) * dx - std::sin(angle) * dy)),
        static_cast<float>(centre_y + scale * (std::sin(angle) * dx + std::cos(angle) * dy)));
  }
  const cv::Mat homography = cv::getPerspectiveTransform(from, to);

  cv::Mat view;
  cv::warpPerspective(original, view, homography, original.size(), cv::INTER_LINEAR,
                      cv::BORDER_REFLECT_101);
  const double blur = random.uniform(0.0, kMaxBlur_px);
  if (blur > 0.3) cv::GaussianBlur(view, view, {}, blur);
  view.convertTo(view, CV_32F, random.uniform(0.6, 1.2), random.uniform(-30.0, 30.0));
  cv::Mat noise(view.size(), CV_32F);
  random.fill(noise, cv::RNG::NORMAL, 0.0, random.uniform(0.0, kMaxNoise));
  view += noise;

  SyntheticView result;
  result.pixels = {grey.width, grey.height, 1, {}};
  result.pixels.pixels.resize(view.total());
  view.convertTo(cv::Mat(grey.height, grey.width, CV_8UC1, result.pixels.pixels.data()), CV_8U);
  const Bytes jpeg =
      encode_jpeg(result.pixels, random.uniform(kMinJpegQuality, kMaxJpegQuality + 1));
  result.pixels = decode(jpeg, {}).pixels;
  std::copy_n(homography.ptr<double>(), 9, result.view_from_original.begin());
  return result;
}

}  // namespace pressmark::image
