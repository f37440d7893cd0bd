// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dense_correlation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "tests/kernels/conformance.hpp"
#include "tests/kernels/cpu/every_target.hpp"

namespace pressmark::kernels::cpu {
namespace {

using namespace dense_search;

// Spectra of both parts at each frequency.
using Spectrum = std::vector<double>;
constexpr std::size_t kValues = 2 * static_cast<std::size_t>(kFrequencies);

std::size_t index_of(int ky, int kx, int part) {
  const int y = (ky + kPeriod) % kPeriod, x = (kx + kPeriod) % kPeriod;
  return static_cast<std::size_t>((y * kPeriod + x) * 2 + part);
}

Spectrum rounded_to_norm(Spectrum spectrum) {
  double squared = 0;
  for (const double value : spectrum) squared += value * value;
  for (double& value : spectrum) value = std::round(kSpectrumNorm / std::sqrt(squared) * value);
  return spectrum;
}

Spectrum random_spectrum(std::mt19937_64& random) {
  Spectrum spectrum(kValues);
  for (double& value : spectrum) value = uniform(random, -1, 1);
  return rounded_to_norm(spectrum);
}

// Of the same field with its middle at kMiddle.
Spectrum in_place(Spectrum spectrum) {
  for (int k = 0; k < kFrequencies; ++k) {
    if ((k / kPeriod + k % kPeriod) % 2 == 0) continue;
    for (std::size_t part = 0; part < 2; ++part) {
      double& value = spectrum[2 * static_cast<std::size_t>(k) + part];
      value = -value;
    }
  }
  return spectrum;
}

// Everything at one frequency and its mirror image: what a transform's sums grow most with.
Spectrum lone_frequency(std::mt19937_64& random, int ky, int kx) {
  Spectrum spectrum(kValues);
  for (const int part : {0, 1}) {
    spectrum[index_of(ky, kx, part)] = uniform(random, -1, 1);
    spectrum[index_of(-ky, -kx, part)] = uniform(random, -1, 1);
  }
  return rounded_to_norm(spectrum);
}

// The largest product over all shifts within reach, and that of the query turned by pi.
std::array<double, 2> expected_products(const Spectrum& query, const Spectrum& candidate) {
  std::array<std::complex<double>, kPeriod> roots;
  for (std::size_t i = 0; i < kPeriod; ++i) {
    roots[i] = std::polar(1.0, 2 * std::numbers::pi * static_cast<double>(i) / kPeriod);
  }
  const auto root = [&](int i) { return roots[static_cast<std::size_t>(i % kPeriod)]; };
  constexpr int kFirst = kMiddle - kReach, kLast = kMiddle + kReach;
  std::array<double, 2> largest{};
  std::vector<std::complex<double>> rows(kFrequencies);
  for (int ky = 0; ky < kPeriod; ++ky) {
    for (int kx = 0; kx < kPeriod; ++kx) {
      std::complex<double> product = 0;
      for (const int part : {0, 1}) {
        product +=
            query[index_of(ky, kx, part)] *
            std::complex(candidate[index_of(ky, kx, part)], candidate[index_of(-ky, -kx, part)]);
      }
      for (int x = kFirst; x <= kLast; ++x) {
        rows[static_cast<std::size_t>(ky * kPeriod + x)] += product / 32768.0 * root(kx * x);
      }
    }
  }
  for (int y = kFirst; y <= kLast; ++y) {
    for (int x = kFirst; x <= kLast; ++x) {
      std::complex<double> sum = 0;
      for (int ky = 0; ky < kPeriod; ++ky) {
        sum += rows[static_cast<std::size_t>(ky * kPeriod + x)] * root(ky * y);
      }
      largest = {std::max(largest[0], sum.real()), std::max(largest[1], sum.imag())};
    }
  }
  return largest;
}

// Lane i holds queries[i % queries.size()].
AlignedVector<std::int16_t> lanes_of(const std::vector<Spectrum>& queries) {
  AlignedVector<std::int16_t> lanes;
  for (std::size_t i = 0; i < kValues; ++i) {
    for (std::size_t lane = 0; lane < kPositions; ++lane) {
      lanes.push_back(static_cast<std::int16_t>(queries[lane % queries.size()][i]));
    }
  }
  return lanes;
}

template <class Word>
AlignedVector<Word> words_of(const std::vector<Spectrum>& candidates) {
  AlignedVector<Word> words(kValues);
  for (std::size_t i = 0; i < kValues; ++i) {
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      const auto value = static_cast<std::uint16_t>(static_cast<std::int16_t>(candidates[c][i]));
      words[i] |= static_cast<Word>(Word{value} << (16 * c));
    }
  }
  return words;
}

TEST(DenseCorrelationTest, LanesGetTheLargestProductWithTheirCandidate) {
  std::mt19937_64 random(1);
  std::vector<Spectrum> queries, candidates;
  for (int i = 0; i < 8; ++i) queries.push_back(random_spectrum(random));
  for (int i = 0; i < 4; ++i) candidates.push_back(random_spectrum(random));
  candidates[1] = in_place(queries[5]);
  const AlignedVector<std::int16_t> query = lanes_of(queries);
  const auto four = words_of<std::uint64_t>(candidates);
  const auto two = words_of<std::uint32_t>({candidates[0], candidates[1]});
  const LargestProducts of_four = DenseCorrelator().largest(query.data(), four.data());
  const LargestProducts of_two = DenseCorrelator().largest(query.data(), two.data());
  // Roundings add up to 20 (standard deviation); to more where a field meets itself and small
  // products, all of one sign, are rounded to nothing.
  constexpr double kTolerance = 150;
  for (std::size_t lane = 0; lane < 8; ++lane) {
    const std::array<double, 2> with_four = expected_products(queries[lane], candidates[lane % 4]);
    const std::array<double, 2> with_two = expected_products(queries[lane], candidates[lane % 2]);
    for (std::size_t by_pi = 0; by_pi < 2; ++by_pi) {
      EXPECT_NEAR(of_four[by_pi * kPositions + lane], with_four[by_pi], kTolerance);
      EXPECT_NEAR(of_two[by_pi * kPositions + lane], with_two[by_pi], kTolerance);
      EXPECT_EQ(of_four[by_pi * kPositions + lane], of_four[by_pi * kPositions + lane + 8]);
    }
  }
  EXPECT_NEAR(of_two[5], kFullProduct, kTolerance);

  test::on_every_target([&] {
    EXPECT_EQ(DenseCorrelator().largest(query.data(), four.data()), of_four);
    EXPECT_EQ(DenseCorrelator().largest(query.data(), two.data()), of_two);
  });
}

TEST(DenseCorrelationTest, NothingOverflowsWhereOneFrequencyHoldsEverything) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 40; ++i) {
    const int ky = i == 0 ? 0 : static_cast<int>(uniform(random, 0, kPeriod));
    const int kx = i == 0 ? 0 : static_cast<int>(uniform(random, 0, kPeriod));
    const Spectrum query = lone_frequency(random, ky, kx);
    // Products of equal signs are the largest.
    const Spectrum candidate = i % 2 == 0 ? query : lone_frequency(random, ky, kx);
    const LargestProducts largest = DenseCorrelator().largest(
        lanes_of({query}).data(), words_of<std::uint32_t>({candidate, candidate}).data());
    const std::array<double, 2> expected = expected_products(query, candidate);
    EXPECT_NEAR(largest[0], expected[0], 10) << ky << ", " << kx;
    EXPECT_NEAR(largest[kPositions], expected[1], 10) << ky << ", " << kx;
  }
}

}  // namespace
}  // namespace pressmark::kernels::cpu
