// SPDX-License-Identifier: Apache-2.0
//
// The largest correlations of dense codes, from their spectra.
#pragma once

#include "kernels/cuda/dense_spectra.hpp"

namespace pressmark::kernels::cuda {

// For each of `queries` queries and each of `count` candidates (queries x candidates), scale and
// turn, in the order of product_index: the largest product of spectra, summed, over all shifts
// within reach, 0 at least. query: turns (a multiple of kTurnTile) for each shrink that the scales
// need, query after query. scales: all, or 1.
DeviceBuffer<int> largest_products(Lane& lane, const DenseSpectra& query, std::size_t queries,
                                   const DenseSpectra& candidates, std::size_t count, int turns,
                                   int scales);

}  // namespace pressmark::kernels::cuda
