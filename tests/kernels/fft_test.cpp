// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/fft.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <numbers>

#include "conformance.hpp"

namespace pressmark::kernels::cpu {
namespace {

using Signal = std::vector<std::complex<double>>;

Signal naive_transform(const Signal& signal) {
  const std::size_t n = signal.size();
  Signal result(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const double angle =
          -2 * std::numbers::pi * static_cast<double>(k * i % n) / static_cast<double>(n);
      result[k] += signal[i] * std::polar(1.0, angle);
    }
  }
  return result;
}

class FftTest : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Lengths, FftTest,
                         testing::Values(1, 2, 3, 4, 5, 6, 8, 12, 15, 20, 32, 48, 60, 64, 90, 150));

TEST_P(FftTest, EachLaneIsTheTransformOfItsSignalAndTheInverseUndoesIt) {
  const int length = GetParam();
  const auto n = static_cast<std::size_t>(length);
  std::mt19937_64 random(3);
  constexpr std::size_t kStep = kFftElement + 4;
  const std::vector<float> input = uniform_values(random, n * kStep, -1, 1);
  std::vector<float> output(n * kFftElement), back(n * kStep), scratch(2 * n * kFftElement);
  const FftPlan plan(length);
  plan.forward(input.data(), kStep, output.data(), kFftElement, scratch.data());
  for (std::size_t lane = 0; lane < kFftLanes; ++lane) {
    Signal signal;
    for (std::size_t i = 0; i < n; ++i) {
      signal.emplace_back(input[i * kStep + lane], input[i * kStep + lane + kFftLanes]);
    }
    const Signal expected = naive_transform(signal);
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_NEAR(output[k * kFftElement + lane], expected[k].real(), 2e-6 * length + 1e-6);
      EXPECT_NEAR(output[k * kFftElement + lane + kFftLanes], expected[k].imag(),
                  2e-6 * length + 1e-6);
    }
  }
  plan.inverse(output.data(), kFftElement, output.data(), kFftElement, scratch.data());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t lane = 0; lane < kFftElement; ++lane) {
      EXPECT_NEAR(output[i * kFftElement + lane] / static_cast<float>(length),
                  input[i * kStep + lane], 1e-6);
    }
  }
}

TEST(FftLengthTest, IsTheNextLengthWithoutLargePrimeFactors) {
  EXPECT_EQ(fft_length(1, 1), 1);
  EXPECT_EQ(fft_length(7, 1), 8);
  EXPECT_EQ(fft_length(49, 2), 50);
  EXPECT_EQ(fft_length(561, 16), 576);
}

TEST(ImageFftTest, IsTheTransformAlongBothAxesAndTheInverseUndoesIt) {
  for (const auto& [width, height] : {std::pair{16, 2}, {16, 20}, {48, 30}}) {
    std::mt19937_64 random(4);
    Plane image;
    image.resize(width, height);
    const std::vector<float> noise = uniform_values(random, image.values.size(), -1, 1);
    image.values.assign(noise.begin(), noise.end());
    const ImageFft fft(width, height);
    Spectrum spectrum;
    fft.forward(image, spectrum);
    for (int ky : {0, 1, height / 2}) {
      for (int kx : {0, 1, width / 2, width - 1}) {
        std::complex<double> expected = 0;
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) {
            const double turns =
                static_cast<double>(kx * x) / width + static_cast<double>(ky * y) / height;
            expected += std::polar(1.0, -2 * std::numbers::pi * turns) *
                        static_cast<double>(image.row(y)[x]);
          }
        }
        const float* element = spectrum.element(ky / kFftLanes, kx) + ky % kFftLanes;
        EXPECT_NEAR(element[0], expected.real(), 1e-4);
        EXPECT_NEAR(element[kFftLanes], expected.imag(), 1e-4);
      }
    }
    Plane back;
    fft.inverse(spectrum, back);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        EXPECT_NEAR(back.row(y)[x] / static_cast<float>(width * height), image.row(y)[x], 2e-6);
      }
    }
  }
}

}  // namespace
}  // namespace pressmark::kernels::cpu
