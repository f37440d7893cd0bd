// SPDX-License-Identifier: Apache-2.0
//
// Congruent cells of dense codes in device memory.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/congruent_cells.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct ShiftedCell {
  float score;
  int shift;  // index of the best one; negative: the cell is not usable
};

// kCells results, by cell, for each of positions.size() candidates. Does not wait for the stream.
DeviceBuffer<ShiftedCell> congruent_cells(Lane& lane, const DenseCode* d_query,
                                          const DenseCode* d_candidates,
                                          const DeviceBuffer<DensePosition>& positions);

}  // namespace pressmark::kernels::cuda
