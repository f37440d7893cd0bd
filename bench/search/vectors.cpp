// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace pressmark::bench {
namespace {

// Eigenvalues 1, 2, 4, ... 256 of the covariance; between them by powers.
constexpr std::array<double, 9> kSpectrum = {.032462, .018166, .014327, .009460, .006994,
                                             .005304, .003714, .002185, .000512};
constexpr float kMean = 0.4769f;
// Photos of one mark share so much of the variance: nearest ones have a cosine of .55 (median).
constexpr double kShared = 0.4;
// Marks have about 3, 12, 48, 192 or 768 photos, with a like number of photos in each class.
constexpr std::array<std::uint64_t, 5> kPhotosOfMark = {3, 12, 48, 192, 768};

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

// Nearly normal, of variance 1: of 64 bits about half are set.
float normal(std::uint64_t random) {
  return static_cast<float>(std::popcount(random) - 32) / 4;
}

}  // namespace

PhotoVectors::PhotoVectors(std::size_t rows, std::size_t dimension, std::uint64_t seed)
    : rows_(rows), seed_(mixed(seed)) {
  for (std::size_t i = 0; i < dimension; ++i) {
    const double place = std::log2(static_cast<double>(std::min<std::size_t>(i, 255)) + 1);
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(place), kSpectrum.size() - 2);
    const double share = place - static_cast<double>(step);
    const double value =
        std::pow(kSpectrum[step], 1 - share) * std::pow(kSpectrum[step + 1], share);
    deviations_.push_back(static_cast<float>(std::sqrt(value)));
  }
}

std::uint64_t PhotoVectors::mark_of(std::uint64_t row) const {
  const std::uint64_t random = mixed(row ^ seed_);
  const std::uint64_t kind = random % kPhotosOfMark.size();
  const std::uint64_t marks =
      std::max<std::uint64_t>(1, rows_ / kPhotosOfMark.size() / kPhotosOfMark[kind]);
  return random / kPhotosOfMark.size() % marks * kPhotosOfMark.size() + kind;
}

void PhotoVectors::make(std::uint64_t photo, std::uint64_t mark, float* values) const {
  const auto shared = static_cast<float>(std::sqrt(kShared));
  const auto own = static_cast<float>(std::sqrt(1 - kShared));
  std::uint64_t of_photo = mixed(photo ^ mixed(seed_ + 1));
  std::uint64_t of_mark = mixed(mark ^ mixed(seed_ + 2));
  double squared = 0;
  for (std::size_t d = 0; d < deviations_.size(); ++d) {
    of_photo += 0x9e3779b97f4a7c15;
    of_mark += 0x9e3779b97f4a7c15;
    values[d] = deviations_[d] * (shared * normal(mixed(of_mark)) + own * normal(mixed(of_photo)));
    // The mean's direction has nothing to do with those of the spectrum.
    values[d] +=
        (mixed(d) & 1 ? kMean : -kMean) / std::sqrt(static_cast<float>(deviations_.size()));
    squared += double{values[d]} * double{values[d]};
  }
  const auto scale = static_cast<float>(1 / std::sqrt(squared));
  for (std::size_t d = 0; d < deviations_.size(); ++d) values[d] *= scale;
}

void PhotoVectors::fill(std::size_t first, std::size_t count, float* values) const {
  for (std::size_t i = 0; i < count; ++i) {
    make(first + i, mark_of(first + i), values + i * dimension());
  }
}

std::vector<float> PhotoVectors::queries(std::size_t count) const {
  std::vector<float> values(count * dimension());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t row = mixed(i + 7) % rows_;
    make(~std::uint64_t{i}, mark_of(row), values.data() + i * dimension());
  }
  return values;
}

}  // namespace pressmark::bench
