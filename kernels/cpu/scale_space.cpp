// SPDX-License-Identifier: Apache-2.0
//
// Blur: one pass over the rows, two at a time: first filtered vertically into lines that stay in
// the cache, then horizontally. Multiplications and additions are kept apart (no fused ones), so
// that all instruction sets give the same bits.
#include "kernels/cpu/scale_space.hpp"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/math/gaussian_taps.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/scale_space.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using Lanes = hn::Vec<Tag>;

// targets[j][x] = taps[0] * rows[r + j][x] + sum_i taps[i] * (rows[r + j - i][x] + rows[r + j +
// i][x]), r = radius, j = 0, 1, for kVectors vectors from `x` on; `rows` holds 2 * radius + 2 row
// pointers. Every row is loaded once for both targets.
template <int kVectors>
HWY_INLINE void filter_vertical_at(const float* const* rows, const float* taps, int radius,
                                   std::size_t x, float* const* targets) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag);
  Lanes upper[kVectors], lower[kVectors], above[kVectors], below[kVectors];
  const auto t0 = hn::Set(tag, taps[0]);
  for (std::size_t v = 0; v < kVectors; ++v) {
    above[v] = hn::LoadU(tag, rows[radius] + x + v * lanes);
    below[v] = hn::LoadU(tag, rows[radius + 1] + x + v * lanes);
    upper[v] = hn::Mul(t0, above[v]);
    lower[v] = hn::Mul(t0, below[v]);
  }
  // above, below: the rows `i - 1` above the upper target and below the lower one.
  for (int i = 1; i <= radius; ++i) {
    const auto t = hn::Set(tag, taps[i]);
    const float* next_above = rows[radius - i] + x;
    const float* next_below = rows[radius + 1 + i] + x;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const auto a = hn::LoadU(tag, next_above + v * lanes);
      const auto b = hn::LoadU(tag, next_below + v * lanes);
      upper[v] = hn::Add(upper[v], hn::Mul(t, hn::Add(a, below[v])));
      lower[v] = hn::Add(lower[v], hn::Mul(t, hn::Add(above[v], b)));
      above[v] = a;
      below[v] = b;
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    hn::StoreU(upper[v], tag, targets[0] + x + v * lanes);
    hn::StoreU(lower[v], tag, targets[1] + x + v * lanes);
  }
}

// x < count, a multiple of 16.
void filter_vertical(const float* const* rows, const float* taps, int radius, std::size_t count,
                     float* const* targets) {
  const std::size_t lanes = hn::Lanes(Tag());
  std::size_t x = 0;
  for (; x + 2 * lanes <= count; x += 2 * lanes) {
    filter_vertical_at<2>(rows, taps, radius, x, targets);
  }
  for (; x < count; x += lanes) filter_vertical_at<1>(rows, taps, radius, x, targets);
}

template <int kVectors>
HWY_INLINE void filter_horizontal_at(const float* line, const float* taps, int radius,
                                     std::size_t x, float* target) {
  const Tag tag;
  const std::size_t lanes = hn::Lanes(tag);
  Lanes sum[kVectors];
  const auto t0 = hn::Set(tag, taps[0]);
  for (std::size_t v = 0; v < kVectors; ++v) {
    sum[v] = hn::Mul(t0, hn::LoadU(tag, line + x + v * lanes));
  }
  for (int i = 1; i <= radius; ++i) {
    const auto t = hn::Set(tag, taps[i]);
    const float* left = line + x - i;
    const float* right = line + x + i;
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[v] = hn::Add(sum[v], hn::Mul(t, hn::Add(hn::LoadU(tag, left + v * lanes),
                                                  hn::LoadU(tag, right + v * lanes))));
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[v], tag, target + x + v * lanes);
}

// The same along x; `line` is readable from -radius to count + radius.
void filter_horizontal(const float* line, const float* taps, int radius, std::size_t count,
                       float* target) {
  const std::size_t lanes = hn::Lanes(Tag());
  std::size_t x = 0;
  for (; x + 4 * lanes <= count; x += 4 * lanes) {
    filter_horizontal_at<4>(line, taps, radius, x, target);
  }
  for (; x < count; x += lanes) filter_horizontal_at<1>(line, taps, radius, x, target);
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(filter_vertical);
HWY_EXPORT(filter_horizontal);

void halve(const Plane& source, Plane& target) {
  target.resize(source.width / 2, source.height / 2);
  for (int y = 0; y < target.height; ++y) {
    const float* from = source.row(2 * y);
    float* to = target.row(y);
    for (int x = 0; x < target.width; ++x) to[x] = from[2 * x];
  }
}

// Bilinear; sample 2 i lies on pixel i.
void double_size(const Plane& source, Plane& target) {
  target.resize(2 * source.width - 1, 2 * source.height - 1);
  for (int y = 0; y < target.height; ++y) {
    const float* above = source.row(y / 2);
    const float* below = source.row((y + 1) / 2);
    float* to = target.row(y);
    for (int x = 0; x < target.width; ++x) {
      const int left = x / 2, right = (x + 1) / 2;
      to[x] = 0.25f * (above[left] + above[right] + below[left] + below[right]);
    }
  }
}

}  // namespace

void Plane::resize(int new_width, int new_height) {
  width = new_width;
  height = new_height;
  stride = (new_width + kRowPad / 2 + kRowPad - 1) / kRowPad * kRowPad;
  // Rows a power of two apart fall into few sets of the cache, which a vertical filter then misses.
  if (stride % (8 * kRowPad) == 0) stride += kRowPad;
  values.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(new_height) + kRowPad);
}

namespace {

std::size_t padded(std::size_t floats) {
  constexpr std::size_t kPad = Plane::kRowPad;
  return (floats + kPad - 1) / kPad * kPad;
}

int inside(int i, int size, Border border) {
  if (border == Border::kReplicate) return std::clamp(i, 0, size - 1);
  while (i < 0 || i >= size) i = i < 0 ? -1 - i : 2 * size - 1 - i;
  return i;
}

}  // namespace

RowFilter::RowFilter(const Plane& source, std::span<const float> taps, Border border, Plane& target)
    : source_(source), target_(target), taps_(taps.begin(), taps.end()), border_(border) {
  assert(&source != &target && source.width > 0 && source.height > 0);
  target.resize(source.width, source.height);
  const std::size_t radius = taps.size() - 1;
  line_floats_ = static_cast<std::size_t>(source.stride) + 2 * padded(radius);
  lines_.resize(2 * line_floats_);
  rows_.resize(2 * radius + 2);
}

int RowFilter::advance(int known) {
  const int height = source_.height, radius = static_cast<int>(taps_.size()) - 1;
  while (next_ < height && (known == height || next_ + radius + 1 < known)) {
    filter_two(next_);
    next_ = std::min(next_ + 2, height);
  }
  return next_;
}

// Two rows at a time; beyond an odd height the second one is filtered for nothing.
void RowFilter::filter_two(int y) {
  const int radius = static_cast<int>(taps_.size()) - 1, width = source_.width;
  const auto stride = static_cast<std::size_t>(source_.stride);
  float* const first = lines_.data() + padded(static_cast<std::size_t>(radius));
  float* const lines[] = {first, first + line_floats_};
  for (int i = -radius; i <= radius + 1; ++i) {
    rows_[static_cast<std::size_t>(radius + i)] =
        source_.row(inside(y + i, source_.height, border_));
  }
  HWY_DYNAMIC_DISPATCH(filter_vertical)(rows_.data(), taps_.data(), radius, stride, lines);
  for (int j = 0; j < 2 && y + j < source_.height; ++j) {
    float* line = lines[j];
    for (int i = 1; i <= radius; ++i) {
      line[-i] = line[inside(-i, width, border_)];
      line[width - 1 + i] = line[inside(width - 1 + i, width, border_)];
    }
    HWY_DYNAMIC_DISPATCH(filter_horizontal)
    (line, taps_.data(), radius, stride, target_.row(y + j));
  }
}

void filter_separably(const Plane& source, std::span<const float> taps, Border border,
                      Plane& target) {
  RowFilter(source, taps, border, target).advance(source.height);
}

void gaussian_blur(const Plane& source, float sigma, Plane& target) {
  filter_separably(source, gaussian_taps(sigma), Border::kReplicate, target);
}

void prefetch(const Plane& plane, int left, int top, int right, int bottom) {
  constexpr int kFloatsPerLine = 16;
  left = std::max(left, 0);
  right = std::min(right, plane.width - 1);
  for (int y = std::max(top, 0); y <= std::min(bottom, plane.height - 1); ++y) {
    const float* row = plane.row(y);
    for (int x = left; x < right; x += kFloatsPerLine) hwy::Prefetch(row + x);
    if (left <= right) hwy::Prefetch(row + right);
  }
}

void float_plane(const GreyImage& image, Plane& plane) {
  plane.resize(image.width, image.height);
  const std::uint8_t* from = image.pixels.data();
  for (int y = 0; y < image.height; ++y, from += image.width) {
    std::copy(from, from + image.width, plane.row(y));
  }
}

namespace {

// The first image is `base`, blurred by `sigma`, or where that is 0 there already.
void fill_octave(Octave& octave, const Plane& base, float sigma,
                 const std::function<void(int rows)>& visit) {
  std::vector<RowFilter> filters;
  const auto add = [&](const Plane& source, float blur, Plane& target) {
    filters.emplace_back(source, gaussian_taps(blur), Border::kReplicate, target);
  };
  if (sigma > 0) add(base, sigma, octave.blurred[0]);
  for (std::size_t s = 1; s < octave.blurred.size(); ++s) {
    add(octave.blurred[s - 1], next_blur_sigma(static_cast<int>(s)), octave.blurred[s]);
  }
  // Rows of an octave that the second cache holds while all of its images are worked on.
  constexpr int kBandRows = 16;
  const int height = octave.blurred[0].height;
  for (int begin = 0; begin < height; begin += kBandRows) {
    int known = std::min(begin + kBandRows, height);
    for (RowFilter& filter : filters) known = filter.advance(known);
    visit(known);
  }
}

}  // namespace

void build_scale_space(const GreyImage& image, std::vector<Octave>& octaves,
                       const OctaveVisitor& visit) {
  const bool doubled = begins_doubled(image.width, image.height);
  const int count = octave_count(image.width, image.height);
  octaves.resize(static_cast<std::size_t>(count));
  if (count == 0) return;

  thread_local Plane original, enlarged;
  float_plane(image, original);
  if (doubled) double_size(original, enlarged);
  for (std::size_t o = 0; o < octaves.size(); ++o) {
    Octave& octave = octaves[o];
    octave.step_px = octave_step_px(doubled, static_cast<int>(o));
    const Plane& base = doubled ? enlarged : original;
    if (o > 0) halve(octaves[o - 1].blurred[kScalesPerOctave], octave.blurred[0]);
    fill_octave(octave, base, o == 0 ? first_blur_sigma(doubled) : 0,
                [&](int rows) { visit(o, rows); });
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
