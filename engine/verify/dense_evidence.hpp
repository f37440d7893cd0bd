// SPDX-License-Identifier: Apache-2.0
//
// Dense codes in verification: the cells that agree once a pair is registered.
#pragma once

#include "engine/verify/geometry.hpp"
#include "kernels/ops.hpp"
#include "pressmark/types.hpp"

namespace pressmark::verify {

// Between maps of canonical pixels and positions of the dense codes' frames. A map with
// perspective is taken as the affinity that touches it in the middle of the query. False where
// that is degenerate or beyond what dense codes compare (scales from 1/4 to 4).
bool dense_position(const Matrix3& hit_from_query, const Description& query, const Description& hit,
                    kernels::DensePosition& position);
Matrix3 hit_from_query_of(const kernels::DensePosition& position, const Description& query,
                          const Description& hit);

// Refines the position; fills cells and agreeing_cells of the evidence. Returns the refined
// position.
kernels::DensePosition compare_cells(const kernels::Backend& backend, const Description& query,
                                     const Description& hit, const kernels::DensePosition& position,
                                     DenseEvidence& evidence);

}  // namespace pressmark::verify
