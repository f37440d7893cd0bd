// SPDX-License-Identifier: Apache-2.0
//
// Affine ascent on dense codes in device memory.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/dense_refine.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

struct RefinedMatch {
  dense_refine::Parameters parameters;
  float score;
  int is_compared;  // 0: a code is empty, nothing was done
};

// One result for each of starts.size() candidates. Does not wait for the stream.
DeviceBuffer<RefinedMatch> refine_dense(Lane& lane, const DenseCode* d_query,
                                        const DenseCode* d_candidates,
                                        const DeviceBuffer<dense_refine::Parameters>& starts);

}  // namespace pressmark::kernels::cuda
