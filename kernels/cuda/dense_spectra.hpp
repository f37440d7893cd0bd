// SPDX-License-Identifier: Apache-2.0
//
// Spectra of dense codes, in device memory.
#pragma once

#include <span>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/dense_search.hpp"
#include "kernels/math/field_turn.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

inline constexpr int kSpectrumElements = dense_search::kPeriod * dense_search::kHalf;

// Of `fields` fields of each code. An element holds the spectra of the field's real and imaginary
// parts, {Xr, Xi, Yr, Yi}, at one frequency (ky kHalf + kx); `side_by_side` fields lie side by
// side: field f of code c at frequency k is at ((c fields + f) / side_by_side kSpectrumElements +
// k) side_by_side + f % side_by_side.
struct DenseSpectra {
  int fields = 0;
  DeviceBuffer<float4> values;
  DeviceBuffer<float> norms;  // codes x fields
};

// Turns and shrinks each code at half resolution. side_by_side divides the number of turns.
DenseSpectra transform_fields(Lane& lane, const DenseCode* codes, std::size_t count,
                              std::span<const FieldTurn> turns, int side_by_side);

// All turns of `turn_count` (from 0 on), shrunk by the first `shrinks` steps: shrink after shrink.
std::vector<FieldTurn> field_turns(int shrinks, int turn_count);

}  // namespace pressmark::kernels::cuda
