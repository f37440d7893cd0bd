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

constexpr float kTiny = 1e-12f;

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

constexpr float kSigmas[] = {1.5f, 3.0f};
constexpr double kFadeSigma = 0.35;  // sides of the frame
// What is wider belongs to the package and to the light (docs/decisions/0004-dense-code.md).
constexpr float kLargeScaleSigma = 6.0f;  // cells
constexpr float kTiny = 1e-12f;

// Mean energy of gradients as a function of the doubled angle u (of unit length):
// b = constant + along . u, by least squares. Relief under one light has this form.
class BackgroundEnergy {
 public:
  // Eight partial sums each, as sum_background leaves them.
  void add(const std::array<float, 64>& sums) {
    double* const totals[] = {&n_, &r_, &i_, &rr_, &ri_, &e_, &er_, &ei_};
    for (std::size_t i = 0; i < sums.size(); ++i) *totals[i / 8] += static_cast<double>(sums[i]);
  }

  void fit() {
    if (!(n_ > 0)) return;
    // Centred, two unknowns remain.
    const double mr = r_ / n_, mi = i_ / n_, me = e_ / n_;
    const double crr = rr_ / n_ - mr * mr, cri = ri_ / n_ - mr * mi;
    const double cii = (n_ - rr_) / n_ - mi * mi;
    const double ber = er_ / n_ - me * mr, bei = ei_ / n_ - me * mi;
    const double determinant = crr * cii - cri * cri;
    const double along_r = determinant > 1e-6 ? (ber * cii - bei * cri) / determinant : 0;
    const double along_i = determinant > 1e-6 ? (bei * crr - ber * cri) / determinant : 0;
    along_r_ = static_cast<float>(along_r);
    along_i_ = static_cast<float>(along_i);
    constant_ = static_cast<float>(me - along_r * mr - along_i * mi);
    least_ = static_cast<float>(0.1 * me) + kTiny;
  }

  // Of doubled angle u: max(least, constant + along_r ur + along_i ui).
  std::array<float, 4> coefficients() const { return {least_, constant_, along_r_, along_i_}; }

 private:
  double n_ = 0, r_ = 0, i_ = 0, rr_ = 0, ri_ = 0, e_ = 0, er_ = 0, ei_ = 0;
  float constant_ = 0, along_r_ = 0, along_i_ = 0, least_ = kTiny;
};

// Cell of each pixel along one axis, and how many pixels of the frame each cell has.
struct Axis {
  std::vector<int> cells;
  std::array<double, kDenseSide> pixels{};

  Axis(int size, int frame) {
    const int before = (frame - size) / 2;
    for (int i = 0; i < frame; ++i) {
      const int cell = static_cast<int>(static_cast<std::int64_t>(i) * kDenseSide / frame);
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
  BackgroundEnergy background;
  for (int y = 1; y + 1 < height; ++y) {
    std::array<float, 64> sums;
    HWY_DYNAMIC_DISPATCH(sum_background)(rows_at(y).data(), mask.row(y), width, sums.data());
    background.add(sums);
  }
  background.fit();
  const std::array<float, 4> coefficients = background.coefficients();
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

float fade_at(int x, int y) {
  const double dx = (x + 0.5) / kDenseSide - 0.5, dy = (y + 0.5) / kDenseSide - 0.5;
  return static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy) / (kFadeSigma * kFadeSigma)));
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
  if (image.width < 3 || image.height < 3) return;
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
  if (!(largest > 1e-6f)) return;
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    const std::complex<float> value = 127 / largest * field.values[i];
    code.values[i] = static_cast<std::int8_t>(std::lround(value.real()));
    code.values[i + field.values.size()] = static_cast<std::int8_t>(std::lround(value.imag()));
  }
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
