// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/illumination.hpp"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>

namespace pressmark::kernels::cpu {
namespace {

constexpr int kSaturated = 250;
constexpr int kMarginPx = 4;
constexpr double kWhiteBackground = 0.25;  // share of saturated pixels

// Local means are taken over cells of 8 x 8 px, blurred by kMeanSigma cells.
constexpr int kCellPx = 8;
constexpr float kMeanSigma = 2.5f;
constexpr double kGlobalShare = 0.25f;
constexpr float kClip = 3.0f;
// Mean amplitude in grey levels below which an image holds nothing.
constexpr double kFlat = 0.05;

struct Cells {
  int columns, rows;
  Plane sum, weight;

  Cells(int width, int height)
      : columns((width + kCellPx - 1) / kCellPx), rows((height + kCellPx - 1) / kCellPx) {
    sum.resize(columns, rows);
    weight.resize(columns, rows);
    std::fill(sum.values.begin(), sum.values.end(), 0.0f);
    std::fill(weight.values.begin(), weight.values.end(), 0.0f);
  }

  // Blurred mean of each cell from its neighbourhood; 0 where there is nothing at all.
  Plane means() const {
    Plane blurred_sum, blurred_weight;
    gaussian_blur(sum, kMeanSigma, blurred_sum);
    gaussian_blur(weight, kMeanSigma, blurred_weight);
    for (int y = 0; y < rows; ++y) {
      float* to = blurred_sum.row(y);
      const float* by = blurred_weight.row(y);
      for (int x = 0; x < columns; ++x) to[x] = by[x] > 1e-3f ? to[x] / by[x] : 0.0f;
    }
    return blurred_sum;
  }
};

// Where a pixel lies between the centres of two cells.
struct Between {
  int low, high;
  float share;  // of high

  Between(int pixel, int cells) {
    const float at = (static_cast<float>(pixel) + 0.5f) / kCellPx - 0.5f;
    const int floor = static_cast<int>(std::floor(at));
    low = std::clamp(floor, 0, cells - 1);
    high = std::clamp(floor + 1, 0, cells - 1);
    share = at - static_cast<float>(floor);
  }
};

// Bilinear interpolation of the cells' values along one row of pixels.
class RowInterpolator {
 public:
  RowInterpolator(int width, int columns) : line_(static_cast<std::size_t>(columns)) {
    for (int x = 0; x < width; ++x) columns_.emplace_back(x, columns);
  }

  void row(const Plane& cells, int y, std::vector<float>& values) {
    const Between rows(y, cells.height);
    const float *low = cells.row(rows.low), *high = cells.row(rows.high);
    for (std::size_t c = 0; c < line_.size(); ++c) {
      line_[c] = low[c] + rows.share * (high[c] - low[c]);
    }
    values.resize(columns_.size());
    for (std::size_t x = 0; x < values.size(); ++x) {
      const Between& at = columns_[x];
      const float left = line_[static_cast<std::size_t>(at.low)];
      values[x] = left + at.share * (line_[static_cast<std::size_t>(at.high)] - left);
    }
  }

 private:
  std::vector<Between> columns_;
  std::vector<float> line_;
};

}  // namespace

GreyImage glare_mask(const GreyImage& image) {
  GreyImage mask{image.width, image.height, std::vector<std::uint8_t>(image.pixels.size(), 0)};
  std::size_t saturated = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    if (image.pixels[i] < kSaturated) continue;
    mask.pixels[i] = 255;
    ++saturated;
  }
  if (saturated == 0) return mask;
  if (static_cast<double>(saturated) > kWhiteBackground * static_cast<double>(mask.pixels.size())) {
    std::fill(mask.pixels.begin(), mask.pixels.end(), std::uint8_t{0});
    return mask;
  }
  cv::Mat view(mask.height, mask.width, CV_8UC1, mask.pixels.data());
  cv::Mat opened;
  cv::erode(view, opened, cv::Mat::ones(3, 3, CV_8UC1));
  constexpr int kSide = 2 * (kMarginPx + 1) + 1;  // the erosion took 1
  cv::dilate(opened, view, cv::Mat::ones(kSide, kSide, CV_8UC1));
  return mask;
}

void flatten_illumination(const GreyImage& image, const GreyImage& masked, Plane& detail) {
  const int width = image.width, height = image.height;
  assert(masked.pixels.empty() || (masked.width == width && masked.height == height));
  detail.resize(width, height);
  if (width == 0 || height == 0) return;
  const auto at = [&](int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  };
  const std::vector<std::uint8_t> none(masked.pixels.empty() ? static_cast<std::size_t>(width) : 0);
  const auto mask_row = [&](int y) {
    return masked.pixels.empty() ? none.data() : masked.pixels.data() + at(y);
  };

  Cells level(width, height);
  for (int y = 0; y < height; ++y) {
    const std::uint8_t *from = image.pixels.data() + at(y), *mask = mask_row(y);
    float *sum = level.sum.row(y / kCellPx), *weight = level.weight.row(y / kCellPx);
    for (int x = 0; x < width; ++x) {
      if (mask[x] != 0) continue;
      sum[x / kCellPx] += static_cast<float>(from[x]);
      weight[x / kCellPx] += 1.0f;
    }
  }
  const Plane mean = level.means();

  Cells amplitude(width, height);
  amplitude.weight = level.weight;
  RowInterpolator interpolate(width, level.columns);
  std::vector<float> line;
  double total = 0, count = 0;
  for (int y = 0; y < height; ++y) {
    const std::uint8_t *from = image.pixels.data() + at(y), *mask = mask_row(y);
    interpolate.row(mean, y, line);
    float *to = detail.row(y), *sum = amplitude.sum.row(y / kCellPx);
    double row_total = 0;
    for (int x = 0; x < width; ++x) {
      to[x] = mask[x] != 0 ? 0.0f : static_cast<float>(from[x]) - line[static_cast<std::size_t>(x)];
      sum[x / kCellPx] += std::fabs(to[x]);
      row_total += std::fabs(to[x]);
      count += mask[x] == 0;
    }
    total += row_total;
  }
  const double global = count > 0 ? total / count : 0;
  if (global < kFlat) {
    std::fill(detail.values.begin(), detail.values.end(), 0.0f);
    return;
  }
  const auto floor = static_cast<float>(kGlobalShare * global);
  const Plane spread = amplitude.means();
  for (int y = 0; y < height; ++y) {
    interpolate.row(spread, y, line);
    float* to = detail.row(y);
    for (int x = 0; x < width; ++x) {
      to[x] = std::clamp(to[x] / (line[static_cast<std::size_t>(x)] + floor), -kClip, kClip);
    }
  }
}

}  // namespace pressmark::kernels::cpu
