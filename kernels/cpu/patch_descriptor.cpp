// SPDX-License-Identifier: Apache-2.0
//
// A patch of 32 x 32 samples. The soft assignment of a gradient to orientation bins is
// max(0, cos d)^8, d the angle to the bin's centre: as wide at half height as SIFT's triangle, but
// without an arc tangent, and eight bins fill one vector. Cells are pooled with SIFT's bilinear
// weights times a Gaussian, both separable.
#include "kernels/cpu/patch_descriptor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/patch_descriptor.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int kSide = 32, kRing = kSide + 2, kRowFloats = 40;
constexpr int kCells = 4, kBins = 8, kCellSide = kSide / kCells;

// patch[(j + 1) * kRowFloats + (i + 1)] = image at (x + c u - s v, y + s u + c v), u = (i - 15.5)
// spacing, v = (j - 15.5) spacing, for i, j in [-1, 32]; bilinear, edges replicated.
//
// The four neighbours of a sample are fetched as two pairs by scalar loads: gather instructions
// take several times as long.
void sample_patch(const float* image, int width, int height, int stride, float x, float y,
                  float step_cos, float step_sin, float* patch) {
  const hn::CappedTag<float, 8> tag;
  const hn::RebindToSigned<decltype(tag)> index_tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto zero = hn::Zero(tag);
  const auto right = hn::Set(tag, static_cast<float>(width - 1));
  const auto bottom = hn::Set(tag, static_cast<float>(height - 1));
  const auto last_column = hn::Set(index_tag, width - 2), last_row = hn::Set(index_tag, height - 2);
  const auto stride_lanes = hn::Set(index_tag, stride);
  HWY_ALIGN float along_x[kRowFloats], along_y[kRowFloats];
  HWY_ALIGN std::int32_t offsets[kRowFloats];
  HWY_ALIGN float upper[2 * kRowFloats] = {}, lower[2 * kRowFloats] = {};
  for (int j = 0; j < kRing; ++j) {
    const float v = static_cast<float>(j) - 16.5f;
    const auto row_x = hn::Set(tag, x - step_sin * v), row_y = hn::Set(tag, y + step_cos * v);
    for (int i = 0; i < kRowFloats; i += lanes) {
      const auto u = hn::Sub(hn::ConvertTo(tag, hn::Iota(index_tag, i)), hn::Set(tag, 16.5f));
      const auto px =
          hn::Min(hn::Max(hn::Add(row_x, hn::Mul(u, hn::Set(tag, step_cos))), zero), right);
      const auto py =
          hn::Min(hn::Max(hn::Add(row_y, hn::Mul(u, hn::Set(tag, step_sin))), zero), bottom);
      const auto column = hn::Min(hn::ConvertTo(index_tag, px), last_column);
      const auto row = hn::Min(hn::ConvertTo(index_tag, py), last_row);
      hn::Store(hn::Sub(px, hn::ConvertTo(tag, column)), tag, along_x + i);
      hn::Store(hn::Sub(py, hn::ConvertTo(tag, row)), tag, along_y + i);
      hn::Store(hn::Add(hn::Mul(row, stride_lanes), column), index_tag, offsets + i);
    }
    for (int i = 0; i < kRing; ++i) {
      const float* from = image + offsets[i];
      std::memcpy(upper + 2 * i, from, 2 * sizeof(float));
      std::memcpy(lower + 2 * i, from + stride, 2 * sizeof(float));
    }
    for (int i = 0; i < kRowFloats; i += lanes) {
      hn::Vec<decltype(tag)> a, b, c, d;
      hn::LoadInterleaved2(tag, upper + 2 * i, a, b);
      hn::LoadInterleaved2(tag, lower + 2 * i, c, d);
      const auto fx = hn::Load(tag, along_x + i), fy = hn::Load(tag, along_y + i);
      const auto top = hn::Add(a, hn::Mul(fx, hn::Sub(b, a)));
      const auto low = hn::Add(c, hn::Mul(fx, hn::Sub(d, c)));
      hn::StoreU(hn::Add(top, hn::Mul(fy, hn::Sub(low, top))), tag, patch + j * kRowFloats + i);
    }
  }
}

// weights[k * 2]: of sample k for cell first(k); weights[k * 2 + 1]: for the next one, where
// first(k) = clamp((k - 4) / 8, 0, 2) for k >= 4.
void pool_patch(const float* patch, const float* weights, const float* bin_cos,
                const float* bin_sin, float* histogram) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  HWY_ALIGN float direction_x[kSide], direction_y[kSide], magnitude[kSide];
  HWY_ALIGN float row_cells[kCells * kBins];
  std::fill(histogram, histogram + kCells * kCells * kBins, 0.0f);
  for (int y = 0; y < kSide; ++y) {
    const float* row = patch + (y + 1) * kRowFloats + 1;
    for (int x = 0; x < kSide; x += lanes) {
      const auto gx = hn::Sub(hn::LoadU(tag, row + x + 1), hn::LoadU(tag, row + x - 1));
      const auto gy =
          hn::Sub(hn::LoadU(tag, row + x + kRowFloats), hn::LoadU(tag, row + x - kRowFloats));
      const auto m = hn::Sqrt(hn::Add(hn::Mul(gx, gx), hn::Mul(gy, gy)));
      const auto inverse = hn::Div(hn::Set(tag, 1.0f), hn::Max(m, hn::Set(tag, 1e-6f)));
      hn::Store(hn::Mul(gx, inverse), tag, direction_x + x);
      hn::Store(hn::Mul(gy, inverse), tag, direction_y + x);
      hn::Store(m, tag, magnitude + x);
    }
    for (int b = 0; b < kBins; b += lanes) {
      const auto cos_b = hn::LoadU(tag, bin_cos + b), sin_b = hn::LoadU(tag, bin_sin + b);
      auto cell0 = hn::Zero(tag), cell1 = cell0, cell2 = cell0, cell3 = cell0;
      const auto votes = [&](int x) HWY_ATTR {
        const auto t =
            hn::Max(hn::Zero(tag), hn::Add(hn::Mul(hn::Set(tag, direction_x[x]), cos_b),
                                           hn::Mul(hn::Set(tag, direction_y[x]), sin_b)));
        const auto t2 = hn::Mul(t, t), t4 = hn::Mul(t2, t2);
        return hn::Mul(hn::Mul(t4, t4), hn::Set(tag, magnitude[x]));
      };
      const auto spread = [&](int from, int to, auto& left, auto& right) HWY_ATTR {
        for (int x = from; x < to; ++x) {
          const auto v = votes(x);
          left = hn::Add(left, hn::Mul(v, hn::Set(tag, weights[2 * x])));
          right = hn::Add(right, hn::Mul(v, hn::Set(tag, weights[2 * x + 1])));
        }
      };
      spread(0, 12, cell0, cell1);
      spread(12, 20, cell1, cell2);
      spread(20, kSide, cell2, cell3);
      hn::Store(cell0, tag, row_cells + b);
      hn::Store(cell1, tag, row_cells + kBins + b);
      hn::Store(cell2, tag, row_cells + 2 * kBins + b);
      hn::Store(cell3, tag, row_cells + 3 * kBins + b);
    }
    const int first = y < 12 ? 0 : y < 20 ? 1 : 2;
    const auto upper = hn::Set(tag, weights[2 * y]), lower = hn::Set(tag, weights[2 * y + 1]);
    float* target = histogram + first * kCells * kBins;
    for (int i = 0; i < kCells * kBins; i += lanes) {
      const auto cells = hn::Load(tag, row_cells + i);
      float* low = target + kCells * kBins + i;
      hn::StoreU(hn::Add(hn::LoadU(tag, target + i), hn::Mul(cells, upper)), tag, target + i);
      hn::StoreU(hn::Add(hn::LoadU(tag, low), hn::Mul(cells, lower)), tag, low);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(sample_patch);
HWY_EXPORT(pool_patch);

constexpr int kPatchSide = 32, kPatchFloats = 34 * 40;
constexpr int kOrientations = 8;
// Largest share of one histogram bin: limits what a single strong edge can do.
constexpr float kClip = 0.2f;

struct Tables {
  std::array<float, 2 * kPatchSide> weights;  // of each sample for two neighbouring cells
  std::array<float, kOrientations> bin_cos, bin_sin;
};

Tables make_tables() {
  Tables tables{};
  for (int k = 0; k < kPatchSide; ++k) {
    const int first = k < 12 ? 0 : k < 20 ? 1 : 2;
    const double position = (k + 0.5) / 8 - 0.5;  // in cells
    const double offset = (k - 15.5) / 16;
    const double window = std::exp(-0.5 * offset * offset);  // sigma: half the patch
    const auto weight = [&](int cell) {
      return static_cast<float>(window * std::max(0.0, 1 - std::abs(position - cell)));
    };
    tables.weights[static_cast<std::size_t>(2 * k)] = weight(first);
    tables.weights[static_cast<std::size_t>(2 * k + 1)] = weight(first + 1);
  }
  for (int b = 0; b < kOrientations; ++b) {
    const double angle = 2 * std::numbers::pi * b / kOrientations;
    tables.bin_cos[static_cast<std::size_t>(b)] = static_cast<float>(std::cos(angle));
    tables.bin_sin[static_cast<std::size_t>(b)] = static_cast<float>(std::sin(angle));
  }
  return tables;
}

void root_normalise(float* values) {
  float squared = 0;
  for (int d = 0; d < kDescriptorSize; ++d) squared += values[d] * values[d];
  if (!(squared > 0)) {
    std::fill(values, values + kDescriptorSize, 0.0f);
    return;
  }
  const float limit = kClip * std::sqrt(squared);
  float sum = 0;
  for (int d = 0; d < kDescriptorSize; ++d) {
    values[d] = std::min(values[d], limit);
    sum += values[d];
  }
  for (int d = 0; d < kDescriptorSize; ++d) values[d] = std::sqrt(values[d] / sum);
}

}  // namespace

void describe_patch(const Plane& image, float step_px, const Keypoint& keypoint,
                    float* descriptor) {
  static const Tables tables = make_tables();
  const float spacing = kPatchSupport * keypoint.size_px / (step_px * kPatchSide);
  alignas(64) std::array<float, kPatchFloats> patch;
  HWY_DYNAMIC_DISPATCH(sample_patch)
  (image.values.data(), image.width, image.height, image.stride, keypoint.x_px / step_px,
   keypoint.y_px / step_px, spacing * std::cos(keypoint.angle_rad),
   spacing * std::sin(keypoint.angle_rad), patch.data());
  HWY_DYNAMIC_DISPATCH(pool_patch)
  (patch.data(), tables.weights.data(), tables.bin_cos.data(), tables.bin_sin.data(), descriptor);
  root_normalise(descriptor);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
