// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/illumination.hpp"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cpu/masked_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/illumination.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/unmasked-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kCell = 8;

// Adds the sum of the unmasked pixels of each cell of 8, and their number; count: a multiple of 32.
void add_to_cells(const std::uint8_t* values, const std::uint8_t* mask, std::size_t count,
                  std::uint64_t* sums, std::uint64_t* weights) {
  const hn::CappedTag<std::uint8_t, 32> tag;
  const hn::Repartition<std::uint64_t, decltype(tag)> wide;
  for (std::size_t x = 0; x < count;
       x += hn::Lanes(tag), sums += hn::Lanes(wide), weights += hn::Lanes(wide)) {
    const auto keep = hn::Eq(hn::LoadU(tag, mask + x), hn::Zero(tag));
    const auto kept = hn::IfThenElseZero(keep, hn::LoadU(tag, values + x));
    const auto ones = hn::IfThenElseZero(keep, hn::Set(tag, 1));
    hn::StoreU(hn::Add(hn::LoadU(wide, sums), hn::SumsOf8(kept)), wide, sums);
    hn::StoreU(hn::Add(hn::LoadU(wide, weights), hn::SumsOf8(ones)), wide, weights);
  }
}

// Between the centres of cells c and c + 1: line[8 c + i] for i < 8.
void interpolate(const float* cells, int count, float* line) {
  const hn::CappedTag<float, 8> tag;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(hn::CappedTag<float, 8>()));
  HWY_ALIGN static constexpr float kShares[kCell] = {0.0625f, 0.1875f, 0.3125f, 0.4375f,
                                                     0.5625f, 0.6875f, 0.8125f, 0.9375f};
  for (int c = 0; c < count; ++c) {
    const auto left = hn::Set(tag, cells[c]), right = hn::Set(tag, cells[c + 1]);
    for (int i = 0; i < kCell; i += kLanes) {
      const auto share = hn::Load(tag, kShares + i);
      hn::StoreU(hn::Add(left, hn::Mul(share, hn::Sub(right, left))), tag, line + c * kCell + i);
    }
  }
}

// detail = value - level, 0 where masked; adds its size to the sums of its columns.
void subtract_level(const std::uint8_t* values, const std::uint8_t* mask, const float* level,
                    int count, float* detail, float* sizes) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> wide;
  const hn::Rebind<std::uint8_t, decltype(tag)> narrow;
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(tag))) {
    const auto value = hn::ConvertTo(tag, hn::PromoteTo(wide, hn::LoadU(narrow, values + x)));
    const auto keep = unmasked(tag, mask + x);
    const auto rest = hn::IfThenElseZero(keep, hn::Sub(value, hn::LoadU(tag, level + x)));
    hn::StoreU(rest, tag, detail + x);
    hn::StoreU(hn::Add(hn::LoadU(tag, sizes + x), hn::Abs(rest)), tag, sizes + x);
  }
}

void divide_and_clip(float* detail, const float* spread, float floor, float clip, int count) {
  const hn::CappedTag<float, 8> tag;
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(tag))) {
    const auto by = hn::Add(hn::LoadU(tag, spread + x), hn::Set(tag, floor));
    const auto value = hn::Div(hn::LoadU(tag, detail + x), by);
    hn::StoreU(hn::Min(hn::Max(value, hn::Set(tag, -clip)), hn::Set(tag, clip)), tag, detail + x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(add_to_cells);
HWY_EXPORT(interpolate);
HWY_EXPORT(subtract_level);
HWY_EXPORT(divide_and_clip);

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

// Bilinear interpolation of the cells' values along one row of pixels.
class RowInterpolator {
 public:
  explicit RowInterpolator(int columns)
      : cells_(static_cast<std::size_t>(columns) + 2),
        line_((cells_.size() - 1) * kCellPx + MaskedRows::kReadable) {}

  // Readable to the end of the last cell. Valid until the next call.
  const float* row(const Plane& cells, int y) {
    const float at = (static_cast<float>(y) + 0.5f) / kCellPx - 0.5f;
    const int above = static_cast<int>(std::floor(at));
    const float share = at - static_cast<float>(above);  // of the lower row
    const float* low = cells.row(std::clamp(above, 0, cells.height - 1));
    const float* high = cells.row(std::clamp(above + 1, 0, cells.height - 1));
    const std::size_t columns = cells_.size() - 2;
    for (std::size_t c = 0; c < columns; ++c) {
      cells_[c + 1] = low[c] + share * (high[c] - low[c]);
    }
    cells_.front() = cells_[1];
    cells_.back() = cells_[columns];
    HWY_DYNAMIC_DISPATCH(interpolate)
    (cells_.data(), static_cast<int>(columns) + 1, line_.data());
    return line_.data() + kCellPx / 2;
  }

 private:
  std::vector<float> cells_, line_;  // cells: with one more at both ends
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
  MaskedRows mask(masked, width);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) + MaskedRows::kReadable);
  const auto pixel_row = [&](int y) {
    std::copy_n(image.pixels.data() + static_cast<std::ptrdiff_t>(y) * width, width, pixels.data());
    return pixels.data();
  };
  const auto ends_cell = [&](int y) { return (y + 1) % kCellPx == 0 || y + 1 == height; };
  const auto padded = static_cast<std::size_t>(width + 31) / 32 * 32;

  Cells level(width, height);
  std::vector<std::uint64_t> sums(padded / kCellPx), weights(sums);
  double count = 0;
  for (int y = 0; y < height; ++y) {
    HWY_DYNAMIC_DISPATCH(add_to_cells)
    (pixel_row(y), mask.row(y), padded, sums.data(), weights.data());
    if (!ends_cell(y)) continue;
    for (int c = 0; c < level.columns; ++c) {
      const auto column = static_cast<std::size_t>(c);
      level.sum.row(y / kCellPx)[c] = static_cast<float>(sums[column]);
      level.weight.row(y / kCellPx)[c] = static_cast<float>(weights[column]);
      count += static_cast<double>(weights[column]);
    }
    std::fill(sums.begin(), sums.end(), 0);
    std::fill(weights.begin(), weights.end(), 0);
  }
  const Plane mean = level.means();

  Cells amplitude(width, height);
  amplitude.weight = level.weight;
  RowInterpolator interpolator(level.columns);
  std::vector<float> sizes(padded);
  double total = 0;
  for (int y = 0; y < height; ++y) {
    const float* line = interpolator.row(mean, y);
    HWY_DYNAMIC_DISPATCH(subtract_level)
    (pixel_row(y), mask.row(y), line, width, detail.row(y), sizes.data());
    if (!ends_cell(y)) continue;
    for (int x = 0; x < width; ++x) {
      amplitude.sum.row(y / kCellPx)[x / kCellPx] += sizes[static_cast<std::size_t>(x)];
    }
    for (int c = 0; c < level.columns; ++c) {
      total += static_cast<double>(amplitude.sum.row(y / kCellPx)[c]);
    }
    std::fill(sizes.begin(), sizes.end(), 0.0f);
  }
  const double global = count > 0 ? total / count : 0;
  if (global < kFlat) {
    std::fill(detail.values.begin(), detail.values.end(), 0.0f);
    return;
  }
  const auto floor = static_cast<float>(kGlobalShare * global);
  const Plane spread = amplitude.means();
  for (int y = 0; y < height; ++y) {
    HWY_DYNAMIC_DISPATCH(divide_and_clip)
    (detail.row(y), interpolator.row(spread, y), floor, kClip, width);
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
