// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/relight.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>
#include <vector>

#include "kernels/cpu/fft.hpp"
#include "kernels/cpu/illumination.hpp"
#include "kernels/cpu/scale_space.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/relight.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, as Highway asks.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pressmark::kernels::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One element per kx of a block of eight rows: times -i gain c / (c^2 + eps), c = (x dx + y dy) /
// |w|.
void divide_out_light(float* elements, int width, const float* frequency_x,
                      const float* frequency_y, float dx, float dy, float eps, float gain) {
  const hn::CappedTag<float, 8> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto eps_lanes = hn::Set(tag, eps), gain_lanes = hn::Set(tag, gain);
  const auto tiny = hn::Set(tag, 1e-12f);
  for (int kx = 0; kx < width; ++kx, elements += 16) {
    const auto x = hn::Set(tag, frequency_x[kx]);
    for (std::size_t half = 0; half < 8; half += lanes) {
      const auto y = hn::LoadU(tag, frequency_y + half);
      const auto along = hn::Add(hn::Mul(x, hn::Set(tag, dx)), hn::Mul(y, hn::Set(tag, dy)));
      const auto squared = hn::Add(hn::Add(hn::Mul(x, x), hn::Mul(y, y)), tiny);
      // c / (c^2 + eps) = along |w| / (along^2 + eps |w|^2)
      const auto factor = hn::Div(hn::Mul(gain_lanes, hn::Mul(along, hn::Sqrt(squared))),
                                  hn::Add(hn::Mul(along, along), hn::Mul(eps_lanes, squared)));
      const auto re = hn::LoadU(tag, elements + half), im = hn::LoadU(tag, elements + 8 + half);
      hn::StoreU(hn::Mul(im, factor), tag, elements + half);
      hn::StoreU(hn::Neg(hn::Mul(re, factor)), tag, elements + 8 + half);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pressmark::kernels::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pressmark::kernels::cpu {
namespace {

HWY_EXPORT(divide_out_light);

constexpr float kGradientSigma = 1.5f;
constexpr float kDamping = 3.0f;  // gradients above this many medians are damped
// Cells vote with equal energy, so that outlines and background do not outweigh the relief, trusted
// by (1 - coherence)^2, because edges and grain are coherent whatever the light, and by nearness to
// the centre of the photo, where the mark is (Gaussian of kCentreSigma long sides).
constexpr int kCellPx = 16;
constexpr double kCentreSigma = 0.2;
constexpr float kSureCoherence = 0.1f;
constexpr float kRegularisation = 0.1f;
constexpr int kBorderPx = 24;
constexpr float kGreyPerSpread = 20.0f;

// Median of |values| by a histogram up to 16 means; exact to 1/64 of the mean.
class AbsoluteMedian {
 public:
  explicit AbsoluteMedian(double mean) : scale_(mean > 0 ? static_cast<float>(64 / mean) : 0.0f) {}

  void add(float value) {
    const float bin = std::fabs(value) * scale_;
    ++counts_[static_cast<std::size_t>(std::min(bin, static_cast<float>(kBins - 1)))];
    ++total_;
  }

  float median() const {
    std::uint64_t below = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      below += counts_[bin];
      if (2 * below >= total_) return (static_cast<float>(bin) + 0.5f) / std::max(scale_, 1e-20f);
    }
    return 0;
  }

 private:
  static constexpr std::size_t kBins = 1024;
  float scale_;
  std::array<std::uint32_t, kBins> counts_{};
  std::uint64_t total_ = 0;
};

// Sums over a cell of the damped structure tensor: difference and cross term as in doubled angles.
struct CellTensor {
  double difference = 0, cross = 0, energy = 0, count = 0;
};

Light estimate_from(const Plane& detail, const GreyImage& masked) {
  const int width = detail.width, height = detail.height;
  if (width < 3 || height < 3) return {};
  Plane smooth, squared;
  gaussian_blur(detail, kGradientSigma, smooth);
  squared.resize(width, height);
  const auto mask_row = [&](int y) {
    return masked.pixels.empty() ? nullptr
                                 : masked.pixels.data() + static_cast<std::ptrdiff_t>(y) * width;
  };
  double mean = 0, count = 0;
  for (int y = 1; y + 1 < height; ++y) {
    const float *above = smooth.row(y - 1), *here = smooth.row(y), *below = smooth.row(y + 1);
    const std::uint8_t* mask = mask_row(y);
    float* to = squared.row(y);
    for (int x = 1; x + 1 < width; ++x) {
      const float dx = here[x + 1] - here[x - 1], dy = below[x] - above[x];
      to[x] = dx * dx + dy * dy;
      if (mask != nullptr && mask[x] != 0) to[x] = -1;
      if (to[x] >= 0) mean += to[x], count += 1;
    }
  }
  if (!(mean > 0)) return {};
  AbsoluteMedian histogram(mean / count);
  for (int y = 1; y + 1 < height; y += 2) {  // enough for a median
    const float* from = squared.row(y);
    for (int x = 1; x + 1 < width; ++x) {
      if (from[x] >= 0) histogram.add(from[x]);
    }
  }
  const float limit = kDamping * kDamping * histogram.median();

  const int columns = (width + kCellPx - 1) / kCellPx, rows = (height + kCellPx - 1) / kCellPx;
  std::vector<CellTensor> cells(static_cast<std::size_t>(columns * rows));
  for (int y = 1; y + 1 < height; ++y) {
    const float *above = smooth.row(y - 1), *here = smooth.row(y), *below = smooth.row(y + 1);
    const float* energy = squared.row(y);
    for (int x = 1; x + 1 < width; ++x) {
      if (energy[x] < 0) continue;
      const float dx = here[x + 1] - here[x - 1], dy = below[x] - above[x];
      const float weight = energy[x] > limit ? limit / energy[x] : 1.0f;
      CellTensor& cell = cells[static_cast<std::size_t>(y / kCellPx * columns + x / kCellPx)];
      cell.difference += weight * (dx * dx - dy * dy);
      cell.cross += weight * (2 * dx * dy);
      cell.energy += weight * energy[x];
      cell.count += 1;
    }
  }
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

// Index inside 0 .. size - 1 of the image mirrored at its borders.
int mirrored(int i, int size) {
  if (size == 1) return 0;
  const int period = 2 * size - 2;
  const int wrapped = ((i % period) + period) % period;
  return wrapped < size ? wrapped : period - wrapped;
}

// Beyond the right and lower border the image continues mirrored and fades out; what comes before
// the left and upper border does the same from the end of the period.
struct Continuation {
  std::vector<int> from;
  std::vector<float> weight;

  Continuation(int size, int period) {
    const int beyond = period - size;
    for (int i = 0; i < period; ++i) {
      const bool after = i < size + beyond / 2;
      const int outside = i < size ? 0 : after ? i - size + 1 : period - i;
      from.push_back(i < size ? i : mirrored(after ? i : i - period, size));
      const double t = std::min(1.0, 2.0 * outside / (beyond + 1));
      weight.push_back(static_cast<float>(0.5 + 0.5 * std::cos(std::numbers::pi * t)));
    }
  }
};

void continue_periodically(const Plane& detail, const Continuation& columns,
                           const Continuation& rows, Plane& padded) {
  padded.resize(static_cast<int>(columns.from.size()), static_cast<int>(rows.from.size()));
  for (int y = 0; y < padded.height; ++y) {
    const auto row = static_cast<std::size_t>(y);
    const float* from = detail.row(rows.from[row]);
    float* to = padded.row(y);
    for (int x = 0; x < padded.width; ++x) {
      const auto column = static_cast<std::size_t>(x);
      to[x] = from[columns.from[column]] * (rows.weight[row] * columns.weight[column]);
    }
  }
}

std::vector<float> frequencies(int length, int padded_to) {
  std::vector<float> values(static_cast<std::size_t>(padded_to), 0.0f);
  for (int k = 0; k < length; ++k) {
    values[static_cast<std::size_t>(k)] =
        static_cast<float>(2 * k < length ? k : k - length) / static_cast<float>(length);
  }
  // The highest frequency has no sign: a derivative cannot be seen there.
  if (length % 2 == 0) values[static_cast<std::size_t>(length / 2)] = 0;
  return values;
}

void relight_detail(const Plane& detail, const GreyImage& masked, float azimuth_rad,
                    GreyImage& relit) {
  const int width = detail.width, height = detail.height;
  relit.width = width;
  relit.height = height;
  relit.pixels.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 128);
  if (relit.pixels.empty()) return;
  const int padded_width = fft_length(width + 2 * kBorderPx, Plane::kRowPad);
  const int padded_height = fft_length(height + 2 * kBorderPx, 2);
  Plane padded;
  continue_periodically(detail, Continuation(width, padded_width),
                        Continuation(height, padded_height), padded);
  const ImageFft fft(padded_width, padded_height);
  Spectrum spectrum;
  fft.forward(padded, spectrum);
  const std::vector<float> x = frequencies(padded_width, padded_width);
  const std::vector<float> y = frequencies(padded_height, padded_height + kFftLanes);
  const float gain = 1.0f / (static_cast<float>(padded_width) * static_cast<float>(padded_height));
  for (int block = 0; block < spectrum.blocks; ++block) {
    HWY_DYNAMIC_DISPATCH(divide_out_light)
    (spectrum.element(block, 0), padded_width, x.data(), y.data() + block * kFftLanes,
     std::cos(azimuth_rad), std::sin(azimuth_rad), kRegularisation, gain);
  }
  fft.inverse(spectrum, padded);

  const std::vector<std::uint8_t> none(masked.pixels.empty() ? static_cast<std::size_t>(width) : 0);
  const auto mask_row = [&](int py) {
    return masked.pixels.empty() ? none.data()
                                 : masked.pixels.data() + static_cast<std::ptrdiff_t>(py) * width;
  };
  // Every other row is enough for the spread.
  double mean = 0, count = 0;
  for (int py = 0; py < height; py += 2) {
    const float* row = padded.row(py);
    const std::uint8_t* mask = mask_row(py);
    float sum = 0;
    int unmasked = 0;
    for (int px = 0; px < width; ++px) {
      if (mask[px] != 0) continue;
      sum += std::fabs(row[px]);
      ++unmasked;
    }
    mean += sum;
    count += unmasked;
  }
  mean = count > 0 ? mean / count : 0;
  if (!(mean > 1e-6)) return;
  AbsoluteMedian histogram(mean);
  for (int py = 0; py < height; py += 2) {
    const float* row = padded.row(py);
    const std::uint8_t* mask = mask_row(py);
    for (int px = 0; px < width; ++px) {
      if (mask[px] == 0) histogram.add(row[px]);
    }
  }
  const float scale = kGreyPerSpread / (1.48f * histogram.median());
  std::uint8_t* to = relit.pixels.data();
  for (int py = 0; py < height; ++py) {
    const float* row = padded.row(py);
    const std::uint8_t* mask = mask_row(py);
    for (int px = 0; px < width; ++px, ++to) {
      if (mask[px] != 0) continue;
      const float value = 128.5f + scale * row[px];
      *to = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 255.0f));
    }
  }
}

}  // namespace

Light estimate_light(const GreyImage& image, const GreyImage& masked) {
  Plane detail;
  flatten_illumination(image, masked, detail);
  return estimate_from(detail, masked);
}

Light relight(const GreyImage& image, const GreyImage& masked, GreyImage& relit) {
  Plane detail;
  flatten_illumination(image, masked, detail);
  const Light light = estimate_from(detail, masked);
  relight_detail(detail, masked, light.azimuth_rad, relit);
  return light;
}

void relight_from(const GreyImage& image, const GreyImage& masked, float azimuth_rad,
                  GreyImage& relit) {
  Plane detail;
  flatten_illumination(image, masked, detail);
  relight_detail(detail, masked, azimuth_rad, relit);
}

}  // namespace pressmark::kernels::cpu
#endif  // HWY_ONCE
