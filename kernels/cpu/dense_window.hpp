// SPDX-License-Identifier: Apache-2.0
//
// Correlation of two dense fields in one position, over all shifts, in floats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/math/dense_search.hpp"

namespace pressmark::kernels::cpu {

// At shifts of -kReach - 1 .. kReach + 1, no shift in the middle; [y][x].
inline constexpr std::size_t kWindow = 2 * dense_search::kReach + 3;
using CorrelationWindow = std::array<std::array<float, kWindow>, kWindow>;

// Spectra of FieldSpectra, kFrequencies x 2 (of real and of imaginary parts): one of every `step`
// int16.
struct SpectrumLane {
  const std::int16_t* values;
  std::size_t step;
};

// by_pi: of the query turned by pi.
CorrelationWindow correlation_window(const SpectrumLane& query, const SpectrumLane& candidate,
                                     bool by_pi);

}  // namespace pressmark::kernels::cpu
