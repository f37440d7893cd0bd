// SPDX-License-Identifier: Apache-2.0
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/cpu/stages.hpp"

namespace pressmark::kernels::cpu {

void canonicalise(const ImageView& image, int long_side_px, GreyImage& output) {
  assert(image.width > 0 && image.height > 0 && (image.channels == 1 || image.channels == 3));
  const cv::Mat input(image.height, image.width, image.channels == 1 ? CV_8UC1 : CV_8UC3,
                      const_cast<std::uint8_t*>(image.data),
                      static_cast<std::size_t>(image.stride_bytes));
  cv::Mat grey = input;
  if (image.channels == 3) cv::cvtColor(input, grey, cv::COLOR_BGR2GRAY);

  const int long_side = std::max(image.width, image.height);
  if (long_side > long_side_px) {
    const double scale = static_cast<double>(long_side_px) / long_side;
    const cv::Size size(std::max(1, static_cast<int>(std::lround(image.width * scale))),
                        std::max(1, static_cast<int>(std::lround(image.height * scale))));
    cv::Mat reduced;
    cv::resize(grey, reduced, size, 0, 0, cv::INTER_AREA);
    grey = reduced;
  }
  output.width = grey.cols;
  output.height = grey.rows;
  output.pixels.resize(grey.total());
  grey.copyTo(cv::Mat(grey.rows, grey.cols, CV_8UC1, output.pixels.data()));
}

}  // namespace pressmark::kernels::cpu
