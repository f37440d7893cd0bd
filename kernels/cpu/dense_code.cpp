// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/cpu/dense.hpp"
#include "kernels/cpu/dense_field.hpp"
#include "kernels/cpu/illumination.hpp"

namespace pressmark::kernels::cpu {
namespace {

constexpr float kSigmas[] = {1.5f, 3.0f};
constexpr double kFadeSigma = 0.35;  // sides of the frame
// What is wider belongs to the package and to the light (docs/decisions/0004-dense-code.md).
constexpr float kLargeScaleSigma = 6.0f;  // cells
constexpr float kTiny = 1e-12f;

// Mean energy of gradients as a function of the doubled angle u (of unit length):
// b = constant + along . u, by least squares. Relief under one light has this form.
class BackgroundEnergy {
 public:
  void add(float ur, float ui, float energy) {
    n_ += 1, r_ += ur, i_ += ui, rr_ += ur * ur, ri_ += ur * ui;
    e_ += energy, er_ += energy * ur, ei_ += energy * ui;
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

  float at(float ur, float ui) const {
    return std::max(least_, constant_ + along_r_ * ur + along_i_ * ui);
  }

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
  const auto visit = [&](const auto& take) {
    for (int y = 1; y + 1 < smooth.height; ++y) {
      const float *above = smooth.row(y - 1), *here = smooth.row(y), *below = smooth.row(y + 1);
      const std::uint8_t* mask =
          masked.pixels.empty()
              ? nullptr
              : masked.pixels.data() + static_cast<std::ptrdiff_t>(y) * smooth.width;
      for (int x = 1; x + 1 < smooth.width; ++x) {
        if (mask != nullptr && mask[x] != 0) continue;
        const float dx = here[x + 1] - here[x - 1], dy = below[x] - above[x];
        const float energy = dx * dx + dy * dy;
        if (!(energy > kTiny)) continue;
        const float inverse = 1 / energy;
        take(x, y, (dx * dx - dy * dy) * inverse, 2 * dx * dy * inverse, energy);
      }
    }
  };
  BackgroundEnergy background;
  visit([&](int, int, float ur, float ui, float energy) { background.add(ur, ui, energy); });
  background.fit();
  visit([&](int x, int y, float ur, float ui, float energy) {
    const float weight = energy / (energy + background.at(ur, ui));
    field.at(columns.cells[static_cast<std::size_t>(x)], rows.cells[static_cast<std::size_t>(y)]) +=
        std::complex<float>(weight * ur, weight * ui);
  });
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
  float largest = 0;
  for (int y = 0; y < kDenseSide; ++y) {
    for (int x = 0; x < kDenseSide; ++x) {
      const double dx = (x + 0.5) / kDenseSide - 0.5, dy = (y + 0.5) / kDenseSide - 0.5;
      const auto fade =
          static_cast<float>(std::exp(-0.5 * (dx * dx + dy * dy) / (kFadeSigma * kFadeSigma)));
      std::complex<float>& value = field.at(x, y);
      value =
          fade * (value - std::complex<float>(smooth_real.row(y)[x], smooth_imaginary.row(y)[x]));
      largest = std::max({largest, std::fabs(value.real()), std::fabs(value.imag())});
    }
  }
  return largest;
}

}  // namespace

void dense_code(const GreyImage& image, const GreyImage& masked, DenseCode& code) {
  code.values.fill(0);
  if (image.width < 3 || image.height < 3) return;
  Plane detail, smooth;
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
