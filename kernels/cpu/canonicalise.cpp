// SPDX-License-Identifier: Apache-2.0
//
// Area averaging by a factor that is no whole number: rows are weighed first, whole vectors at a
// time, then columns. Whole factors are left to OpenCV, which adds integers.
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/cpu/stages.hpp"
#include "kernels/math/area_share.hpp"

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

// weighed[x] = sum over i < taps, in order, of weights[i * count + x] * values[places[i * count +
// x]], for x < count, a multiple of 16.
void weigh_columns(const float* values, const std::int32_t* places, const float* weights, int taps,
                   std::size_t count, float* weighed) {
  const hn::CappedTag<float, 16> tag;
  const hn::RebindToSigned<decltype(tag)> index_tag;
  for (std::size_t x = 0; x < count; x += hn::Lanes(tag)) {
    auto sum = hn::Zero(tag);
    for (std::size_t i = x; i < static_cast<std::size_t>(taps) * count; i += count) {
      const auto value = hn::GatherIndex(tag, values, hn::LoadU(index_tag, places + i));
      sum = hn::Add(sum, hn::Mul(hn::LoadU(tag, weights + i), value));
    }
    hn::StoreU(sum, tag, weighed + x);
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
HWY_EXPORT(weigh_columns);
HWY_EXPORT(round_row);

// Weights of all pixels of an axis: those of pixels[i] from first_weights[i] on.
struct Shares {
  std::vector<AreaShare> pixels;
  std::vector<std::size_t> first_weights;
  std::vector<float> weights;

  Shares(int source, int reduced) : pixels(area_shares(source, reduced)) {
    for (const AreaShare& share : pixels) {
      first_weights.push_back(weights.size());
      for (int i = 0; i < share.count; ++i) weights.push_back(share.weight(i));
    }
  }
};

// The same tap by tap, for vectors of pixels; those that a pixel does not have weigh nothing.
struct Taps {
  int count = 0;
  std::vector<std::int32_t> places;
  std::vector<float> weights;

  Taps(const Shares& shares, std::size_t padded) {
    for (const AreaShare& share : shares.pixels) count = std::max(count, share.count);
    places.resize(static_cast<std::size_t>(count) * padded, 0);
    weights.resize(places.size(), 0.0f);
    for (std::size_t x = 0; x < shares.pixels.size(); ++x) {
      const AreaShare& share = shares.pixels[x];
      for (int i = 0; i < share.count; ++i) {
        const std::size_t at = static_cast<std::size_t>(i) * padded + x;
        places[at] = share.first + i;
        weights[at] = shares.weights[shares.first_weights[x] + static_cast<std::size_t>(i)];
      }
    }
  }
};

void reduce(const cv::Mat& grey, cv::Size size, cv::Mat& reduced) {
  reduced.create(size, CV_8UC1);
  const Shares rows(grey.rows, size.height), columns(grey.cols, size.width);
  const auto width = static_cast<std::size_t>(grey.cols);
  const auto reduced_width = static_cast<std::size_t>(size.width);
  const std::size_t padded = (reduced_width + 15) / 16 * 16;
  const Taps taps(columns, padded);
  std::vector<float> sums(width), line(padded);
  std::vector<std::uint8_t> rounded(padded);
  std::vector<const std::uint8_t*> sources;
  for (std::size_t y = 0; y < rows.pixels.size(); ++y) {
    const AreaShare& row = rows.pixels[y];
    sources.clear();
    for (int r = 0; r < row.count; ++r) sources.push_back(grey.ptr<std::uint8_t>(row.first + r));
    HWY_DYNAMIC_DISPATCH(weigh_rows)
    (sources.data(), &rows.weights[rows.first_weights[y]], sources.size(), width, sums.data());
    HWY_DYNAMIC_DISPATCH(weigh_columns)
    (sums.data(), taps.places.data(), taps.weights.data(), taps.count, padded, line.data());
    HWY_DYNAMIC_DISPATCH(round_row)(line.data(), padded, rounded.data());
    std::copy_n(rounded.data(), reduced_width, reduced.ptr<std::uint8_t>(static_cast<int>(y)));
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

  const auto [width, height] = reduced_size(image.width, image.height, long_side_px);
  if (width != image.width || height != image.height) {
    cv::Mat reduced;
    if (averages_whole_blocks(image.width, image.height, width, height)) {
      cv::resize(grey, reduced, {width, height}, 0, 0, cv::INTER_AREA);
    } else {
      reduce(grey, {width, height}, reduced);
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
