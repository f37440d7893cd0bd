// SPDX-License-Identifier: Apache-2.0
//
// Spectra of dense codes, in device memory.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/dense_search.hpp"
#include "kernels/math/field_turn.hpp"
#include "pressmark/types.hpp"

namespace pressmark::kernels::cuda {

// Turns of a query whose spectra lie side by side: four pairs, each a word of the spectrum of real
// parts and one of imaginary parts, the first turn in its lower half.
inline constexpr int kTurnTile = 8, kTurnPairs = kTurnTile / 2;

// Queries and candidates lie elsewhere in the period (dense_search.hpp).
enum class FieldRole { kQuery, kCandidate };

// Hartley spectra of `fields` fields of each code, int16. A candidate's frequency k = ky kPeriod +
// kx is {H of real parts, H of imaginary parts}; of a query's fields kTurnTile lie side by side.
struct DenseSpectra {
  int fields = 0;
  DeviceBuffer<std::int16_t> values;  // codes x fields x kFrequencies x 2
};

// Where the part (0: real, 1: imaginary) of a field's spectrum is at frequency k.
constexpr std::int64_t index_in_query(std::int64_t field, int k, int part) {
  const std::int64_t element = field / kTurnTile * dense_search::kFrequencies + k;
  const auto turn = static_cast<int>(field % kTurnTile);
  return element * (2 * kTurnTile) + turn / 2 * 4 + part * 2 + turn % 2;
}
constexpr std::int64_t index_in_candidate(std::int64_t field, int k, int part) {
  return (field * dense_search::kFrequencies + k) * 2 + part;
}

// Turns and shrinks each code at half resolution. A query has a multiple of kTurnTile turns.
DenseSpectra transform_fields(Lane& lane, const DenseCode* codes, std::size_t count,
                              std::span<const FieldTurn> turns, FieldRole role);

// All turns of `turn_count` (from 0 on), shrunk by the first `shrinks` steps: shrink after shrink.
std::vector<FieldTurn> field_turns(int shrinks, int turn_count);

}  // namespace pressmark::kernels::cuda
