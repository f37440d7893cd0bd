// SPDX-License-Identifier: Apache-2.0
//
// Correlation of dense codes near known positions: what the whole search (dense_search.cpp) finds,
// where something else says where to look, in a hundredth of its time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/cpu/dense_field.hpp"
#include "kernels/ops.hpp"

namespace pressmark::kernels::cpu {

void reduce_dense(const DenseCode& code, DensePyramid& pyramid);

// A field in 32 rotations and 9 scales on twice its side, int8: 2.4 MB for 32 x 32 cells.
class DenseTemplates {
 public:
  explicit DenseTemplates(const DenseField& query);

  // A candidate of the same side, made ready once for all places. Borrows the bytes.
  struct Candidate {
    std::span<const std::int8_t> bytes;
    std::vector<std::int16_t> values;  // the same, widened
    std::int32_t sum = 0;
    float norm = 0;
  };
  static Candidate candidate_of(std::span<const std::int8_t> bytes);

  // The best shift, one cell to either side of where the start's point belongs, of the turn and
  // scale nearest to the start's, `turns` and `scales` steps on.
  DenseStart best_shift(const Candidate& candidate, const DenseStart& start, int turns,
                        int scales) const;

  // The best of those one step of turn and scale to either side.
  DenseStart best_neighbour(const Candidate& candidate, const DenseStart& start) const;

 private:
  int side_;
  std::vector<std::int8_t> values_;  // by scale, turn: two planes
  std::vector<float> norms_;
};

class DenseLocalSearch final : public DenseAlignment {
 public:
  explicit DenseLocalSearch(const DenseCode& query);

  void screen(std::span<const DensePyramid* const> candidates,
              std::span<const std::span<const DenseStart>> starts,
              std::span<std::vector<DenseStart>> screened) const override;
  void align(std::span<const DensePyramid* const> candidates,
             std::span<const std::span<const DenseStart>> starts,
             std::span<float> scores) const override;

 private:
  std::vector<DenseStart> screen_one(const DensePyramid& candidate,
                                     std::span<const DenseStart> starts) const;
  float align_one(const DensePyramid& candidate, std::span<const DenseStart> starts) const;

  explicit DenseLocalSearch(const DenseField& half);

  DenseTemplates half_, quarter_;
};

}  // namespace pressmark::kernels::cpu
