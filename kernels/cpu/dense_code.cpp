// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/cpu/illumination.hpp"
#include "kernels/cpu/masked_rows.hpp"
#include "kernels/math/dense_code.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/dense_code.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

#include "kernels/cpu/unmasked-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using dense_code::kTiny;

// Gradients of a row as doubled angles of unit length and energies; all 0 where masked or flat.
struct Gradients {
  hn::Vec<hn::CappedTag<float, 8>> ur, ui, energy, present;  // present: 1 or 0
};

HWY_INLINE Gradients gradients_at(const float* const* rows, const std::uint8_t* mask, int x) {
  const hn::CappedTag<float, 8> tag;
  const auto dx = hn::Sub(hn::LoadU(tag, rows[1] + x + 1), hn::LoadU(tag, rows[1] + x - 1));
  const auto dy = hn::Sub(hn::LoadU(tag, rows[2] + x), hn::LoadU(tag, rows[0] + x));
  const auto xx = hn::Mul(dx, dx), yy = hn::Mul(dy, dy), energy = hn::Add(xx, yy);
  const auto keep = hn::And(unmasked(tag, mask + x), hn::Gt(energy, hn::Set(tag, kTiny)));
  const auto one = hn::Set(tag, 1.0f), inverse = hn::Div(one, energy);
  return {hn::IfThenElseZero(keep, hn::Mul(hn::Sub(xx, yy), inverse)),
          hn::IfThenElseZero(keep, hn::Mul(hn::Mul(hn::Mul(hn::Set(tag, 2.0f), dx), dy), inverse)),
          hn::IfThenElseZero(keep, energy), hn::IfThenElseZero(keep, one)};
}

// sums[8 k + lane], k = 0 .. 7: of 1, ur, ui, ur^2, ur ui, energy, energy ur, energy ui.
void sum_background(const float* const* rows, const std::uint8_t* mask, int count, float* sums) {
  const hn::CappedTag<float, 8> tag;
  const int lanes = static_cast<int>(hn::Lanes(tag));
  for (int half = 0; half < 8; half += lanes) {
    auto n = hn::Zero(tag), r = n, i = n, rr = n, ri = n, e = n, er = n, ei = n;
    for (int x = half; x < count; x += 8) {
      const Gradients at = gradients_at(rows, mask, x);
      n = hn::Add(n, at.present);
      r = hn::Add(r, at.ur);
      i = hn::Add(i, at.ui);
      rr = hn::Add(rr, hn::Mul(at.ur, at.ur));
      ri = hn::Add(ri, hn::Mul(at.ur, at.ui));
      e = hn::Add(e, at.energy);
      er = hn::Add(er, hn::Mul(at.energy, at.ur));
      ei = hn::Add(ei, hn::Mul(at.energy, at.ui));
    }
    float* to = sums + half;
    for (const auto& sum : {n, r, i, rr, ri, e, er, ei}) {
      hn::StoreU(sum, tag, to);
      to += 8;
    }
  }
}

// Adds the weighted doubled angles of a row to the sums of their columns; background: least,
// constant, along_r, along_i.
void add_weighted(const float* const* rows, const std::uint8_t* mask, int count,
                  const float* background, float* real, float* imaginary) {
  const hn::CappedTag<float, 8> tag;
  const auto least = hn::Set(tag, background[0]), constant = hn::Set(tag, background[1]);
  const auto along_r = hn::Set(tag, background[2]), along_i = hn::Set(tag, background[3]);
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(tag))) {
    const Gradients at = gradients_at(rows, mask, x);
    const auto slope = hn::Add(hn::Add(constant, hn::Mul(along_r, at.ur)), hn::Mul(along_i, at.ui));
    const auto weight = hn::Div(at.energy, hn::Add(at.energy, hn::Max(least, slope)));
    hn::StoreU(hn::Add(hn::LoadU(tag, real + x), hn::Mul(weight, at.ur)), tag, real + x);
    hn::StoreU(hn::Add(hn::LoadU(tag, imaginary + x), hn::Mul(weight, at.ui)), tag, imaginary + x);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(sum_background);
HWY_EXPORT(add_weighted);

using namespace dense_code;

// Eight partial sums each, as sum_background leaves them.
void add_to(const std::array<float, 64>& partial, GradientSums& sums) {
  double* const totals[] = {&sums.n,  &sums.r, &sums.i,  &sums.rr,
                            &sums.ri, &sums.e, &sums.er, &sums.ei};
  for (std::size_t i = 0; i < partial.size(); ++i) {
    *totals[i / 8] += static_cast<double>(partial[i]);
  }
}

// Cell of each pixel along one axis, and how many pixels of the frame each cell has.
struct Axis {
  std::vector<int> cells;
  std::array<double, kDenseSide> pixels{};

  Axis(int size, int frame) {
    const int before = pixels_before(size, frame);
    for (int i = 0; i < frame; ++i) {
      const int cell = cell_of(i, frame);
      pixels[static_cast<std::size_t>(cell)] += 1;
      if (i >= before && i < before + size) cells.push_back(cell);
    }
  }
};

void add_scale(const Plane& smooth, const GreyImage& masked, const Axis& columns, const Axis& rows,
               DenseField& field) {
  const int width = smooth.width, height = smooth.height;
  MaskedRows mask(masked, width, 1);
  const auto rows_at = [&](int y) {
    return std::array{smooth.row(y - 1), smooth.row(y), smooth.row(y + 1)};
  };
  GradientSums total;
  for (int y = 1; y + 1 < height; ++y) {
    std::array<float, 64> sums;
    HWY_DYNAMIC_DISPATCH(sum_background)(rows_at(y).data(), mask.row(y), width, sums.data());
    add_to(sums, total);
  }
  const BackgroundEnergy background = fit_background(total);
  const std::array coefficients{background.least, background.constant, background.along_r,
                                background.along_i};
  // Sums over the rows of a cell first, column by column.
  std::vector<float> real(static_cast<std::size_t>(width) + 8), imaginary(real);
  for (int y = 1; y + 1 < height; ++y) {
    HWY_DYNAMIC_DISPATCH(add_weighted)
    (rows_at(y).data(), mask.row(y), width, coefficients.data(), real.data(), imaginary.data());
    const int row = rows.cells[static_cast<std::size_t>(y)];
    if (y + 2 < height && rows.cells[static_cast<std::size_t>(y) + 1] == row) continue;
    for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
      field.at(columns.cells[x], row) += std::complex<float>(real[x], imaginary[x]);
    }
    std::fill(real.begin(), real.end(), 0.0f);
    std::fill(imaginary.begin(), imaginary.end(), 0.0f);
  }
}

// Outside the photo the field stays zero.
void remove_mean(const Axis& columns, const Axis& rows, DenseField& field) {
  const int left = columns.cells.front(), right = columns.cells.back();
  const int top = rows.cells.front(), bottom = rows.cells.back();
  std::complex<double> mean = 0;
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) mean += std::complex<double>(field.at(x, y));
  }
  mean /= static_cast<double>((right - left + 1) * (bottom - top + 1));
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      field.at(x, y) = std::complex<float>(std::complex<double>(field.at(x, y)) - mean);
    }
  }
}

DenseField make_fade() {
  DenseField fade(kDenseSide);
  for (int y = 0; y < kDenseSide; ++y) {
    for (int x = 0; x < kDenseSide; ++x) fade.at(x, y) = fade_at(x, y);
  }
  return fade;
}

// Returns the largest part.
float remove_large_scale_and_fade(DenseField& field) {
  Plane real, imaginary, smooth_real, smooth_imaginary;
  real.resize(kDenseSide, kDenseSide);
  imaginary.resize(kDenseSide, kDenseSide);
  for (int y = 0; y < kDenseSide; ++y) {
    for (int x = 0; x < kDenseSide; ++x) {
      real.row(y)[x] = field.at(x, y).real();
      imaginary.row(y)[x] = field.at(x, y).imag();
    }
  }
  gaussian_blur(real, kLargeScaleSigma, smooth_real);
  gaussian_blur(imaginary, kLargeScaleSigma, smooth_imaginary);
  static const DenseField fade = make_fade();
  float largest = 0;
  for (int y = 0; y < kDenseSide; ++y) {
    for (int x = 0; x < kDenseSide; ++x) {
      std::complex<float>& value = field.at(x, y);
      value = fade.at(x, y).real() *
              (value - std::complex<float>(smooth_real.row(y)[x], smooth_imaginary.row(y)[x]));
      largest = std::max({largest, std::fabs(value.real()), std::fabs(value.imag())});
    }
  }
  return largest;
}

}  // namespace

void dense_code(const GreyImage& image, const GreyImage& masked, DenseCode& code) {
  code.values.fill(0);
  if (image.width < kLeastSizePx || image.height < kLeastSizePx) return;
  thread_local Plane detail, smooth;
  flatten_illumination(image, masked, detail);
  const int frame = std::max(image.width, image.height);
  const Axis columns(image.width, frame), rows(image.height, frame);
  DenseField field(kDenseSide);
  for (float sigma : kSigmas) {
    gaussian_blur(detail, sigma, smooth);
    add_scale(smooth, masked, columns, rows, field);
  }
  for (int y = 0; y < kDenseSide; ++y) {
    for (int x = 0; x < kDenseSide; ++x) {
      const double pixels =
          columns.pixels[static_cast<std::size_t>(x)] * rows.pixels[static_cast<std::size_t>(y)];
      if (pixels > 0) field.at(x, y) *= static_cast<float>(1 / pixels);
    }
  }
  remove_mean(columns, rows, field);
  const float largest = remove_large_scale_and_fade(field);
  if (!(largest > kEmpty)) return;
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const std::complex<float> value = 127 / largest * field.values[i];
    code.values[i] = static_cast<std::int8_t>(std::lround(value.real()));
    code.values[i + field.values.size()] = static_cast<std::int8_t>(std::lround(value.imag()));
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
