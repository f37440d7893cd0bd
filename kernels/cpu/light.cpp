// SPDX-License-Identifier: Apache-2.0
//
// Sums over a cell are taken column by column first: single precision over the rows of a cell,
// double precision over its columns, in the same order on all instruction sets.
#include "kernels/cpu/light.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/cpu/absolute_median.hpp"
#include "kernels/cpu/masked_rows.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/light.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/unmasked-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Squared gradients of a row, 0 where masked; adds them and the number of unmasked pixels to the
// sums of their columns.
void square_gradients(const float* above, const float* here, const float* below,
                      const std::uint8_t* mask, int count, float* squared, float* sums,
                      float* counts) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int x = 0; x < count; x += lanes) {
    const auto dx = hn::Sub(hn::LoadU(tag, here + x + 1), hn::LoadU(tag, here + x - 1));
    const auto dy = hn::Sub(hn::LoadU(tag, below + x), hn::LoadU(tag, above + x));
    const auto keep = unmasked(tag, mask + x);
    const auto value = hn::IfThenElseZero(keep, hn::Add(hn::Mul(dx, dx), hn::Mul(dy, dy)));
    const auto one = hn::IfThenElseZero(keep, hn::Set(tag, 1.0f));
    hn::StoreU(value, tag, squared + x);
    hn::StoreU(hn::Add(hn::LoadU(tag, sums + x), value), tag, sums + x);
    hn::StoreU(hn::Add(hn::LoadU(tag, counts + x), one), tag, counts + x);
  }
}

// Adds the structure tensors of a row, damped to `limit`, to the sums of their columns.
void add_tensors(const float* above, const float* here, const float* below, const float* squared,
                 float limit, int count, float* difference, float* cross, float* energy) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  const auto limits = hn::Set(tag, limit), one = hn::Set(tag, 1.0f), two = hn::Set(tag, 2.0f);
  const auto none = hn::Zero(tag);
  for (int x = 0; x < count; x += lanes) {
    const auto dx = hn::Sub(hn::LoadU(tag, here + x + 1), hn::LoadU(tag, here + x - 1));
    const auto dy = hn::Sub(hn::LoadU(tag, below + x), hn::LoadU(tag, above + x));
    const auto size = hn::LoadU(tag, squared + x);
    auto weight = hn::IfThenElse(hn::Gt(size, limits), hn::Div(limits, size), one);
    weight = hn::IfThenElseZero(hn::Gt(size, none), weight);  // masked, or nothing to add
    const auto add = [&](float* sums, auto value) HWY_ATTR {
      hn::StoreU(hn::Add(hn::LoadU(tag, sums + x), hn::Mul(weight, value)), tag, sums + x);
    };
    add(difference, hn::Sub(hn::Mul(dx, dx), hn::Mul(dy, dy)));
    add(cross, hn::Mul(two, hn::Mul(dx, dy)));
    add(energy, size);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {

namespace {

HWY_EXPORT(square_gradients);
HWY_EXPORT(add_tensors);

constexpr float kGradientSigma = 1.5f;
constexpr float kDamping = 3.0f;  // gradients above this many medians are damped
// Cells vote with equal energy, so that outlines and background do not outweigh the relief, trusted
// by (1 - coherence)^2, because edges and grain are coherent whatever the light, and by nearness to
// the centre of the photo, where the mark is (Gaussian of kCentreSigma long sides).
constexpr int kCellPx = 16;
constexpr double kCentreSigma = 0.2;
constexpr float kSureCoherence = 0.1f;

// Sums over a cell of the damped structure tensor: difference and cross term as in doubled angles.
struct CellTensor {
  double difference = 0, cross = 0, energy = 0, count = 0;
};

// One sum per column, readable to the next multiple of 8.
class ColumnSums {
 public:
  explicit ColumnSums(int width)
      : width_(static_cast<std::size_t>(width)), values_(width_ + 8, 0.0f) {}

  float* data() { return values_.data(); }
  double sum(std::size_t first, std::size_t last) const {
    double total = 0;
    for (std::size_t x = first; x < std::min(last, width_); ++x) {
      total += static_cast<double>(values_[x]);
    }
    return total;
  }
  double sum() const { return sum(0, width_); }
  void clear() { std::fill(values_.begin(), values_.end(), 0.0f); }

 private:
  std::size_t width_;
  std::vector<float> values_;
};

Light vote(const std::vector<CellTensor>& cells, int columns, int width, int height) {
  const int rows = static_cast<int>(cells.size()) / columns;
  double difference = 0, cross = 0, total = 0;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const CellTensor& cell = cells[static_cast<std::size_t>(row * columns + column)];
      if (!(cell.energy > 1e-6 * cell.count)) continue;
      const double along = std::sqrt(cell.difference * cell.difference + cell.cross * cell.cross);
      const double isotropy = std::max(0.0, 1 - along / cell.energy);
      const double side = kCentreSigma * std::max(width, height);
      const double x = ((column + 0.5) * kCellPx - 0.5 * width) / side;
      const double y = ((row + 0.5) * kCellPx - 0.5 * height) / side;
      const double trust = cell.count * isotropy * isotropy * std::exp(-0.5 * (x * x + y * y));
      difference += trust * cell.difference / cell.energy;
      cross += trust * cell.cross / cell.energy;
      total += trust;
    }
  }
  if (!(total > 0)) return {};
  double azimuth = 0.5 * std::atan2(cross, difference);
  if (azimuth < 0) azimuth += std::numbers::pi;
  Light light;
  light.azimuth_rad = static_cast<float>(azimuth);
  if (light.azimuth_rad >= std::numbers::pi_v<float>) light.azimuth_rad = 0;
  light.coherence = static_cast<float>(std::sqrt(difference * difference + cross * cross) / total);
  light.sure = light.coherence >= kSureCoherence;
  return light;
}

}  // namespace

Light light_of(const Plane& detail, const GreyImage& masked) {
  const int width = detail.width, height = detail.height;
  if (width < 3 || height < 3) return {};
  thread_local Plane smooth, squared;
  gaussian_blur(detail, kGradientSigma, smooth);
  squared.resize(width, height);
  const int columns = (width + kCellPx - 1) / kCellPx, rows = (height + kCellPx - 1) / kCellPx;
  std::vector<CellTensor> cells(static_cast<std::size_t>(columns * rows));
  MaskedRows mask(masked, width, 1);
  ColumnSums difference(width), cross(width), energy(width), counts(width);
  const auto cell_of = [&](int y, int column) -> CellTensor& {
    return cells[static_cast<std::size_t>(y / kCellPx * columns + column)];
  };
  const auto columns_of = [](int cell) { return static_cast<std::size_t>(cell * kCellPx); };

  double mean = 0, count = 0;
  for (int y = 1; y + 1 < height; ++y) {
    HWY_DYNAMIC_DISPATCH(square_gradients)
    (smooth.row(y - 1), smooth.row(y), smooth.row(y + 1), mask.row(y), width, squared.row(y),
     energy.data(), counts.data());
    if ((y + 1) % kCellPx != 0 && y + 2 < height) continue;
    mean += energy.sum();
    for (int column = 0; column < columns; ++column) {
      CellTensor& cell = cell_of(y, column);
      cell.count = counts.sum(columns_of(column), columns_of(column + 1));
      count += cell.count;
    }
    energy.clear();
    counts.clear();
  }
  if (!(mean > 0)) return {};
  AbsoluteMedian median(mean / count);
  for (int y = 1; y + 1 < height; y += 2) {  // enough for a median
    median.add(squared.row(y), mask.row(y), width);
  }
  const float limit = kDamping * kDamping * median.median();
  for (int y = 1; y + 1 < height; ++y) {
    HWY_DYNAMIC_DISPATCH(add_tensors)
    (smooth.row(y - 1), smooth.row(y), smooth.row(y + 1), squared.row(y), limit, width,
     difference.data(), cross.data(), energy.data());
    if ((y + 1) % kCellPx != 0 && y + 2 < height) continue;
    for (int column = 0; column < columns; ++column) {
      CellTensor& cell = cell_of(y, column);
      const std::size_t first = columns_of(column), last = columns_of(column + 1);
      cell.difference = difference.sum(first, last);
      cell.cross = cross.sum(first, last);
      cell.energy = energy.sum(first, last);
    }
    difference.clear();
    cross.clear();
    energy.clear();
  }
  return vote(cells, columns, width, height);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
