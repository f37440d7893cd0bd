// SPDX-License-Identifier: Apache-2.0
//
// A dense code in all turns and scales in which it is compared near known positions.
#pragma once

#include "kernels/cuda/runtime/lane.hpp"
#include "kernels/math/dense_alignment.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cuda {

// Of a field of side x side cells: by template two planes, real and imaginary parts, of 2 side x 2
// side int8, four a word.
struct TemplatesView {
  const int* words;
  const float* norms;
};

constexpr int words_of_template(int side) {
  return 2 * side * side;
}

struct DenseTemplates {
  DeviceBuffer<int> words;
  DeviceBuffer<float> norms;

  TemplatesView view() const { return {words.data(), norms.data()}; }
};

// 3 MB. Copies may be read by any stream once the one that made them has done so.
struct AlignmentQuery {
  DeviceBuffer<dense_alignment::Pose> poses;
  DenseTemplates half, quarter;
};

// Does not wait for the stream.
AlignmentQuery make_alignment_query(Lane& lane, const DenseCode* d_code);

}  // namespace pressmark::kernels::cuda
