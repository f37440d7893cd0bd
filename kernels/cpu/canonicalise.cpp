// SPDX-License-Identifier: Apache-2.0
//
// Area averaging by a factor that is no whole number: rows are weighed first, whole vectors at a
// time, then columns. Whole factors are left to OpenCV, which adds integers.
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/stages.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/canonicalise.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[x] = sum over the rows, in order, of weights[r] * rows[r][x].
void weigh_rows(const std::uint8_t* const* rows, const float* weights, std::size_t row_count,
                std::size_t width, float* sums) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> wide;
  const hn::Rebind<std::uint8_t, decltype(tag)> narrow;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t x = 0;
  for (; x + lanes <= width; x += lanes) {
    auto sum = hn::Zero(tag);
    for (std::size_t r = 0; r < row_count; ++r) {
      const auto value = hn::ConvertTo(tag, hn::PromoteTo(wide, hn::LoadU(narrow, rows[r] + x)));
      sum = hn::Add(sum, hn::Mul(hn::Set(tag, weights[r]), value));
    }
    hn::StoreU(sum, tag, sums + x);
  }
  for (; x < width; ++x) {
    sums[x] = 0;
    for (std::size_t r = 0; r < row_count; ++r) {
      sums[x] += weights[r] * static_cast<float>(rows[r][x]);
    }
  }
}

// count: a multiple of 8.
void round_row(const float* values, std::size_t count, std::uint8_t* rounded) {
  const hn::CappedTag<float, 8> tag;
  const hn::Rebind<std::uint8_t, decltype(tag)> narrow;
  for (std::size_t x = 0; x < count; x += hn::Lanes(tag)) {
    hn::StoreU(hn::DemoteTo(narrow, hn::NearestInt(hn::LoadU(tag, values + x))), narrow,
               rounded + x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(weigh_rows);
HWY_EXPORT(round_row);

// What the pixels of a source axis contribute to each pixel of the reduced one: to the source
// pixels from `first` on belong the `count` weights from `first_weight` on.
struct Share {
  std::size_t first, count, first_weight;
};

struct Shares {
  std::vector<Share> pixels;
  std::vector<float> weights;

  Shares(int source, int reduced) {
    const double scale = static_cast<double>(source) / reduced;
    for (int i = 0; i < reduced; ++i) {
      const double begin = i * scale, end = std::min<double>((i + 1) * scale, source);
      const int first = std::min(static_cast<int>(begin), source - 1);
      Share share{static_cast<std::size_t>(first), 0, weights.size()};
      for (int s = first; s < source && s < end; ++s) {
        const double covered = std::min<double>(end, s + 1) - std::max<double>(begin, s);
        weights.push_back(static_cast<float>(covered / (end - begin)));
        ++share.count;
      }
      pixels.push_back(share);
    }
  }
};

void reduce(const cv::Mat& grey, cv::Size size, cv::Mat& reduced) {
  reduced.create(size, CV_8UC1);
  const Shares rows(grey.rows, size.height), columns(grey.cols, size.width);
  const auto width = static_cast<std::size_t>(grey.cols);
  const auto reduced_width = static_cast<std::size_t>(size.width);
  const std::size_t padded = (reduced_width + 7) / 8 * 8;
  std::vector<float> sums(width), line(padded);
  std::vector<std::uint8_t> rounded(padded);
  std::vector<const std::uint8_t*> sources;
  for (int y = 0; y < size.height; ++y) {
    const Share& row = rows.pixels[static_cast<std::size_t>(y)];
    sources.clear();
    for (std::size_t r = 0; r < row.count; ++r) {
      sources.push_back(grey.ptr<std::uint8_t>(static_cast<int>(row.first + r)));
    }
    HWY_DYNAMIC_DISPATCH(weigh_rows)
    (sources.data(), &rows.weights[row.first_weight], row.count, width, sums.data());
    for (std::size_t x = 0; x < reduced_width; ++x) {
      const Share& column = columns.pixels[x];
      float sum = 0;
      for (std::size_t i = 0; i < column.count; ++i) {
        sum += columns.weights[column.first_weight + i] * sums[column.first + i];
      }
      line[x] = sum;
    }
    HWY_DYNAMIC_DISPATCH(round_row)(line.data(), padded, rounded.data());
    std::copy_n(rounded.data(), reduced_width, reduced.ptr<std::uint8_t>(y));
  }
}

}  // namespace

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
    if (grey.cols % size.width == 0 && grey.rows % size.height == 0) {
      cv::resize(grey, reduced, size, 0, 0, cv::INTER_AREA);
    } else {
      reduce(grey, size, reduced);
    }
    grey = reduced;
  }
  output.width = grey.cols;
  output.height = grey.rows;
  output.pixels.resize(grey.total());
  grey.copyTo(cv::Mat(grey.rows, grey.cols, CV_8UC1, output.pixels.data()));
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
