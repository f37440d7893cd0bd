// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <opencv2/imgproc.hpp>

#include "engine/image/formats.hpp"

namespace pressmark::image {
namespace {

PixelBuffer area_average(const PixelBuffer& pixels, int width, int height) {
  PixelBuffer result{width, height, pixels.channels, {}};
  result.pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
                       static_cast<std::size_t>(pixels.channels));
  const int type = CV_8UC(pixels.channels);
  // OpenCV's matrix has no constant view; the source is only read.
  const cv::Mat source(pixels.height, pixels.width, type,
                       const_cast<std::uint8_t*>(pixels.pixels.data()));
  cv::Mat target(height, width, type, result.pixels.data());
  cv::resize(source, target, target.size(), 0, 0, cv::INTER_AREA);
  return result;
}

}  // namespace

PixelBuffer reduce(const PixelBuffer& pixels, int long_side_px) {
  const int long_side = std::max(pixels.width, pixels.height);
  if (long_side_px < 1 || pixels.pixels.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("a picture of {} x {} pixels cannot be reduced to {} pixels",
                            pixels.width, pixels.height, long_side_px));
  }
  return with_memory_errors([&] {
    if (long_side <= long_side_px) return pixels;
    const auto reduced = [&](int side) {
      const double length = static_cast<double>(side) * long_side_px / long_side;
      return std::max(1, static_cast<int>(std::lround(length)));
    };
    try {
      return area_average(pixels, reduced(pixels.width), reduced(pixels.height));
    } catch (const cv::Exception& error) {
      if (error.code == cv::Error::StsNoMem) throw std::bad_alloc();
      throw Error(ErrorCode::kUnsupported, "OpenCV: " + one_line(error.err));
    }
  });
}

}  // namespace pressmark::image
