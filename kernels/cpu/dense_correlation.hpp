// SPDX-License-Identifier: Apache-2.0
//
// Correlations of dense fields over all shifts, from the spectra of FieldSpectra, 32 positions and
// as many turned by pi at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/aligned.hpp"
#include "kernels/math/dense_search.hpp"

namespace pressmark::kernels::cpu {

// Positions that are compared at once: lanes of a query's spectra, kFrequencies x 2 (of real and of
// imaginary parts) x kPositions int16.
inline constexpr std::size_t kPositions = 32;

// Of each position, then of each turned by pi.
using LargestProducts = std::array<std::int16_t, 2 * kPositions>;

// Compares a query's spectra with those of candidates, kFrequencies x 2 words that hold one int16
// for each of two or four candidates, the first one lowest: lane i goes with candidate i modulo
// their number. Not thread-safe. All spectra are aligned to 64 bytes.
class DenseCorrelator {
 public:
  DenseCorrelator();

  // Largest product over all shifts up to kReach, 0 at least.
  LargestProducts largest(const std::int16_t* query, const std::uint32_t* two_candidates);
  LargestProducts largest(const std::int16_t* query, const std::uint64_t* four_candidates);

 private:
  AlignedVector<std::int16_t> plane_;
};

}  // namespace pressmark::kernels::cpu
